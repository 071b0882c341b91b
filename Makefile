# `make search` and `make test` need nothing but Python >= 3.11, git and make: each installs what it needs first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP = $(VENV)/.installed-$(EXTRAS)
VARIANT ?= templates/naive.py
HOURS ?=
OPTIONS ?=
EXTRAS ?= dev
TESTS ?=

.PHONY: help install search report screenshots test test-fast lint house bench gpu-first seed-table evaluate clean

help:
	@echo "make install    a virtual environment in $(VENV) with everything in it; EXTRAS=dev,ray adds Ray"
	@echo "make search     install, then search for better variants; HOURS=8, OPTIONS=\"--review ...\""
	@echo "make report     install, then show what was found in the browser, and keep it up to date"
	@echo "make test       install, then run all tests, several at once; TESTS=\"tests/cli -k version\" runs some"
	@echo "make test-fast  install, then run the tests for daily work, without the slow ones"
	@echo "make evaluate   install, then train and score VARIANT=$(VARIANT)"
	@echo "make bench      install, then the benchmarks: medians and ratios"
	@echo "make gpu-first  install, then what to ask of a GPU in its first quarter of an hour; docs/gpu.md"
	@echo "make seed-table install, then measure what is missing of the known systems; OPTIONS=\"--hours 1 --task Memorize\""
	@echo "make screenshots install, then the pictures in docs/; needs Chromium"
	@echo "make lint       install, then ruff and mypy"
	@echo "make house      install, then print the rooms of agent/, their floors and the imports between them"
	@echo "make clean      remove $(VENV)"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --editable ".[$(EXTRAS)]" --constraint constraints.txt
	@touch $(STAMP)

search: $(STAMP)
	$(RUN) -m agent search $(if $(HOURS),--hours $(HOURS)) $(OPTIONS)

report: $(STAMP)
	$(RUN) -m agent report --serve --open $(OPTIONS)

screenshots: $(STAMP)
	$(RUN) tests/support/screenshots.py

# The program takes UTF-8 by itself whatever the locale is; pytest is told.
TESTING = PYTHONUTF8=1 $(RUN) -m pytest -n auto --maxprocesses 8 --dist loadgroup

test: $(STAMP)
	$(TESTING) $(TESTS)

test-fast: $(STAMP)
	$(TESTING) -m "not slow" $(TESTS)

lint: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

house: $(STAMP)
	$(RUN) tests/support/house.py

seed-table: $(STAMP)
	$(RUN) -m agent.study table --protocol mad $(OPTIONS)

gpu-first: $(STAMP)
	$(RUN) -m benchmarks.first_on_gpu $(OPTIONS)

bench: $(STAMP)
	$(RUN) -m benchmarks

evaluate: $(STAMP)
	$(RUN) -m agent evaluate $(VARIANT)

clean:
	rm -rf $(VENV)
