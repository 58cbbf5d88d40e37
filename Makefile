# Set-up, app, tests and benchmarks of the desk. `make run` and `make test` do all set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
ADDRESS ?= 127.0.0.1
WORKERS ?= 2

.PHONY: run test check env bench audit clean

run: $(VENV)/run.stamp
	@echo "The desk: http://$(ADDRESS):$(PORT)   (stop with Ctrl-C)"
	@$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS)

test: $(VENV)/dev.stamp
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

env: $(VENV)/run.stamp

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

# Looks the pinned versions up among known weaknesses; needs a package index that tells them, so it is no part of `test`.
audit: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q tests/test_dependencies.py
	$(BIN)/python -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	cat requirements.txt constraints.txt | sort -u > $(VENV)/audit/pinned.txt
	$(VENV)/audit/bin/pip-audit --requirement $(VENV)/audit/pinned.txt --no-deps --disable-pip --strict

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  (echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 run" >&2; exit 1)
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/python -m layers.assets
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements-scale.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) static/vendor static/live .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
