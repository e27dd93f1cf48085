# Set-up is remembered by stamp files (.venv/.*-ready, node_modules/.ready): what is up to date costs nothing.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# One test process per processor: see docs/decisions/020-tests-side-by-side.md.
SIDE_BY_SIDE := --numprocesses=logical --maxprocesses=4 --dist=worksteal
JS_TESTS := $(wildcard tests/js/*.test.js)
JS_SOURCES := $(wildcard src/windsock/web/js/*.*s src/windsock/web/js/*/*.js)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test first-steps docs bench lint types layers test-js test-python format lock clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.scripts-ready ## Start the huggable cloud with a simulated pillow (ARGS="--port 5001")
	@$(BIN)/windsock demo $(ARGS)

test: node_modules/.ready .venv/.scripts-ready lint types layers docs test-js test-python ## Check everything: style, types, layers, documents, all tests

lint: .venv/.python-ready ## Check style
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo 'Not formatted; run: make format'; exit 1; }
	@echo 'Style: fine'

types: node_modules/.ready .venv/.scripts-ready ## Check types, in Python and JavaScript
	@$(BIN)/mypy
	@node_modules/.bin/tsc -p jsconfig.json
	@echo 'Types: fine'

layers: .venv/.python-ready ## Check that imports go down only
	@said=$$($(BIN)/lint-imports --no-cache --no-logo 2>&1) || { echo "$$said"; exit 1; }
	@echo 'Layers: fine'

docs: .venv/.python-ready ## Build the documents as a site, in docs/_build, and say where it is
	@$(BIN)/python -m tools.docs.build

test-js: node_modules/.ready ## Run the tests of the page's scripts
	@$(if $(JS_TESTS),node --test $(JS_TESTS),echo 'No tests in tests/js')

test-python: node_modules/.ready .venv/.scripts-ready ## Run pytest: all tests, side by side; or some, one by one (ARGS="-k cloud")
	@$(BIN)/pytest $(or $(ARGS),$(SIDE_BY_SIDE))

first-steps: .venv/.python-ready .venv/.scripts-ready ## Walk a first-time user's way in a new virtual environment
	@$(BIN)/python -m tools.first_steps $(ARGS)

bench: bench/.venv/.ready bench/node_modules/.ready ## Measure Windsock beside other servers (ARGS="--quick")
	@$(BIN)/python -m bench $(ARGS)

format: .venv/.python-ready ## Put the code in shape
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format

lock: .venv/.python-ready ## Renew the lock files from pyproject.toml and package.json
	@tools/lock

clean: ## Remove everything that make made
	rm -rf .venv node_modules bench/.venv bench/node_modules src/windsock/web/static/vendor dist docs/_build
	cd src/windsock/web/static && rm -f *.js *.mjs *.d.ts *.d.mts
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# --------------------------------------------------------------------------------------------- set-up

.venv/bin/python:
	@tools/check-system demo '$(PYTHON)'
	@tools/step 'Set-up 1/3: virtual environment in .venv' '$(PYTHON)' -m venv --clear .venv

.venv/.demo-ready: requirements.lock pyproject.toml hatch_build.py package.json package-lock.json | .venv/bin/python
	@tools/check-system demo $(BIN)/python
	@tools/step 'Set-up 2/3: Python packages' $(PIP) --require-hashes -r requirements.lock
	@# The build backend is in the lock: without isolation nothing unpinned is fetched.
	@tools/step 'Set-up 3/3: Windsock itself, with jQuery and Socket.IO for its pages' \
		$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# An editable install serves the scripts from here, so they are built again when a source has changed.
.venv/.scripts-ready: $(JS_SOURCES) hatch_build.py package-lock.json | .venv/.demo-ready
	@$(BIN)/python hatch_build.py
	@touch $@

.venv/.python-ready: requirements-dev.lock | .venv/.demo-ready
	@tools/step 'Test set-up 1/2: Python tools' $(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.ready: package.json package-lock.json | .venv/.python-ready
	@tools/check-system test $(BIN)/python
	@tools/step 'Test set-up 2/2: Node tools (Azurite, TypeScript, old Socket.IO clients)' npm ci --ignore-scripts --loglevel=error
	@touch $@

bench/.venv/.ready: bench/requirements.txt | .venv/.demo-ready
	@tools/step 'Benchmark set-up 1/3: virtual environment in bench/.venv' $(BIN)/python -m venv --clear bench/.venv
	@tools/step 'Benchmark set-up 2/3: the other servers in Python' \
		bench/.venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r bench/requirements.txt
	@touch $@

bench/node_modules/.ready: bench/package.json bench/package-lock.json
	@tools/step 'Benchmark set-up 3/3: Socket.IO for Node' npm ci --prefix bench --ignore-scripts --loglevel=error
	@touch $@
