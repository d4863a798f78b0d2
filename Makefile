# One command each; `make` alone lists them. PYTHON=… chooses the interpreter of the environment.

.DEFAULT_GOAL := help
.PHONY: help dev check mypy pyright tidy collected test test-slow test-merge fuzz crash wheels demo docs audit coverage-of-requirements clean distclean

BIN := .venv/bin
READY := .venv/.ready
DISTRIBUTIONS := . $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
SOURCES := core/raccord web/raccord_web sandbox/raccord_sandbox migrations/raccord_migrations $(wildcard plugins/*/src/*)
WORKERS := 2
# Tests wait for servers, browsers and workers a fifth of their time, so three keep two cores busy.
TESTERS := 3
# Seeded schedules of the crash matrix, and records killed at every moment; the merge check has fewer, to stay short.
SCHEDULES := 10000
RECORDS := 200
# Seed of the first schedule; the merge check begins after those that its run of tests has lived through already.
FIRST := 0
# Moments from one kill of an export to the next.
EVERY := 1
# What the merge check leaves out of the kills, for pytest.
LESS :=
# Random invoices of the long property run; fewer in the merge check likewise.
INVOICES := 100000
SECONDS := 300
# Images set it to stay small; without bytecode each process of the tests compiles everything it imports again.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 28

dev: $(READY) ## make the environment in .venv, everything editable

# What is imported is compiled then; of all that is installed it is a small part. Our distributions are built with the
# versions of constraints.txt, not each in an environment of its own with the newest. Of what others publish as source
# only, each says itself what builds it.
INSTALL := $(BIN)/python -m pip install -q --no-compile -c constraints.txt

# pip that comes with Python 3.11 knows no dependency groups, so it is brought up to date first.
$(READY): pyproject.toml constraints.txt workspace.txt .ci/make-venv .ci/install-node-client \
		tests/strangers/node/package.json $(wildcard plugins/*/pyproject.toml)
	.ci/make-venv
	$(BIN)/python -m pip install -q --upgrade pip
	$(INSTALL) hatchling editables
	$(INSTALL) --group dev
	$(INSTALL) --no-build-isolation -r workspace.txt
	.ci/install-node-client
	@touch $@

check: $(READY) ## lint, format, types and the tidy tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 --output-sync pyright mypy tidy collected

# pyright takes longest and one core: all else leaves that to it.
pyright: $(READY)
	$(BIN)/pyright

mypy: $(READY)
	nice $(BIN)/mypy $(SOURCES)

tidy: $(READY)
	nice $(BIN)/pytest -q -n $(WORKERS) tests/tidy

# Testers begin together, so in a fresh checkout each of them would compile all tests for itself.
collected: $(READY)
	@said=$$(nice $(BIN)/pytest -qq --collect-only --ignore=tests/tidy) || { echo "$$said"; exit 1; }

test: check ## check, then every test but the slow and the long ones
	$(BIN)/pytest -n $(TESTERS) --dist worksteal -m "not slow" --ignore=tests/tidy

test-slow: $(READY) ## whole journeys, long property runs, and every page in both themes and three widths
	INVOICES=$(INVOICES) $(BIN)/pytest -n $(TESTERS) --dist worksteal -m slow --ignore=tests/crash $(ARGS)

# In one run, so that all is collected once and what takes long keeps no tester waiting at the end.
test-merge: check ## test and test-slow at once, without the slow tests that .ci/run leaves out
	INVOICES=$(INVOICES) $(BIN)/pytest -n $(TESTERS) --dist worksteal -m "not at_length" --ignore=tests/tidy $(ARGS)

fuzz: $(READY) ## fuzz the bank's readers for SECONDS, led by coverage; ARGS=--again=… reads one input again
	$(BIN)/python plugins/bankfeed/tests/fuzz_readers.py --seconds=$(SECONDS) $(ARGS)

# The matrix in processes of its own, then real processes really killed; a replay runs the matrix alone.
crash: $(READY) ## kill it at every commit and request; ARGS=--seed=… brings a schedule back
	PYTHONPATH=tests/support $(BIN)/python tests/crash/matrix.py --workers=$(WORKERS) --records=$(RECORDS) \
		--schedules=$(SCHEDULES) --first=$(FIRST) $(ARGS)
	$(if $(ARGS),,EVERY=$(EVERY) $(BIN)/pytest -n $(WORKERS) --dist worksteal -m slow tests/crash $(LESS))

wheels: $(READY) ## build all distributions, install them elsewhere and use them there
	rm -rf dist
	for folder in $(DISTRIBUTIONS); do $(BIN)/python -m build --no-isolation --outdir dist $$folder || exit 1; done
	.ci/try-wheels

demo: $(READY) ## show everything with generated and sample data; ARGS=--once ends by itself
	@$(BIN)/raccord demo --data-dir var $(ARGS)

docs: $(READY) ## make the documentation's site in site/, in both languages
	DOCS_LANGUAGE=en $(BIN)/sphinx-build -W --keep-going -q -b html -d site/.cache/en docs site/en
	DOCS_LANGUAGE=fr $(BIN)/sphinx-build -W --keep-going -q -b html -d site/.cache/fr docs site/fr
	cp docs/site.html site/index.html

audit: $(READY) ## ask a public list of advisories about every pinned version; fails where nobody can tell
	$(BIN)/python .ci/audit.py

coverage-of-requirements: $(READY) ## print which requirements the tests prove
	@$(BIN)/python tests/tidy/print_requirements.py

clean: ## remove what was built, not the environment
	rm -rf dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find core web sandbox migrations plugins tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the environment too
	rm -rf .venv
