# make demo and make test do everything on a fresh machine with Python >= 3.11; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup build demo up test test-console lint-console test-all test-image test-browser test-deploy screenshots vendor chaos fuzz lint audit lint-openapi openapi format docs lock audit-template clean image-remote gpu-check audit-dependencies release calls docs-site docs-serve

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: .venv/dev.stamp ## make .venv with sam, aws and droptrain in it, and nothing else

demo: .venv/laptop.stamp ## train the example on the laptop cloud, from two dropped CSVs to the notice; KEEP=1 leaves it up
	@$(BIN)/droptrain local demo $(if $(filter 1,$(KEEP)),--keep)

up: .venv/laptop.stamp ## keep a laptop cloud running until Ctrl-C
	@$(BIN)/droptrain local up

image-remote: .venv/laptop.stamp ## let AWS build the training image and publish it: STACK=droptrain, FOLDER=an image of your own
	@$(BIN)/droptrain image --stack $(or $(STACK),droptrain) $(FOLDER)

build: .venv/laptop.stamp ## build the wheel of the droptrain command into dist/
	$(BIN)/python -m hatchling build -t wheel

# The core, its use cases, the Batch engine, the command: what a change breaks first.
CORE_TESTS = tests/unit tests/guards tests/permissions tests/integration/droptrain_core \
  tests/integration/batch tests/integration/cli tests/chaos/drops
test: .venv/dev.stamp test-console ## run the tests of the core, the Batch engine, the command and the console's modules, in some minutes
	$(BIN)/pytest -n 2 --dist worksteal $(CORE_TESTS)

test-all: test .venv-mlflow/stamp ## and then those of whole systems: laptop cloud, image, template, operations, releases, chaos
	$(BIN)/pytest -n 2 --dist loadfile $(addprefix --ignore=,$(CORE_TESTS))

# What the page computes, in Node, without a browser: the tests import the page's modules and nothing else.
test-console: ## run the tests of the console's modules; needs Node
ifeq ($(shell command -v node),)
	@echo "NOT TESTED: the console's modules need Node 20 (apt-get install nodejs)."
else
	node --test --test-reporter=dot tests/console_page
endif

test-image: .venv/dev.stamp ## build the image on a small base and run it in real containers (podman)
	@tests/image_build/base.sh
	@tests/image_build/build.sh
	$(BIN)/pytest -m container tests/image_build

test-browser: .venv/dev.stamp ## visit the console with Debian's Chromium (apt-get install chromium)
	$(BIN)/python console/vendor.py --check
	$(BIN)/pytest -n 2 --dist loadfile -m browser tests/browser

test-deploy: .venv/dev.stamp .venv-emulator/stamp ## deploy what `sam build` makes, in an emulator of AWS that isn't ours; needs Python 3.13
	$(BIN)/pytest -m emulator tests/deploy

# With what the machine has: nothing is installed. A framework in .venv serves where PYTHON has none.
GPU_PYTHON = $(shell for one in "$(PYTHON)" $(BIN)/python; do \
	"$$one" -c 'import importlib.util as u; raise SystemExit(not (u.find_spec("tensorflow") or u.find_spec("torch")))' \
	  2>/dev/null && echo "$$one" && exit; done; echo "$(PYTHON)")
gpu-check: ## on a machine with an NVIDIA GPU: is it seen, used, measured? A page; SECONDS=180, REHEARSAL=1 without a GPU
	@PYTHONPATH=image:tests $(GPU_PYTHON) -m gpu_check --seconds $(or $(SECONDS),180) $(if $(filter 1,$(REHEARSAL)),--rehearsal)

calls: .venv/dev.stamp .venv-mlflow/stamp ## record anew which AWS calls roles and callers make, for some minutes
	@rm -f tests/permissions/calls.csv
	DROPTRAIN_CALLS=write $(BIN)/pytest tests/e2e
	PYTHONPATH=tests $(BIN)/python -m permissions.page

screenshots: .venv/dev.stamp ## picture every view of the console, at three widths, light and dark, into build/screenshots
	PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py build/screenshots

vendor: .venv/uv.stamp ## fetch the console's libraries anew, as pinned; needs npm
	$(BIN)/python console/vendor.py

chaos: .venv/dev.stamp ## break everything, for an hour or two, and report
	@cd tests && for layer in model crash_points burst neighbour soak drops; do \
	  echo "== $$layer"; $(CURDIR)/$(BIN)/python -m chaos.$$layer || exit 1; echo; \
	done

lint: .venv/dev.stamp ## run every check that is not a test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=image:. $(BIN)/lint-imports --no-cache
	$(BIN)/shellcheck $$(git ls-files '*.sh')
	$(BIN)/hadolint image/Dockerfile
	$(BIN)/cfn-lint image/ami/template.yaml
	AWS_DEFAULT_REGION=eu-west-1 SAM_CLI_TELEMETRY=0 $(BIN)/sam validate --lint
	$(BIN)/cfn-lint
	@$(MAKE) --no-print-directory lint-console

lint-console: ## check the console's modules with oxlint, and the types of those that have "@ts-check"; needs npm
ifeq ($(shell command -v npm),)
	@echo "NOT LINTED: the console's modules need npm (apt-get install npm)."
else
	@npm ci --prefix tests/console_page --no-audit --no-fund --loglevel=error || \
	  { echo "NOT LINTED: npm could not install what lints the console's modules."; exit 0; }; \
	  set -ex; cd tests/console_page; node_modules/.bin/tsc --project tsconfig.json; cd ../..; \
	  tests/console_page/node_modules/.bin/oxlint --config tests/console_page/oxlint.json --deny-warnings \
	    --ignore-pattern 'console/vendor/**' console tests/console_page
endif

audit: audit-template audit-dependencies ## let tools that aren't ours judge what would be deployed, and what is pinned; AUDIT=no without the latter

audit-template: .venv/dev.stamp .venv-audit/stamp ## each variant of the template, and its policies; needs Node
	@rm -rf build/audit
	@PYTHONPATH=tests $(BIN)/python -m audit.render build/audit
	@for folder in build/audit/templates/*; do \
	  echo "cfn-lint in $${folder##*/}"; $(BIN)/cfn-lint -c I3510 -r "$${folder##*/}" -t "$$folder"/*.json || exit 1; \
	done
	.venv-audit/bin/python tests/audit/lint_policies.py build/audit/policies
	.venv-audit/bin/checkov --config-file .checkov.yaml --directory build/audit/templates
	@npm ci --prefix tests/permissions/audit --no-audit --no-fund --loglevel=error
	PYTHONPATH=tests $(BIN)/python -m permissions.audit | node tests/permissions/audit/evaluate.mjs

# Everything that is pinned with hashes.
PINNED = $(wildcard requirements/*.txt layers/*/requirements.txt functions/*/requirements.txt image/requirements*.txt)

audit-dependencies: .venv-release/stamp ## ask whether anything is known of what is pinned; needs the internet
ifeq ($(AUDIT),no)
	@echo "NOT AUDITED: nobody has looked for known vulnerabilities (AUDIT=no)."
else
	PYTHONPATH=src .venv-release/bin/python -m droptrain_release.audit $(PINNED)
endif

release: .venv/dev.stamp audit-dependencies ## build wheel, SAM's and the image's packages, SBOMs, licences and checksums into dist/; AUDIT=no without the audit
	$(BIN)/python -m droptrain_release.build

openapi: .venv/dev.stamp ## write the API's description anew from its routes
	$(BIN)/python functions/describe_api.py

lint-openapi: ## lint the API's description with Redocly; needs Node
	npx --yes @redocly/cli@2.77.0 lint functions/runs_api/openapi.json

fuzz: .venv/dev.stamp ## send the API 5,000 generated requests, for some minutes
	PYTHONPATH=tests $(BIN)/python -m e2e.fuzz_api

format: .venv/dev.stamp ## put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev.stamp ## write what docs/ have from the command's help, the recipe's schema, the API's description, all rules, the template, permissions, and the notices of a laptop cloud
	$(BIN)/python -m droptrain_cli.command_page docs/command.md
	$(BIN)/python -m droptrain_cli.client_page docs/python.md
	$(BIN)/python -m droptrain_cli.recipe_schema docs/train.schema.json
	$(BIN)/python -m droptrain_cli.event_schemas docs/events
	$(BIN)/python -m droptrain_cli.preflight_page docs/preflight.md
	PYTHONPATH=tests $(BIN)/python -m unit.functions.api_page
	PYTHONPATH=tests $(BIN)/python -m diagnosis.page
	PYTHONPATH=tests $(BIN)/python -m e2e.notices_page
	PYTHONPATH=tests $(BIN)/python -m integration.template.updates_page
	PYTHONPATH=tests $(BIN)/python -m permissions.page

# The site of the documentation, in an environment of its own. Its scripts come from npm packages, pinned by checksum.
MKDOCS = NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs
docs-site: .venv-site/stamp ## build the documentation as a site into build/site, without a broken link; needs Node
ifeq ($(shell command -v npm),)
	@echo "NOT BUILT: the documentation's site needs npm (apt-get install npm)."
else
	$(MKDOCS) build --quiet -f site/mkdocs.yml
	@echo "build/site/index.html"
endif

docs-serve: .venv-site/stamp ## show the site on http://127.0.0.1:8000, and anew after each change; needs Node
	$(MKDOCS) serve -f site/mkdocs.yml -a 127.0.0.1:8000

# Pinned sets: `make lock` resolves them anew, each consistent with requirements/dev.txt.
LOCK = $(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --upgrade
lock: .venv/uv.stamp ## resolve the pinned requirements anew
	$(LOCK) --python-version 3.11 requirements/dev.in -c requirements/uv.txt -o requirements/dev.txt
	$(LOCK) --python-version 3.11 requirements/audit.in -o requirements/audit.txt
	$(LOCK) --python-version 3.13 requirements/emulator.in -o requirements/emulator.txt
	$(LOCK) --python-version 3.11 requirements/laptop.in -c requirements/dev.txt -o requirements/laptop.txt
	$(LOCK) --python-version 3.11 image/requirements.in -c requirements/dev.txt -o image/requirements.txt
	$(LOCK) --python-version 3.11 image/requirements-gpu.in -c requirements/laptop.txt -o image/requirements-gpu.txt
	$(LOCK) --python-version 3.11 image/requirements-cpu.in -c image/requirements-gpu.txt -o image/requirements-cpu.txt
	$(LOCK) --python-version 3.13 layers/droptrain/requirements.in -c requirements/dev.txt -o layers/droptrain/requirements.txt
	$(LOCK) --python-version 3.13 functions/runs_api/requirements.in -c requirements/dev.txt -o functions/runs_api/requirements.txt
	$(LOCK) --python-version 3.13 functions/trial_ended/requirements.in -c requirements/dev.txt -o functions/trial_ended/requirements.txt
	$(LOCK) --python-version 3.11 requirements/release.in -c requirements/dev.txt -o requirements/release.txt
	$(LOCK) --python-version 3.11 requirements/site.in -o requirements/site.txt
	$(LOCK) --python-version 3.11 requirements/mlflow.in -o requirements/mlflow.txt

# The environment: uv comes by pip into .venv, everything else by uv from hashes.
.venv/uv.stamp:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"droptrain needs Python 3.11 to 3.13 (TensorFlow has no later one yet); this is {v[0]}.{v[1]}. Say: make PYTHON=python3.13 ...")'
	@echo "Making .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/laptop.stamp: .venv/uv.stamp requirements/laptop.txt pyproject.toml
	@echo "Installing what droptrain and TensorFlow need (the first time takes a minute or two) ..."
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements/laptop.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/laptop.stamp requirements/dev.txt
	@echo "Installing what tests and linters need ..."
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

# Environments apart, for what needs other versions than .venv has: a release's audit and SBOMs, the site, MLflow's
# server, and checkov, which pins an old boto3.
.venv-%/stamp: .venv/uv.stamp requirements/%.txt
	@echo "Installing requirements/$*.txt into .venv-$* ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-$*
	@VIRTUAL_ENV=.venv-$* $(BIN)/uv pip install --quiet --require-hashes -r requirements/$*.txt
	@touch $@

# The emulator's own: it pins one botocore. Its Python is Lambda's, because functions run on it as they are deployed.
.venv-emulator/stamp: .venv/dev.stamp requirements/emulator.txt
	@echo "Installing the emulator of AWS ..."
	@python=$$(PYTHONPATH=tests $(BIN)/python -c 'from support.built import runtime_python; print(runtime_python() or "3.13")') \
	  && $(BIN)/uv venv --quiet --clear --python "$$python" .venv-emulator
	@VIRTUAL_ENV=.venv-emulator $(BIN)/uv pip install --quiet --require-hashes -r requirements/emulator.txt
	@touch $@

clean: ## remove what the targets made
	rm -rf .venv .venv-audit .venv-emulator .venv-mlflow .venv-release .venv-site .aws-sam build dist tests/permissions/audit/node_modules tests/console_page/node_modules
