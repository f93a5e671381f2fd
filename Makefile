# Everything a checkout needs is set up by these targets, on a bare Debian 12 with Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup test check format fuzz bench

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		[ "$$(id -u)" = 0 ] || { echo "python3-venv is needed: apt-get install python3-venv" >&2; exit 1; }; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

demo: setup
	@$(BIN)/outdial demo

sandbox: setup
	@$(BIN)/outdial sandbox

test: setup
	$(BIN)/pytest

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Holds every answer against the OpenAPI document: this many made-up requests for each operation.
EXAMPLES ?= 2000
fuzz: setup
	EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/api/test_schema.py -q -s

drill: setup
	PYTHONPATH=tests $(BIN)/python -m bench.drill

# The service against a bare driver on one switch, about 12 minutes; wants a quiet machine. Writes docs/benchmarks.md.
bench: setup
	$(BIN)/python -m bench --page
