# Two commands do all the set-up: `make demo` and `make test`. They need Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint samples rules verdicts fields wireshark docs bench soak dist pins clean

# On a terminal the samples open in the UI, elsewhere their verdicts are printed. A sample that fails is meant to:
# exit code 1 of `keyshark validate` is no failure of the demo.
demo: $(VENV)/.installed
	@chmod 600 sample_pcaps/*/keyring.toml # git does not keep it, and keyshark warns of keyrings that others can read
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(BIN)/keyshark open sample_pcaps; \
	else \
		$(BIN)/keyshark validate sample_pcaps || [ $$? -eq 1 ]; \
	fi

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Write the sample captures and their golden reports anew.
samples: $(VENV)/.installed-dev
	$(BIN)/python -m sample_pcaps.make
	$(BIN)/python -m sample_pcaps.golden

# Write docs/rules.md from the catalogue.
rules: $(VENV)/.installed-dev
	$(BIN)/keyshark rules --format markdown > docs/rules.md

# Write docs/verdicts.md from the golden reports.
verdicts: $(VENV)/.installed-dev
	$(BIN)/python -m sample_pcaps.verdicts

# Write docs/dissectors from the fields of the dissectors.
fields: $(VENV)/.installed-dev
	@mkdir -p docs/dissectors
	for name in $$($(BIN)/python -c 'from dissectors.catalogue import fields; print(*{f.protocol for f in fields().values()})'); do \
		$(BIN)/keyshark fields $$name --format markdown > docs/dissectors/$$name.md; \
	done

# Write docs/wireshark.md: where our fields and those of tshark agree, and where not. Takes about a minute.
wireshark: $(VENV)/.installed-dev
	$(BIN)/python -m sample_pcaps.wireshark

# Build sdist, wheel, zipapp, man pages, completions and SBOM into dist, and see that they work in clean environments.
dist: $(VENV)/.installed-dist
	PYTHONPATH=$(CURDIR) $(BIN)/python packaging/release.py

# Write the versions that the container image has, the newest of now, into packaging/container.txt.
pins: $(VENV)/.installed-dist
	$(BIN)/uv pip compile --quiet --upgrade --no-annotate --no-header --python-version 3.11 --python-platform linux \
		--extra brotli --extra cluster --extra metrics --extra remote --output-file packaging/container.txt pyproject.toml

# Build the site of the documents into build/site; a link that leads nowhere is an error.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

# Measure against tcpdump, sngrep and tshark on large captures, which are written to BENCH on first use (about 4 GB).
# Then measure what a message costs to dissect, a packet of media to verify, how both grow with UEs, the list of all
# frames in the UI, and many small captures.
BENCH ?= build/bench
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.generate $(BENCH)
	$(BIN)/python -m benchmarks.run $(BENCH)
	$(BIN)/python -m benchmarks.messages
	$(BIN)/python -m benchmarks.media
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.frames $(BENCH)
	$(BIN)/python -m benchmarks.many $(BENCH)/many

# Read a stream that is far larger than memory, and see that memory does not grow.
GIGABYTES ?= 5
soak: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.soak $(GIGABYTES)

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "keyshark needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dist: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dist]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
