# `make demo` and `make test` make the environment and install on first use.
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test lint
demo: $(VENV)/installed
	$(VENV)/bin/archlm predict archlm/examples/resnet18.onnx

test: $(VENV)/installed
	$(VENV)/bin/python -m pytest

lint: $(VENV)/installed
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
