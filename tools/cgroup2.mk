# A cgroup v2 host for tests where there is none: a virtual machine, made once and booted each time.
# CGROUP2_ARGS='--limit 900' or '--machine' (even if this host has cgroup v2) changes a boot.
CGROUP2 = PYTHONPATH=tools $(BIN)/python -m cgroup2
CGROUP2_SUITE ?= tools/cgroup2/suite.sh

.PHONY: test-cgroup2 cgroup2-image cgroup2-clean

# Results (JUnit files, logs) are left in build/cgroup2.
test-cgroup2: $(READY)
	@$(CGROUP2) run $(CGROUP2_ARGS) -- $(CGROUP2_SUITE)

cgroup2-image: $(READY)
	@$(CGROUP2) image

cgroup2-clean: $(READY)
	@$(CGROUP2) clean
