# make demo    the main job on real servers, from nothing
# make test    every check and every test
# make bench   the reference job beside its peers: throughput and cost per event
# make chaos-quick  every scenario of faults on real servers and processes, with what each went through
# make chaos   the same for long: 200 random kills, 50 rebalances, 1,000 double refunds, 300 seeds
# make laws HISTORIES=10000  the laws, and both models, over that many random programs and histories
# make simulate SEEDS="1 1000"  simulated runs; a seed that fails is run again by its number
# make wheel   dist/: Patron with a compiled core, for this platform

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := deploy/requirements/dev.txt

.DEFAULT_GOAL := help
SEEDS ?= 1 100
HISTORIES ?= 10000

.PHONY: help setup demo test lint bench chaos-quick chaos laws simulate wheel lock clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(READY)

$(READY): $(LOCK) pyproject.toml
	@echo "Setting up $(VENV) (a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit("Patron needs Python 3.11 or newer; this is %d.%d: make PYTHON=python3.11 …" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/patron demo $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m patron_schemas.generate --check

test: lint
	$(BIN)/pytest $(ARGS)

bench: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m bench.run $(ARGS)

# Part of `make test` too, without the figures.
chaos-quick: $(READY)
	$(BIN)/pytest -s tests/faults tests/simulation tests/engine/test_races.py $(ARGS)

chaos: $(READY)
	CHAOS_KILLS=200 CHAOS_REFUNDS=1000 $(BIN)/pytest -s --timeout 3600 \
	    tests/faults tests/simulation tests/engine/test_races.py $(ARGS)
	@PYTHONPATH=tests $(BIN)/python -m simulation.run 1 300

laws: $(READY)
	HISTORIES=$(HISTORIES) $(BIN)/pytest --timeout=0 tests/core/test_laws.py tests/core/test_late.py tests/audit/test_side_by_side.py $(ARGS)

simulate: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m simulation.run $(SEEDS)

# A wheel for this platform with the core compiled; needs a C compiler.
wheel: $(READY)
	@HATCH_BUILD_HOOK_ENABLE_CUSTOM=true $(BIN)/pip wheel --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --wheel-dir dist .

# Needs uv. The locks name versions and hashes, and no host.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-annotate --all-extras --group dev pyproject.toml -o $(LOCK)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-annotate pyproject.toml -o deploy/requirements/runtime.txt

clean:
	rm -rf $(VENV) dist .patron .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
