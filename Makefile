# Everything here works in a fresh clone and needs only make and Python 3.11 or newer.
# The environment is built in .venv once, and again when pyproject.toml changes.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench proof clean

# Another interpreter: make test PYTHON=/path/to/python3.12
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1 - \2/'

demo: $(READY) ## Play the TripBuilder scenario against a local stand-in of GoHighLevel
	@$(BIN)/crosstie demo tripbuilder --script

test: $(READY) ## Run all tests; print the branch coverage of core and engine, and what was skipped
	@$(BIN)/python .ci/tests.py

check: $(READY) ## Formatting, lint, types, and which floor may import which
	@failed=0; \
	for tool in "ruff format --check" "ruff check" mypy "lint-imports --no-cache"; do \
	  echo "--- $$tool"; $(BIN)/$$tool || failed=1; \
	done; \
	exit $$failed

bench: $(READY) ## Measure; print a table and write bench.json
	@$(BIN)/python tests/bench/run.py

proof: $(READY) ## Play it all on every core, and write docs/proof.md: half an hour or so
	@$(BIN)/python tests/simulation/proof.py

clean: ## Remove the environment and everything that was built or cached
	rm -rf $(VENV) .venv-* build dist .coverage* bench.json
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@set -eu; \
	fits='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	chosen=; \
	for python in $${PYTHON:-$(BIN)/python python3 python3.13 python3.12 python3.11 python3.14}; do \
	  if "$$python" -c "$$fits" >/dev/null 2>&1; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "no Python 3.11 or newer with the venv module was found ($${PYTHON:-python3 is $$(python3 --version 2>&1)})"; \
	  echo "fix: install Python 3.11+ (on Debian and Ubuntu also python3-venv), or name one: make PYTHON=/path/to/python3.12"; \
	  exit 3; \
	fi >&2; \
	if [ "$$chosen" != "$(BIN)/python" ]; then \
	  echo "building $(VENV) with $$("$$chosen" --version), a minute or so"; \
	  "$$chosen" -m venv --clear $(VENV); \
	fi; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'; \
	touch $(READY)
