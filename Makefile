# `make` shows this list. Everything is installed into .venv; what an instance writes goes to var/.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check fix bench race race-quick race-trade docs messages lock

BIN := .venv/bin
# Without a .env file and without DATABASE_URL this is a trial: the demo is loaded. A configured office decides by DEMO itself.
DEMO ?= $(if $(wildcard .env)$(DATABASE_URL),,1)
CODE := salescontrol inventory enquiries contracts security reports office tests benchmarks deploy manage.py
# The checks look at settings as an office would run them, with files of their own.
OFFICE := env DATABASE_URL= REDIS_URL= DEMO=0 HTTPS=1 ALLOWED_HOSTS=sales.example.com VAR_DIR=var/check MEDIA_ROOT=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what running needs into .venv
	@scripts/install requirements.txt

setup-dev: ## install what tests and checks need as well
	@scripts/install requirements-dev.txt

run: setup ## start everything (PORT=8000); Ctrl-C stops it
	@$(if $(DEMO),DEMO=$(DEMO)) exec $(BIN)/python manage.py serve

test: setup-dev ## run the tests on the embedded default, and on PostgreSQL where it is there (ARGS=…)
	@scripts/test $(ARGS)

# `make --keep-going check` reports everything that is wrong, not only the first thing.
CHECKS := check-format check-code check-templates check-layers check-types check-migrations check-settings check-texts check-docs
check: $(CHECKS) ## format, lint, types, templates, layers, migrations, settings, translations, generated docs
.PHONY: $(CHECKS)
$(CHECKS): setup-dev

check-format:
	$(BIN)/ruff format --quiet --check --output-format concise $(CODE)
check-code:
	$(BIN)/ruff check --quiet --output-format concise $(CODE)
check-templates:
	$(BIN)/djlint --quiet --lint templates
check-layers:
	$(BIN)/lint-imports --no-cache --no-logo
check-types:
	$(OFFICE) $(BIN)/mypy --no-color-output
check-migrations:
	$(OFFICE) $(BIN)/python manage.py makemigrations --check --dry-run
check-settings:
	$(OFFICE) $(BIN)/python manage.py check --deploy --fail-level WARNING
check-texts:
	$(OFFICE) $(BIN)/python manage.py check_translations
check-docs:
	$(OFFICE) $(BIN)/python manage.py generate_docs --check

fix: setup-dev ## format, and repair what can be repaired by a tool
	$(BIN)/ruff check --quiet --fix $(CODE)
	$(BIN)/ruff format --quiet $(CODE)

bench: setup-dev ## measure beside limits and peers (needs PostgreSQL, Chromium): figures to benchmarks/results.json
	$(BIN)/python -m benchmarks $(ARGS)

race: setup-dev ## 30 minutes, 200 clients, a PostgreSQL of its own that is crashed: figures to benchmarks/results.json
	$(BIN)/python -m benchmarks.race long --keep $(ARGS)

race-trade: setup-dev ## 10 minutes, 64 clients sell and exchange 200 units while web, worker and clients are killed
	$(BIN)/python -m benchmarks.race trade --keep $(ARGS)

race-quick: setup-dev ## 32 clients × 1,000 operations on PostgreSQL, 16 × 1,000 on the embedded default
	$(BIN)/python -m benchmarks.race quick --own-cluster --keep $(ARGS)
	env DATABASE_URL= DATABASE_OWNER_URL= $(BIN)/python -m benchmarks.race sqlite --keep $(ARGS)

docs: setup-dev ## write the pages of docs/ that are made from the code
	$(OFFICE) $(BIN)/python manage.py generate_docs

messages: setup-dev ## collect the texts to translate (needs gettext)
	$(OFFICE) $(BIN)/python manage.py collect_texts

lock: setup-dev ## make requirements*.txt from pyproject.toml again
	@scripts/lock
