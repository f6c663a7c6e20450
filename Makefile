# make demo   the whole story on samples; sets up all it needs
# make test   linters, types, architecture, generated files, all tests; sets up all it needs
# make crash  the long form of the kill tests, with a report and its seed
# make bench  the benchmark with table and plot, an hour or two; BENCH=--short takes minutes
# make machine  the long form of the machine that does 2,000 operations and compares with a model
# make fuzz   hostile input by chance, MINUTES=3; SEED=… repeats a run
# make docs   write the generated parts of docs, code lists, rules and samples anew

VENV ?= .venv
BIN = $(VENV)/bin
GENERATED_DOCS = docs/flow.md docs/messages.md docs/codes.md docs/cli.md docs/simulator.md docs/operations.md docs/security.md

.PHONY: demo test lint docs crash machine bench fuzz clean

demo:
	@VENV=$(VENV) tools/setup.sh demo
	@$(BIN)/edi demo

test:
	@VENV=$(VENV) tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check --diff $(GENERATED_DOCS)
	$(BIN)/python -m tools.make_codes --check
	$(BIN)/python -m tools.make_rules --check
	$(BIN)/python -m tools.make_samples --check

docs:
	$(BIN)/python -m tools.make_codes
	$(BIN)/python -m tools.make_rules
	$(BIN)/python -m tools.make_samples
	$(BIN)/cog -r $(GENERATED_DOCS)

crash:
	@VENV=$(VENV) tools/setup.sh test
	$(BIN)/python -m tests.crash --report crash-report.txt

machine:
	@VENV=$(VENV) tools/setup.sh test
	$(BIN)/python -m tests.system.exchange_machine --operations 2000

bench:
	@VENV=$(VENV) tools/setup.sh bench
	$(BIN)/python -m bench $(BENCH) --to bench-report.md --json bench-report.json
	$(BIN)/python -m bench.plot bench-report.json

fuzz:
	@VENV=$(VENV) tools/setup.sh test
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),3) $(addprefix --seed ,$(SEED))

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
