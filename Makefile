# make demo    set up, export the demo model with both reconstructions and render a sound of each
# make page    build the page of distill-run serve into the package (needs Node and npm)
# make test    set up what the tests need and run all of them
# make check   lint, format, types
# make bench   measure speed and memory against PyTorch and the machine's limits (docs/performance.md)
# make cuda    on a machine with an NVIDIA GPU: set up, and see what it does there (docs/performance.md)
# make structures  write down the structure of this exporter's graphs, for the runtime to know
# make fuzz   read hostile files for MINUTES=10, and keep what does harm (docs/security.md)
# make docs    write what the docs show of the programs: command lines, variants, rooms, a session, the
#              page of distill-run live
# make dist    build and check the wheel and the source distribution (CONTRIBUTING.md, "Release")
# make clean   remove what these made

PYTHON ?= python3.11
TORCH := torch==2.13.0
VENV := .venv
RUNTIME_VENV := .venv-runtime
OLDEST_VENV := .venv-oldest
NEWER_VENVS := .venv-newer
DIST_VENV := .venv-dist
CUDA_VENV := .venv-cuda
PAGE := distill_runtime/cli/serve/page
BIN := $(VENV)/bin
# Tests wait a part of their time, for servers, browsers and signals: one more than there are cores.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2) + 1 )))

.PHONY: demo page test check bench cuda structures docs dist clean fuzz

demo: $(VENV)/.export
	$(BIN)/distill-export artifacts/ambience.distill -o artifacts/ambience.onnx --force
	$(BIN)/distill-export artifacts/ambience.distill -o artifacts/ambience_refined.onnx --reconstruction refined --force
	$(BIN)/distill-run artifacts/ambience.onnx -d 10 --seed 7 -o artifacts/ambience_seed7.wav --force
	$(BIN)/distill-run artifacts/ambience_refined.onnx -d 10 --seed 7 -o artifacts/ambience_refined_seed7.wav --force
	@echo "Listen to artifacts/ambience_seed7.wav and artifacts/ambience_refined_seed7.wav"

# Only where npm is: without it all works but the page, and what the page needs says so.
PAGE_IF_NPM := $(if $(shell command -v npm),$(PAGE)/index.html)
PAGE_SOURCES = $(shell find hosts/js -name node_modules -prune -o -name types -prune -o -type f -print)

page: $(PAGE)/index.html

$(PAGE)/index.html: $(PAGE_SOURCES)
	rm -rf $(PAGE).new
	cd hosts/js && npm ci --no-audit --no-fund && npm run build -- --out '$(CURDIR)/$(PAGE).new'
	rm -rf $(PAGE)
	mv $(PAGE).new $(PAGE)
	touch $@

test: $(PAGE_IF_NPM)
test: $(VENV)/.dev $(RUNTIME_VENV)/.installed $(OLDEST_VENV)/.installed
test: $(NEWER_VENVS)/.installed $(DIST_VENV)/.installed
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# All in one: an environment with CUDA's libraries, the demo model's artifacts, the tests that only a
# GPU can pass, and its figures.
cuda: $(CUDA_VENV)/.installed
	for kind in 'cuda' 'cuda_int8 --precision int8' 'cuda_refined --reconstruction refined'; do \
		set -- $$kind && name=artifacts/ambience_$$1.onnx && shift && { test -f $$name || \
		$(CUDA_VENV)/bin/distill-export artifacts/ambience.distill -o $$name "$$@"; } || exit; \
	done
	ARTIFACTS="$$(echo artifacts/ambience_cuda*.onnx)" $(CUDA_VENV)/bin/pytest tests/cuda
	$(CUDA_VENV)/bin/python -m benchmarks.cuda artifacts/ambience_cuda*.onnx

structures: $(VENV)/.dev
	$(BIN)/python -m distill_export.verify.known_structures

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10)

docs: $(VENV)/.dev
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_variants.py
	$(BIN)/python docs/generate_rooms.py
	$(BIN)/python docs/generate_session.py
	$(BIN)/python docs/generate_live.py
	PYTHONPATH=. $(BIN)/python docs/generate_page.py

dist: $(PAGE_IF_NPM) $(DIST_VENV)/.installed
	rm -rf dist
	$(DIST_VENV)/bin/python .ci/dist.py $(if $(URL),--url '$(URL)') $(if $(FORGE),--forge '$(FORGE)')

clean:
	rm -rf $(VENV) $(RUNTIME_VENV) $(OLDEST_VENV) $(NEWER_VENVS) $(DIST_VENV) $(CUDA_VENV)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf hosts/js/node_modules hosts/js/types hosts/js/*.tgz
	find . -name __pycache__ -prune -exec rm -rf {} +
	find artifacts -type f ! -name README.md ! -name ambience.distill -delete
	rm -rf $(PAGE) $(PAGE).new

# The CPU build of torch comes first and by its exact version: a range fetches gigabytes of CUDA.
$(VENV)/.export: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/pip install --quiet $(TORCH)
	$(BIN)/pip install --quiet --editable '.[export,cpu]'
	touch $@

$(VENV)/.dev: $(VENV)/.export
	$(BIN)/pip install --quiet --editable '.[export,cpu,plot,live,serve,sofa,ray,dev]'
	touch $@

# CUDA's own libraries come as packages, where the system has none.
$(CUDA_VENV)/.installed: pyproject.toml
	test -x $(CUDA_VENV)/bin/python || $(PYTHON) -m venv $(CUDA_VENV)
	$(CUDA_VENV)/bin/python -c 'import torch' 2>/dev/null || $(CUDA_VENV)/bin/pip install --quiet $(TORCH)
	$(CUDA_VENV)/bin/pip install --quiet --editable '.[export,gpu]' 'onnxruntime-gpu[cuda,cudnn]' \
		pytest hypothesis filelock
	touch $@

# What the runtime installs of other packages, without the runtime itself.
RUNTIME_PACKAGES = $$($(PYTHON) -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['cpu'])")

# An environment as a musician's app has it: no torch, no onnx, no distill_export.
$(RUNTIME_VENV)/.installed: pyproject.toml
	test -x $(RUNTIME_VENV)/bin/python || $(PYTHON) -m venv $(RUNTIME_VENV)
	$(RUNTIME_VENV)/bin/pip install --quiet $(RUNTIME_PACKAGES)
	touch $@

# The same with the oldest onnxruntime that is supported, which knows no numpy 2.
$(OLDEST_VENV)/.installed: pyproject.toml
	test -x $(OLDEST_VENV)/bin/python || $(PYTHON) -m venv $(OLDEST_VENV)
	$(OLDEST_VENV)/bin/pip install --quiet $(RUNTIME_PACKAGES) 'onnxruntime==1.15.0' 'numpy<2'
	touch $@

# The runtime's on every newer Python that this machine has, on the path or in pyenv, whose shims stand
# for Pythons that they do not run.
NEWER_PYTHONS = $(foreach version,3.12 3.13 3.14,$(firstword \
	$(shell python$(version) -c 'import sys; print(sys.executable)' 2>/dev/null) \
	$(wildcard $(HOME)/.pyenv/versions/$(version).*/bin/python)))

$(NEWER_VENVS)/.installed: pyproject.toml
	mkdir -p $(NEWER_VENVS)
	for python in $(NEWER_PYTHONS); do \
		venv=$(NEWER_VENVS)/$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') && \
		{ test -x $$venv/bin/python || $$python -m venv $$venv; } && \
		$$venv/bin/pip install --quiet $(RUNTIME_PACKAGES) || exit; \
	done
	touch $@

# What builds and checks the distributions, with the oldest hatchling that pyproject.toml accepts.
OLDEST_HATCHLING = $(shell sed -n 's/^requires = \["hatchling>=\(.*\)"\]/hatchling==\1/p' pyproject.toml)

$(DIST_VENV)/.installed: pyproject.toml
	test -x $(DIST_VENV)/bin/python || $(PYTHON) -m venv $(DIST_VENV)
	$(DIST_VENV)/bin/pip install --quiet build check-wheel-contents twine $(OLDEST_HATCHLING)
	touch $@
