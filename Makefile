# `make reproduce`: the reduced-scale reproduction from nothing. `make help` lists the rest.
SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= python3
SCALE ?= quick
ifndef CORES
CORES := $(shell getconf _NPROCESSORS_ONLN)
endif
ifneq ($(SCALE),paper)
OVERLAY := --configfile config/$(SCALE).yaml
endif
BIN := .venv/bin
READY := .venv/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup reproduce report browse test test-all lint bench compare-trpo compare-planners trpo-variants pins

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(READY)  ## the environment in .venv

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit('mbmf needs Python 3.11 or newer; name one with PYTHON=...' if sys.version_info < (3, 11) else 0)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

reproduce: setup  ## every figure at quick scale, from nothing (SCALE=paper: days)
	snakemake --cores $(CORES) $(OVERLAY)
	@echo "Done. Figures: results/$(SCALE)/figures   executed notebooks: results/$(SCALE)/notebooks"

report: setup  ## one page of what is finished, results/quick/report.html; starts no run
	mbmf report --scale $(SCALE) --cores $(CORES)

browse: report  ## the same, served on 127.0.0.1
	mbmf browse --scale $(SCALE)

test: setup lint  ## all checks, and the tests that do not take long
	pytest --numprocesses=$(CORES) --dist=loadgroup -m "not long"

test-all: test  ## the long tests too: many kills, Slurm, other numbers of cores
	pytest --numprocesses=$(CORES) --dist=loadgroup -m long

lint: setup  ## formatting, style, types, notebooks without outputs
	ruff format --check src tests benchmarks examples
	ruff check src tests benchmarks examples
	mypy
	lint-imports
	snakefmt --check workflow
	nbstripout --verify workflow/notebooks/*.ipynb

bench: setup  ## time against peers and limits
	python benchmarks/run.py

trpo-variants: setup  ## what the speed of TRPO on the swimmer depends on
	python benchmarks/trpo_variants.py

compare-trpo: setup  ## returns of TRPO here and in sb3-contrib, at equal steps
	cd benchmarks && python trpo_learning.py

compare-planners: setup  ## returns of CEM and PETS here and in mbrl-lib, at equal steps
	cd benchmarks && python planners.py

pins: setup  ## write requirements.txt from what is installed
	{ sed -n '/^#/p' requirements.txt; pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.new
	mv requirements.new requirements.txt
