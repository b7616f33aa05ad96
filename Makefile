# Everything a developer or a newcomer types. On a fresh machine: make demo, make test.
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:

PYTHON ?= python3
export PYTHON SLICES SIZE OUT CPOST_REQUIRE_ENGINE

VENV := .venv
BIN := $(VENV)/bin
CODE := setup.py src tests demo tools benchmarks
# Written last by tools/setup.sh; holds the folder it was made for, as it cannot be moved.
READY := $(VENV)/.complete
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

.PHONY: help setup demo test lint engine-up engine-down clean

help:
	@echo "make demo         profile the demo pipeline, with all that is needed for it"
	@echo "make test         execute all tests, with their coverage"
	@echo "make test-cgroup2 tests and demo on a real cgroup v2 host: a virtual machine, made once"
	@echo "make lint         ruff, mypy and the walls between packages"
	@echo "make setup        the virtual environment in $(VENV); the others make it too"
	@echo "make engine-up    a container engine: the one that answers, else a private one"
	@echo "make engine-down  stop the private one"
	@echo "make clean        remove everything that was made here, the private engine included"
	@echo
	@echo "SLICES=400 SIZE=512 make demo   with a larger payload"
	@echo "PYTHON=python3.12 make setup    with another Python (3.10 or newer)"

setup: $(READY)

$(READY): setup.cfg setup.py requirements.txt requirements-dev.txt demo/requirements.txt
	@tools/setup.sh

demo: $(READY)
	@tools/demo.sh

# Without an engine the tests that need one are skipped, and say why; CPOST_REQUIRE_ENGINE=1 turns
# each such skip into a failure.
test: $(READY)
	@tools/test.sh

lint: $(READY)
	@echo "lint: ruff" && $(BIN)/ruff check --quiet $(CODE) && $(BIN)/ruff format --check --quiet $(CODE)
	@echo "lint: mypy" && $(BIN)/mypy && $(BIN)/mypy demo tools && $(BIN)/mypy -p benchmarks.truth
	@echo "lint: import-linter" && PATH=$(BIN):$$PATH $(BIN)/lint-imports

engine-up: $(READY)
	@tools/engine.sh up

engine-down:
	@tools/engine.sh down

clean: engine-down
	rm -rf $(VENV) .cache build dist demo/out src/*.egg-info .coverage .coverage.* htmlcov \
	    .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

include tools/cgroup2.mk
