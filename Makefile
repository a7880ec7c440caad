# The two commands are `make run` and `make test`; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
LINT := lint-style lint-layers lint-templates lint-security lint-locks lint-types lint-migrations lint-contract
.PHONY: help run test lint $(LINT) check format openapi structure lock sbom release-database bench \
	bench-peers bench-intake clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

# Without its bytecode kept, each of the processes would compile every library for 3 s.
run: .venv/.runtime  ## set up what is missing, then serve on 127.0.0.1:$PORT (8000)
	@exec env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m deploy.run --end-with-parent

test: .venv/.chdb  ## the whole suite on SQLite, then on PostgreSQL (TESTS= narrows it)
	@exec sh tests/run.sh $(TESTS)

# .pre-commit-config.yaml runs the same steps, each where a commit changes what it looks at.
lint: $(LINT)  ## style, layers, templates, security, dependencies, types, migrations, API contract
lint-%: export DEBUG = true

lint-style: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-layers: .venv/.development
	$(BIN)/lint-imports

lint-templates: .venv/.development
	$(BIN)/djlint --lint --quiet templates

lint-security: .venv/.development
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive .

# Those that are locked, and those that the code imports: each named, none that is not needed.
lint-locks: .venv/.development
	$(BIN)/python -m tools.locks --check
	$(BIN)/deptry .

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

lock: .venv/bin/python  ## make locks/ anew, after a change of requirements*.txt
	@$(BIN)/python -m pip install -qq --requirement requirements-uv.txt
	@$(BIN)/python -m tools.locks

sbom: .venv/.development  ## print what the server is made of, as CycloneDX
	@cat locks/requirements.txt locks/requirements-clickhouse.txt \
		| $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -

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

# uv takes a tenth of pip's time; where it cannot be had, pip does it. Nothing is installed whose
# hash is not in the lock.
define install
	@$(BIN)/python -m tools.locks --check
	@echo "Installing $(notdir $(1)) into .venv"
	@if $(BIN)/python -m pip install -qq --require-hashes -r locks/requirements-uv.txt; \
	then $(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r $(1); \
	else $(BIN)/python -m pip install --quiet --no-compile --require-hashes -r $(1); fi
endef

.venv/.runtime: locks/requirements-demo.txt | .venv/bin/python
	$(call install,$<)
	@touch $@

.venv/.development: locks/requirements-dev.txt | .venv/bin/python
	$(call install,$<)
	@touch $@ .venv/.runtime

# Apart, because lint does without and it is large.
.venv/.chdb: locks/requirements-chdb.txt | .venv/.development
	$(call install,$<)
	@touch $@
