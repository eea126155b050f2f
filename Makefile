# `make` alone lists the targets. Everything is installed in .venv, from hashes, for Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= config.yaml
MINUTES ?= 60
.DEFAULT_GOAL := help
# Python's bytecode is kept: collecting the tests takes half as long, and so does each start of a daemon in them.
test soak: export PYTHONDONTWRITEBYTECODE =
.PHONY: help demo run test lint bench soak docs clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run  ## Ten simulated weeks of a market in a minute or two: no account, no network
	@$(BIN)/listener demo

run: .venv/run  ## The daemon, with config.yaml (or CONFIG=yours.yaml) and the live world
	@$(BIN)/listener --config $(CONFIG) run

test: .venv/dev lint  ## Lint, types, import rules, then the tests, within six minutes on two cores
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: .venv/dev  ## Style, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev  ## Every benchmark, as ratios in one run
	$(BIN)/python -m benchmarks

soak: .venv/dev  ## Hundreds of kills, whole weeks, every case, 300 examples a property: for MINUTES=60
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n 2 --maxschedchunk 1 -m "soak or hypothesis" --minutes $(MINUTES)

docs: .venv/dev  ## Write the generated pages and the config schema again
	$(BIN)/python -m docs.generate

clean:  ## Remove .venv and what the tools cached
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Listener in .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
