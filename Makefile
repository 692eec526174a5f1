# `make` alone lists what there is. Everything runs from .venv, which `make setup` builds from requirements.lock.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/pytest
# The tests that run the product as others do: browsers, programs in Node, demos, commands.
RUNNING := tests/browser tests/standards tests/site/test_demo.py tests/site/test_command.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-sqlite test-running test-postgresql test-slow check format schema schema-diff release-contract pictures bench lock clean

help: ## What you can make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
		| awk -F'|' '{printf "  %-16s %s\n", $$1, $$2}'

setup: $(STAMP) ## Build .venv from requirements.lock (finds a Python 3.12+ by itself)

$(STAMP): requirements.lock scripts/setup.sh
	@sh scripts/setup.sh $(VENV)
	@touch $(STAMP)

demo: setup ## Run a believable shop on this machine and print where to go
	@$(BIN)/counterfoil demo $(if $(IMPORT),--import "$(IMPORT)") $(if $(OPEN_FROM),--open-from "$(OPEN_FROM)")

test: setup ## Run the tests, on SQLite and on PostgreSQL where there is one, side by side
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-postgresql test-sqlite test-running

test-sqlite: setup
	$(PYTEST) -m "not slow" $(foreach path,$(RUNNING),--ignore=$(path))

test-running: setup
	$(PYTEST) -m "not slow" $(RUNNING)

test-postgresql: setup
	COUNTERFOIL_TEST_DATABASE=postgresql $(PYTEST) -m "not slow and not once and not slow_on_postgresql"

test-slow: setup ## Run the tests that take long
	$(PYTEST) -m slow
	COUNTERFOIL_TEST_DATABASE=postgresql $(PYTEST) -m "(slow or slow_on_postgresql) and not once"

check: setup ## Lint, types, import contracts, operations, schema drift, the released contract, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/counterfoil documents build --check
	COUNTERFOIL_HTTPS=1 $(BIN)/counterfoil manage check --deploy --fail-level WARNING
	$(BIN)/counterfoil schema | diff -u schema.graphql - \
		|| { echo "schema.graphql is not the schema: run make schema, and look at what changed."; exit 1; }
	$(BIN)/python -m scripts.schema_diff
	$(BIN)/counterfoil schema --reporting | diff -u schema/reporting/reporting.graphql - \
		|| { echo "reporting.graphql is not the schema: run make schema, and look at what changed."; exit 1; }
	$(BIN)/counterfoil manage makemigrations --check --dry-run

format: setup ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: setup ## Write schema.graphql, that of the reports, and the hashes of the pages' operations
	$(BIN)/counterfoil schema > schema.graphql
	$(BIN)/counterfoil schema --reporting > schema/reporting/reporting.graphql
	$(BIN)/counterfoil documents build

schema-diff: setup ## Say what breaks the contract that was released last
	$(BIN)/python -m scripts.schema_diff

release-contract: setup ## Make the schema as it is the contract, at a release
	$(BIN)/python -m scripts.schema_diff --release

pictures: setup ## Take the README's pictures from the demo
	$(BIN)/python -m scripts.pictures

bench: setup ## Measure what requests and streams cost, how customers get in, how fast a message stands on the other side
	$(BIN)/counterfoil bench
	$(BIN)/python -m tests.bench.live_pages

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --extra reporting --group dev --universal --python-version 3.12 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -q -o requirements.lock

clean: ## Remove what was built, and the demo's data
	rm -rf $(VENV) var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/standards/node_modules
