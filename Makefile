# Two commands do everything on a fresh machine: `make demo` and `make test`.
PY := .venv/bin/python
BIN := .venv/bin
CONSTRAINTS := .ci/constraints.txt
WHOLE := tests/journeys tests/trials tests/fuzz
# Images of containers like to set it; then every process of the tests would compile all it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo demo-clouds test check measured whole coverage lint types rules compiled fix bench bench-rc bench-stacks soak fuzz kills clouds-table data-journey
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

install: .venv/.installed ## make .venv with the command, all extras and the tools

.venv/.installed: pyproject.toml $(CONSTRAINTS) .ci/venv.sh
	@echo "== setting up .venv (about two minutes the first time)"
	@sh .ci/venv.sh
	@# --no-compile: pip compiles all 15,000 modules on one core, and a quarter of them is ever imported
	@$(PY) -m pip install --quiet --no-compile --disable-pip-version-check -c $(CONSTRAINTS) --upgrade pip
	@$(PY) -m pip install --quiet --no-compile --disable-pip-version-check -c $(CONSTRAINTS) -e '.[data,libcloud,planner,sandbox,stacks]' --group dev
	@touch $@

demo: install ## the main job in the sandbox: pressure -> cloud nodes -> jobs done -> nodes gone
	@$(BIN)/ris-hybrid sandbox demo --report demo-report.html

CLOUDS := examples/clouds
demo-clouds: install ## the same with EC2 and an OpenStack: one has no machines, the other takes over, and the other way
	@$(BIN)/ris-hybrid sandbox demo --burst $(CLOUDS)/burst.yaml --scenario $(CLOUDS)/scenario.yaml --report demo-report.html

test: install check ## set-up, static checks, every test with branch coverage

check: install ## what CI checks: static checks, then every test with branch coverage
	@$(MAKE) --no-print-directory -j2 --output-sync=target types compiled rules
	@$(MAKE) --no-print-directory measured
	@$(MAKE) --no-print-directory whole
	@echo "== full branch coverage of the pure modules"
	@$(PY) .ci/pure_coverage.py

measured: install
	@echo "== tests"
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -n 3 --dist worksteal $(WHOLE:%=--ignore=%) --cov --cov-report=term

whole: install
	@echo "== tests that run whole commands (not measured: that takes twice as long; see make coverage)"
	@$(PY) -m pytest -n 4 --dist worksteal $(WHOLE) # many of them wait: for answers that never come, for places in a cloud

coverage: install ## branch coverage of everything, the tests that run whole commands measured too (twice as long)
	@rm -f .coverage .coverage.*
	@HYPOTHESIS_PROFILE=long $(PY) -m pytest -n 3 --dist worksteal --timeout=0 --cov --cov-report=term --cov-fail-under=95
	@$(PY) .ci/pure_coverage.py all

lint: types rules ## the static checks alone

types: install
	@echo "== mypy"; $(BIN)/mypy

rules: install
	@echo "== ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== codespell"; $(BIN)/codespell
	@echo "== import contracts"; $(BIN)/lint-imports
	@echo "== deptry"; $(BIN)/deptry .
	@echo "== vulture"; $(BIN)/vulture
	@echo "== shellcheck"; $(BIN)/shellcheck -x burst/rc/scripts/*.sh burst/node/scripts/*.sh .ci/run .ci/venv.sh

compiled: install # the tests' asserts are rewritten here once, and not by each worker while it is measured
	@$(PY) -m pytest --collect-only -qq >/dev/null || : # what cannot be collected is said by the run itself

fix: install ## format and mend what ruff can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: install ## the figures of README and docs
	@$(PY) bench/hook_start.py && $(PY) bench/parse_and_decide.py && $(PY) bench/mirror_plan.py && \
	$(PY) bench/gpfs_listing.py && $(PY) bench/manifest.py && $(PY) bench/staging_journal.py && $(PY) bench/mix.py

bench-rc: install ## what each call of LSF costs, on the sandbox's EC2 (SCRIPTS=DIR CONF=DIR: another plug-in beside ours)
	@$(PY) bench/rc.py $(if $(SCRIPTS),--scripts $(SCRIPTS) --conf $(CONF))

bench-stacks: install ## what each layer's Pulumi program costs to import and to run
	@$(PY) bench/stack_programs.py

soak: install ## thirty days of random faults in the sandbox, ten of them over two clouds; an hour with real child processes
	@$(BIN)/ris-hybrid sandbox soak --seeds 20 --keep soak-failures
	@$(BIN)/ris-hybrid sandbox soak --seeds 10 --clouds --keep soak-failures
	@$(BIN)/ris-hybrid sandbox soak --seeds 1 --hours 1 --children --keep soak-failures

FUZZ_SEED ?= $(shell date +%s)
FUZZ_SEED := $(FUZZ_SEED)
fuzz: install ## a hundred thousand inputs that are not what they should be
	@echo "== seed $(FUZZ_SEED)"
	@RIS_FUZZ_INPUTS=120000 RIS_FUZZ_SEED=$(FUZZ_SEED) $(PY) -m pytest -n 2 --timeout=0 tests/fuzz

clouds-table: install ## which cloud keeps which promise, from the contract suites into docs/clouds.md
	@$(PY) -m tests.contract.promises

kills: install ## every verb killed at every call it makes, faults of AWS, twenty requests at once
	@RIS_KILLS=all $(PY) -m pytest -n 2 --timeout=0 tests/trials

data-journey: install ## 20,005 files through the data plane in the sandbox, killed at ten random points and more
	@RIS_DATA_JOURNEY=full $(PY) -m pytest --timeout=0 -rP tests/journeys/data_plane
