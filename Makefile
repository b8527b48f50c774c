# Two commands set up everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3.11
BIN := .venv/bin
STORE ?= winnow-store
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# Where it is set (many images set it), each of some hundred Python processes compiles Winnow anew, and pytest rewrites the assertions of all tests in each run.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test quick check fast setup servers lock audit pythons reference serve accept benchmarks extractor-model clean

run: setup
	$(BIN)/winnow run tests/data/sample --recipe fineweb --store $(STORE)
	@echo
	@echo "Open the report in a browser (path above). The run in the Prefect UI: make serve, then http://127.0.0.1:4200"

test: setup servers check fast

# Laws and units, lint and types: what to run before each commit. No servers, whole runs, kills or real pages. Two workers, as none waits, and each collects all tests.
quick: check
	$(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile quick -m "not server and not slow and not data" --ignore tests/flows

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers 2

# Three workers on two cores, as tests with servers wait for much of their time; files in the order of tests/conftest.py, not by their number of tests.
fast: setup
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

setup: .venv/.ready

# Locked names, versions and hashes. --no-deps because the lock is complete, and because pip, given hashes, refuses what another package asks for with an extra
# (Prefect: sqlalchemy[asyncio]), though it is in the list.
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m winnow.tasks.extract.load_kernels # compiles them, once per machine
	touch $@

# PostgreSQL and Chromium, which tests of a team's server and of its pages use; cmake and Boost, with which a test builds KenLM's lmplz. Only on Debian as root;
# elsewhere those tests say what they leave out.
servers:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! { command -v chromium && command -v cmake && ls /usr/lib/postgresql/*/bin/initdb /usr/include/boost/version.hpp; } >/dev/null 2>&1; then \
		apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends \
		postgresql chromium cmake g++ libboost-dev libboost-program-options-dev libboost-system-dev libboost-test-dev libboost-thread-dev zlib1g-dev \
		|| echo "PostgreSQL, Chromium, cmake or Boost could not be installed: their tests are left out."; fi

lock: setup
	$(BIN)/uv pip compile pyproject.toml --universal --all-extras --group test --generate-hashes --no-header --no-annotate --output-file requirements.lock

# Known weaknesses of the locked versions. It asks pypi.org's advisories, and fails where it cannot reach them.
audit: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --target build/audit pip-audit==2.10.1
	PYTHONPATH=build/audit $(BIN)/python -m pip_audit --requirement requirements.lock --no-deps --disable-pip --strict

# The wheel in a bare environment of each interpreter: make pythons WINNOW_PYTHONS="3.11 3.12 /usr/bin/python3.13".
pythons: setup
	$(BIN)/pytest tests/test_install.py

# docs/reference/, from the signatures and docstrings of commands and API.
reference: setup
	$(BIN)/python -m winnow.reference

serve: setup
	$(BIN)/winnow serve --store $(STORE)

accept: setup
	$(BIN)/python ../shared/acceptance/accept.py --winnow $(BIN)/winnow

# The model of the learned extractor, and its card: measured on folds apart by domain, then trained on all of them.
extractor-model: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/benchmarks/train_requirements.txt
	$(BIN)/python -m tests.benchmarks.train_block_model

benchmarks: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement tests/benchmarks/requirements.txt
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.deduplication speed
	$(BIN)/python -m tests.benchmarks.deduplication scale

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
