# make lab    open JupyterLab on the map of lessons     (ARGS="--no-browser --port 8899" go to JupyterLab)
# make test   run the whole test suite                  (ARGS="-k copy" go to pytest; JOBS=0: one file after another, else three at once)
# make tour   walk every lesson without a notebook
# make lint   formatting, rules and types
# make docs   the site of the docs, in site/; a broken link fails
# make bench  the benchmarks: each prints ratios
JOBS ?= 3
.PHONY: lab test tour lint docs bench clean

lab:
	@scripts/setup lab
	@.venv/bin/dockyard lab $(ARGS)

tour:
	@scripts/setup lab
	@.venv/bin/dockyard tour $(ARGS)

test:
	@scripts/setup test
	@.venv/bin/pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder $(ARGS)

lint:
	@scripts/setup test
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

docs:
	@scripts/setup test
	@.venv/bin/zensical build --strict --clean

bench:
	@scripts/setup test
	@for each in benchmarks/*.py; do echo "== $$each"; .venv/bin/python "$$each" || exit 1; done

clean:
	rm -rf .venv build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
