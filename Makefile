# Everything a checkout needs is set up by these targets, on a bare Debian 12 with Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One private Asterisk serves every command that is run from this checkout.
export OUTDIAL_RUNTIME_DIR ?= $(CURDIR)/.cache/asterisk

.PHONY: demo sandbox test check format fuzz drill drill-events drill-recording bench announcements

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		[ "$$(id -u)" = 0 ] || { echo "python3-venv is needed: apt-get install python3-venv" >&2; exit 1; }; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# What only whoever works on Outdial needs: test runner, linters.
$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

demo: $(VENV)/.installed
	@$(BIN)/outdial demo

sandbox: $(VENV)/.installed
	@$(BIN)/outdial sandbox

# Two at a time, each file on one of them: much of the time is spent waiting for phones to ring.
test: $(VENV)/.installed-dev
	$(BIN)/pytest -q -n 2 --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Holds every answer against the OpenAPI document: this many made-up requests for each operation of the Calls API, and
# of the management API, which has many more operations. Takes about an hour.
EXAMPLES ?= 2000
MANAGE_EXAMPLES ?= 100
fuzz: $(VENV)/.installed-dev
	EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/api/test_schema.py -q -s
	EXAMPLES=$(MANAGE_EXAMPLES) $(BIN)/pytest tests/api/manage/test_schema.py -q -s

# Kills the service and the switch under twenty calls, ten times each. Writes docs/drills.md.
drill: $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m bench.drill

drill-events: $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m bench.drill_events

# Recorded calls under kills, a full disk and an object store away for ten minutes. Writes docs/drills-recording.md.
drill-recording: $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m bench.drill_recording

# The service against a bare driver on one switch, then what recording costs and a hundred recorded calls at once:
# about 25 minutes; wants a quiet machine. Writes docs/benchmarks.md and docs/benchmarks-recording.md.
bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench --page
	$(BIN)/python -m bench.recording --page

# Speaks the announcements that come with the product anew, with espeak-ng from Debian; run it when their texts change.
announcements: $(VENV)/.installed
	$(BIN)/python packaging/announcements.py
