# Every target does all its own set-up. `make help` lists them.
.DEFAULT_GOAL := help
BIN := .venv/bin
export OMP_WAIT_POLICY := passive
# The tests start a thousand processes: without byte code each would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test suite soak check unit integration format lock terraform mutations sizes tools up clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: .venv/ready  ## Build .venv from the lock, with uv where there is one, else pip

.venv/ready: requirements/dev.txt pyproject.toml scripts/setup
	@scripts/setup
	@touch $@

demo: setup  ## A year through the whole local cloud, at speed: simulated, or DATA=../shared/data
	@$(BIN)/vigil demo $(if $(DATA),--data $(DATA))

# Files in their own order, the slow ones first. tests/conftest.py says how many workers.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

test: setup  ## All checks and all tests but the long ones
	@$(MAKE) --no-print-directory -j 2 check suite

suite: setup
	$(BIN)/pytest $(PARALLEL)

soak: setup  ## The long tests, part by part; PART=machine for one of them
	@$(BIN)/python scripts/soak.py $(PART)

check: setup  ## Format, lint, types, layers: what pre-commit and CI call
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup  ## The tests that need no local cloud
	$(BIN)/pytest tests/unit

integration: setup  ## The tests that start the local cloud and the real function processes
	$(BIN)/pytest $(PARALLEL) tests/integration tests/faults tests/end_to_end

format: setup  ## Format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup  ## Lock the dependencies anew: dev.txt, one file per function, the peer's
	@scripts/lock

terraform: setup  ## Terraform's files, the functions' zips, the build file: without Google
	$(BIN)/pytest tests/terraform

mutations: setup  ## Make mistakes in Terraform's files, one by one, and see that a test sees each
	PYTHONPATH=tests $(BIN)/python -m terraform.mutations

sizes: setup  ## Zip and install each function by itself; print sizes and seconds
	@$(BIN)/python scripts/staged.py

tools: setup  ## Install checkov beside .venv; a test uses it when it is there
	@scripts/tools

up: setup  ## Run the local cloud in the foreground
	@$(BIN)/vigil up

clean:  ## Remove what was built and the local cloud's state
	rm -rf .venv .vigil .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
