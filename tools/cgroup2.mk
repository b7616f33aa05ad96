# A cgroup v2 host for tests where there is none: virtual machines, made once and booted each time.
# CGROUP2_ARGS='--limit 900' or '--machine' (even if this host has cgroup v2) changes a boot.
CGROUP2 = PYTHONPATH=tools $(BIN)/python -m cgroup2

.PHONY: test-cgroup2 on-cgroup2 cgroup2-image cgroup2-clean

# Results (JUnit files, logs) are left in build/cgroup2.
test-cgroup2: $(READY)
	@tools/cgroup2/test.sh $(CGROUP2_ARGS)

# One command in such a machine, with all its engines: make on-cgroup2 COMMAND='docker info'
on-cgroup2: $(READY)
	@$(CGROUP2) run --results build/on-cgroup2 $(CGROUP2_ARGS) -- bash -c '$(COMMAND)'

cgroup2-image: $(READY)
	@$(CGROUP2) image

cgroup2-clean: $(READY)
	@$(CGROUP2) clean
