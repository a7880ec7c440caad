# The two commands are `make run` and `make test`; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
# uv installs the same pins in a tenth of pip's time; where it cannot be had, pip does it.
UV := uv==0.13.9

.DEFAULT_GOAL := help
LINT := lint-style lint-layers lint-templates lint-types lint-migrations lint-contract
.PHONY: help run test lint $(LINT) check format openapi structure release-database bench \
	bench-peers bench-intake clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

# Without its bytecode kept, each of the processes would compile every library for 3 s.
run: .venv/.runtime  ## set up what is missing, then serve on 127.0.0.1:$PORT (8000)
	@exec env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m deploy.run --end-with-parent

test: .venv/.chdb  ## the whole suite on SQLite, then on PostgreSQL (TESTS= narrows it)
	@exec sh tests/run.sh $(TESTS)

# .pre-commit-config.yaml runs the same steps, each where a commit changes what it looks at.
lint: $(LINT)  ## style, layers, templates, types, migrations, API contract
lint-%: export DEBUG = true

lint-style: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-layers: .venv/.development
	$(BIN)/lint-imports

lint-templates: .venv/.development
	$(BIN)/djlint --lint --quiet templates

lint-types: .venv/.development
	$(BIN)/mypy

lint-migrations: .venv/.development
	$(BIN)/python manage.py makemigrations --check --dry-run

lint-contract: .venv/.development
	$(BIN)/python manage.py spectacular --validate --fail-on-warn | diff -u openapi.yaml - \
		|| { echo 'openapi.yaml differs from the code: make openapi' >&2; exit 1; }

check: lint test  ## lint, then test

format: .venv/.development  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: export DEBUG = true
openapi: .venv/.development  ## write openapi.yaml from the code
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file openapi.yaml

structure: .venv/.development  ## draw docs/structure.svg, who imports whom; print the size of each app
	@exec $(BIN)/python -m tools.structure

# Once a release, before it is out; needs PostgreSQL, as tests on it do.
release-database: .venv/.development  ## keep what this release leaves behind, for the test of upgrades
	$(BIN)/python -m tests.upgrades.make
	pg_virtualenv -t -o fsync=off $(BIN)/python -m tests.upgrades.make

bench: .venv/.development  ## measure beside the floors; the table is kept in bench/RESULTS.md
	@exec $(BIN)/python -m bench

bench-peers: .venv/.development  ## the same beside InfluxDB and VictoriaMetrics: bench/PEERS.md
	@exec $(BIN)/python -m bench peers

bench-intake: .venv/.development  ## readings in, by format: bench/INTAKE.md
	@exec $(BIN)/python -m bench intake

clean:  ## remove the environment and the caches; var/ with your data stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv .venv

define install
	@echo "Installing $(1) into .venv"
	@if $(BIN)/python -m pip install -qq $(UV); \
	then $(BIN)/uv pip install --quiet --python $(BIN)/python -r $(1); \
	else $(BIN)/python -m pip install --quiet --no-compile -r $(1); fi
endef

.venv/.runtime: requirements-demo.txt requirements.txt | .venv/bin/python
	$(call install,$<)
	@touch $@

.venv/.development: requirements-dev.txt requirements-clickhouse.txt requirements-parquet.txt \
		requirements-demo.txt requirements.txt | .venv/bin/python
	$(call install,$<)
	@touch $@ .venv/.runtime

# Apart, because lint does without and it is large.
.venv/.chdb: requirements-chdb.txt | .venv/.development
	$(call install,$<)
	@touch $@
