# make run: the app.  make test: what must always pass.  make test-all: the long tests too.
# make checkpoints: the shipped models from scratch, in hours; with DATA=sprites.npy also the one of the Kaggle set.
# Another build of torch:  make run TORCH="--index-url ADDRESS torch==2.13.0"  (see the README)

PYTHON ?= python3
TORCH ?=
DATA ?=
SHARED := --numprocesses auto --maxprocesses 4 --dist worksteal
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-all checkpoints clean

run: $(VENV)/.run
	$(BIN)/streamlit run streamlit_app.py

# One thread of torch for each of the processes that share the tests.
test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" $(SHARED)

test-all: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SHARED)

# Trained, all saved steps measured, and the best one made small. What was cut short goes on.
checkpoints: $(VENV)/.run
	$(BIN)/python -m ddpm train --data builtin --run builtin-long --steps 47000 --keep-every 500 --resume
	$(BIN)/python -m ddpm choose --run checkpoints/builtin-long
	$(BIN)/python -m ddpm ship --run checkpoints/builtin-long --early 500,3000 --guide 10000 --guide-until -1 --out checkpoints/builtin
	$(BIN)/python -m ddpm choose --run checkpoints/builtin --again
	$(BIN)/python -m ddpm sample --checkpoint checkpoints/builtin --n 32 --out checkpoints/builtin/denoising.gif
	$(if $(DATA),$(BIN)/python -m ddpm train --data $(DATA) --run pixel-art-long --steps 26000 --keep-every 2000 --resume)
	$(if $(DATA),$(BIN)/python -m ddpm choose --run checkpoints/pixel-art-long)
	$(if $(DATA),$(BIN)/python -m ddpm ship --run checkpoints/pixel-art-long --guide 10000 --out checkpoints/pixel-art --data kaggle \
		--data-name "Kaggle Pixel Art in part")
	$(if $(DATA),$(BIN)/python -m ddpm choose --run checkpoints/pixel-art --data $(DATA) --again)

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
