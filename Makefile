# Everything a newcomer needs: `make demo`, then `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
KESU_CORPUS ?= ../shared/corpus
WORKERS ?= auto
export KESU_CORPUS

.DEFAULT_GOAL := help
.PHONY: help demo test check hostile fuzz bench pictures lock clean format preservation validator servers soak audit licences

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/.runtime ## watch the whole product work on an embedded mail server (under 90 s)
	$(BIN)/kesu demo

test: $(VENV)/.dev ## run the whole test suite, side by side on the processors there are (WORKERS=0: one after the other)
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=4 --dist=worksteal

check: $(VENV)/.dev ## ruff, mypy strict, import rule, documents against code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture

format: $(VENV)/.dev ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

preservation: $(VENV)/.dev $(VENV)/.validator ## patch every workbook of the corpus in every way (minutes; the tests take a sample)
	KESU_PRESERVATION=all $(BIN)/python -m pytest -q tests/preservation

validator: $(VENV)/.validator ## install Microsoft's Open XML SDK, a judge of those tests (needs npm)

servers: | $(VENV)/bin/python ## unpack Cyrus and Courier for the contract tests (needs Debian's apt-get, no root)
	tests/servers/unpack.sh $(VENV)/imap-servers

soak: $(VENV)/.dev ## play 300 stories of managers, daemon and crashes on one workbook (minutes; the tests play a few)
	KESU_EXAMPLES=300 $(BIN)/python -m pytest -q tests/daemon/test_workbook_machine.py

hostile: $(VENV)/.dev ## read 10,000 hostile spreadsheets and show what they leave behind (minutes; the tests read 150)
	$(BIN)/python -m tests.parsers.flood 10000

SECONDS ?= 600
fuzz: $(VENV)/.fuzz ## fuzz parsers/ guided by coverage, for SECONDS=600 (atheris, in a venv of its own)
	$(VENV)/fuzz/bin/python -m tests.fuzz --seconds $(SECONDS) --corpus $(VENV)/fuzz/corpus

bench: $(VENV)/.dev $(VENV)/.peers ## measure intake, promptness, lapses and the workbook, with peers in the same run
	$(BIN)/python -m benchmarks

pictures: $(VENV)/.dev ## make the README's pictures anew (needs chromium, libreoffice, pdftoppm)
	$(BIN)/python -m docs.pictures

audit: $(VENV)/.auditor ## ask the advisory database about every locked dependency (needs the network)
	.ci/audit $(VENV)/auditor/bin/pip-audit

licences: $(VENV)/.dev ## list the licences of every locked dependency
	$(BIN)/python -m tests.architecture.licences

lock: ## resolve pyproject.toml into the hashed lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml setup-requirements.txt -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev pyproject.toml setup-requirements.txt -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  .ci/audit.txt -o .ci/audit.lock

# A run that was cut off leaves no stamp, so the next one simply starts the step again.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "kesu needs Python 3.11 to 3.13; set PYTHON=… to name one")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install -q --require-hashes --no-deps -r requirements.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install -q --require-hashes --no-deps -r requirements-dev.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.runtime

$(VENV)/.validator: tests/preservation/validator/package-lock.json | $(VENV)/bin/python
	@mkdir -p $(VENV)/validator
	cp tests/preservation/validator/package.json tests/preservation/validator/package-lock.json $(VENV)/validator/
	npm ci --prefix $(VENV)/validator --ignore-scripts --no-audit --no-fund
	@touch $@

# Programs to measure against, kept apart from the product's own environment.
$(VENV)/.peers: benchmarks/peers.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip --disable-pip-version-check install -q --require-hashes --no-deps -r benchmarks/peers.txt
	@touch $@

# atheris needs libraries of its own beside ours, and is no part of the product; the lock stays free of it.
$(VENV)/.fuzz: $(VENV)/.dev
	$(PYTHON) -m venv $(VENV)/fuzz
	$(VENV)/fuzz/bin/python -m pip install -q --disable-pip-version-check 'atheris>=3'
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  > "$$($(VENV)/fuzz/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kesu.pth"
	@touch $@

$(VENV)/.auditor: .ci/audit.lock | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/auditor
	$(VENV)/auditor/bin/python -m pip --disable-pip-version-check install -q --require-hashes --no-deps -r .ci/audit.lock
	@touch $@

clean: ## remove what make and the demo made
	rm -rf $(VENV) demo-out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
