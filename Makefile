# Everything runs in .venv, which the first target that needs it makes.
# On a bare machine: Python 3.11 or newer with venv, and make. Nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN := $(BIN)/proteoclass
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest --doctest-modules proteoclass tests

# Two test processes share two cores: a numerical library that starts threads of its own
# in each of them only slows all of them down.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MPLBACKEND := Agg

.PHONY: help demo example test long check lint format type docs bench study compat coverage clean

help:  ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(READY): setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no python3 found; install Python 3.11 or newer" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than 3.11; pass PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "installing into $(VENV) (once)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(READY)  ## simulate a urine cohort, run the whole line on it, say where the reports lie
	$(RUN) simulate -o reports/demo-cohort --force
	$(RUN) run docs/demo-study.toml -o reports/demo --force --jobs $(JOBS)
	@echo
	@echo "SYNTHETIC data, reports in:"
	@echo "  reports/demo/study.html      reports/demo/study.pdf"
	@find reports/demo/patients -name '*.pdf' | sort | sed -n '1,2s/^/  /p'
	@echo "  and $$(find reports/demo/patients -name '*.pdf' | wc -l) patient reports in reports/demo/patients/"

example: $(READY)  ## rebuild the committed example and the picture in the README (needs pdftoppm)
	$(RUN) simulate -o reports/demo-cohort --force
	SOURCE_DATE_EPOCH=1795132800 $(RUN) run docs/demo-study.toml -o reports/demo --force --jobs $(JOBS)
	mkdir -p reports/example docs/images
	cp reports/demo/study.html reports/demo/study.pdf reports/example/
	cp reports/demo/patients/sim-p028-*.html reports/example/patient.html
	cp reports/demo/patients/sim-p028-*.pdf reports/example/patient.pdf
	pdftoppm -png -r 100 -f 1 -l 1 -singlefile reports/example/patient.pdf docs/images/patient-report

test: $(READY)  ## tests and the examples in the docstrings, under 5 minutes on two cores
	$(PYTEST) -n $(JOBS) --dist worksteal -m "not long"

long: $(READY)  ## studies over many seeds, a quarter of an hour on two idle cores
	$(PYTEST) -n $(JOBS) --dist worksteal -m long

check: lint type test  ## all of lint, type and test

lint: $(READY)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(READY)  ## mypy
	$(BIN)/python -m mypy

docs: $(READY)  ## run the examples in the docstrings, write docs/cli.md, formats.md and model-file.md
	$(BIN)/python -m pytest -q --doctest-modules proteoclass
	$(BIN)/python -m proteoclass.cli.reference > docs/cli.md.new
	mv docs/cli.md.new docs/cli.md
	$(BIN)/python -m proteoclass.cli.formats_page > docs/formats.md.new
	mv docs/formats.md.new docs/formats.md
	$(BIN)/python -m proteoclass.cli.model_page > docs/model-file.md.new
	mv docs/model-file.md.new docs/model-file.md

bench: $(READY)  ## speed and memory: benchmarks/bench_*.py
	@for file in $(wildcard benchmarks/bench_*.py); do echo "== $$file"; $(BIN)/python $$file; done

study: $(READY)  ## accuracy on simulated and public cohorts: benchmarks/study_*.py
	@for file in $(wildcard benchmarks/study_*.py); do echo "== $$file"; $(BIN)/python $$file; done

compat:  ## models trained under the oldest and the newest libraries, each under the other
	"$(PYTHON)" benchmarks/compat.py

coverage: $(READY)  ## tests with a coverage table
	$(PYTEST) -n $(JOBS) -m "not long" --cov --cov-report=term

clean:  ## remove .venv, caches, builds and the demo's folders
	rm -rf $(VENV) .compat build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	rm -rf reports/demo reports/demo-cohort
	find proteoclass tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
