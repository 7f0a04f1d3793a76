# Two commands do everything on a fresh machine: `make demo` and `make test`.
PY := .venv/bin/python
BIN := .venv/bin
CONSTRAINTS := .ci/constraints.txt

.PHONY: help install demo test check lint fix bench bench-rc
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

install: .venv/.installed ## make .venv with the command, all extras and the tools

.venv/.installed: pyproject.toml $(CONSTRAINTS) .ci/venv.sh
	@echo "== setting up .venv (about two minutes the first time)"
	@sh .ci/venv.sh
	@$(PY) -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) --upgrade pip
	@$(PY) -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[sandbox,stacks]' --group dev
	@touch $@

demo: install ## the main job in the sandbox: pressure -> cloud nodes -> jobs done -> nodes gone
	@$(BIN)/ris-hybrid sandbox demo --report demo-report.html

test: install check ## set-up, static checks, every test with branch coverage

check: lint ## what CI checks: static checks, then every test with branch coverage
	@echo "== tests"
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -n 2 --cov --cov-report=term
	@echo "== full branch coverage of the pure modules"
	@$(PY) .ci/pure_coverage.py

lint: install ## the static checks alone
	@echo "== ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== codespell"; $(BIN)/codespell
	@echo "== import contracts"; $(BIN)/lint-imports
	@echo "== deptry"; $(BIN)/deptry .
	@echo "== vulture"; $(BIN)/vulture
	@echo "== shellcheck"; $(BIN)/shellcheck -x burst/rc/scripts/*.sh burst/aws/node/*.sh .ci/run .ci/venv.sh
	@echo "== mypy"; $(BIN)/mypy

fix: install ## format and mend what ruff can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: install ## the figures of README and docs
	@$(PY) bench/hook_start.py && $(PY) bench/parse_and_decide.py

bench-rc: install ## what each call of LSF costs, on the sandbox's EC2 (SCRIPTS=DIR CONF=DIR: another plug-in beside ours)
	@$(PY) bench/rc.py $(if $(SCRIPTS),--scripts $(SCRIPTS) --conf $(CONF))
