# Every target works on a fresh clone: `python -m infra.local` makes the virtual environment from the lock file,
# brings Node and the browser, and starts PostgreSQL and Redis. Needed: Linux, Python >= 3.11, make, the network.
.DEFAULT_GOAL := help
.PHONY: help run test lint format bench bench-scale slow e2e lock clean migrations-check schema schema-check messages setup

# The first Python that is new enough; a shim of a version manager may exist without working.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
LOCAL = $(if $(PYTHON),$(PYTHON),$(error Python 3.11 or newer is needed (Debian and Ubuntu: apt-get install python3 python3-venv))) -m infra.local
BIN = .venv/bin
# Two workers: the suite starts real servers and a browser, and is measured on two cores.
WORKERS ?= 2
export PORT MAIL_PORT

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

run: ## Start the whole product; PORT=8010 and MAIL_PORT=8035 move it
	@$(LOCAL) run

setup: ## Install packages, the front end and the test browser
	@$(LOCAL) setup browser

test: setup ## Run the test suite (ARGS="tests/booking -k race" narrows it)
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

e2e: setup ## Run only the journeys in the real browser
	$(BIN)/pytest -m e2e $(ARGS)

slow: setup ## Try the engine in any order of deeds, 500 times (RUNS=2000 for more)
	STATE_MACHINE_RUNS=$(or $(RUNS),500) $(BIN)/pytest tests/tenants/booking/test_state_machine.py $(ARGS)

bench: setup ## Measure against the bare JSON view and the bare SELECT
	$(BIN)/python -m infra.bench $(ARGS)

bench-scale: setup ## Measure 10,000 doctors, 3 million visits, 1,000 networks and a peer
	$(BIN)/python -m infra.bench --scale $(ARGS)

lint: ## Check format, rules, contracts, types, templates and front end
	@$(LOCAL) lint

format: ## Rewrite Python, templates and front end in the project's format
	@$(LOCAL) setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@$(LOCAL) npm run format

migrations-check: ## Fail when a model change has no migration
	@$(LOCAL) manage makemigrations --check --dry-run

schema: ## Write the OpenAPI description of the API
	@$(LOCAL) schema write

schema-check: ## Fail when the committed OpenAPI description is stale
	@$(LOCAL) schema check

messages: ## Merge the translations and list texts without a Russian one
	@$(LOCAL) messages

lock: ## Write the lock files anew (UPGRADE=1 takes newer versions)
	@$(LOCAL) lock $(if $(UPGRADE),--upgrade)

clean: ## Remove everything that make installed, built or stored, the demo's data included
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m infra.local servers remove; fi
	rm -rf .local .venv staticfiles frontend/node_modules frontend/dist infra/browser/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
