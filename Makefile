# make run: the app.  make test: what must always pass.  make test-all: the long tests too.
# Another build of torch:  make run TORCH="--index-url ADDRESS torch==2.13.0"  (see the README)

PYTHON ?= python3
TORCH ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-all clean

run: $(VENV)/.run
	$(BIN)/streamlit run streamlit_app.py

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow"

test-all: $(VENV)/.test
	$(BIN)/python -m pytest

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.txt
	$(if $(TORCH),$(BIN)/python -m pip install $(TORCH))
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt
	$(BIN)/python -m pip install -r requirements-dev.txt
	$(BIN)/python -m tests.browser.chromium
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
