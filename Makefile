# incidentbus: `make demo` shows it at work, `make test` proves it; both set up what they need. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do "$$p" -c '' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python

.PHONY: help preflight setup setup-dev demo demo-selfcheck test test-quick lint types contracts check docs-check \
        format editor faults faults-quick faults-selftest gate-mutants engine-mutants fuzz model bench bench-quick bench-compare bench-gate bench-rules bench-replay bench-supervise bench-verify verify-verify compiled compiled-test lock schemas docs \
        topics-files accuracy twin storylines clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

preflight:
	@test -n "$(PYTHON)" || { echo "preflight: FAIL no Python found: install Python 3.11 or newer"; exit 2; }
	@"$(PYTHON)" incidentbus/preflight.py

.venv/made: | preflight
	@echo "setup: making .venv"
	@"$(PYTHON)" -m venv .venv
	@touch .venv/made

.venv/runtime: .venv/made requirements/runtime.txt pyproject.toml
	@echo "setup: installing the locked packages (half a minute on an ordinary network)"
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch .venv/runtime

.venv/dev: .venv/runtime requirements/dev.txt
	@echo "setup: installing what the tests need"
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch .venv/dev

setup: .venv/runtime  ## .venv with what running needs
setup-dev: .venv/dev  ## .venv with what the tests need too

demo: preflight .venv/runtime  ## the main job on a real Kafka, with sample reports of four channels; KEEP=1 leaves it running
	@$(PY) -m incidentbus demo $(if $(KEEP),--keep)

demo-selfcheck: preflight .venv/runtime  ## plants one extra and one missing assignment: the witness must find both
	@$(PY) -m incidentbus demo --selfcheck

storylines: preflight .venv/runtime  ## every storyline through the whole bus at its own time; what differs from what it expects
	@$(PY) -m incidentbus storyline run tests/scenarios --brief $(ARGS)

test: .venv/dev  ## the whole suite, against the embedded broker; two processes, each with a broker of its own
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

# What is measured runs compiled, before the sources on the path; COMPILED=0 has it run from source. No path begins with
# the folder that one stands in: it would come before the compiled tree.
FAST = $(if $(filter 0,$(COMPILED)),PYTHONPATH="$(CURDIR)",PYTHONSAFEPATH=1 PYTHONPATH="$$(readlink -f build/compiled):$(CURDIR)")
FAST_TREE = $(if $(filter 0,$(COMPILED)),,compiled)

compiled: .venv/dev  ## the hot packages compiled into build/compiled (a minute, only where sources changed); needs gcc
	@$(PY) -m deploy.compiled.build

compiled-test: compiled  ## the engine, its twin, the processors and both rulesets, run compiled; decisions as from source
	@$(FAST) $(PY) -m deploy.compiled.prove

twin: .venv/dev  ## the engine and its slow twin on 20,000 decisions; prints what they were about
	@$(PY) -m pytest -q -s tests/routing_rules/engine/twin

test-quick: .venv/dev  ## what needs no broker
	@$(PY) -m pytest -m "not broker and not faults" $(ARGS)

lint: .venv/dev  ## ruff: style and format; file and function budgets
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tests/architecture/budgets.py

types: .venv/dev  ## mypy --strict
	@$(PY) -m mypy

contracts: .venv/dev  ## the house: who may import whom
	@$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"

check: lint types contracts  ## lint, types and contracts

docs-check: .venv/dev  ## what the documents claim: names, links, generated pages, commands shown
	@$(PY) -m pytest tests/docs -q

format: .venv/dev  ## let ruff write
	@$(PY) -m ruff check --fix -q . ; $(PY) -m ruff format .

gate-mutants: .venv/dev  ## take each cure of the runtime out; its test must fail with its symptom
	@$(PY) tests/gate_mutants/run.py

model: .venv/dev  ## the gate's protocol, every state up to a bound; each cure taken out must give a counter-example
	@$(PY) -m tests.model $(ARGS)

engine-mutants: .venv/dev  ## plant each bug in the rule engine; its slow twin must find it
	@$(PY) tests/engine_mutants/run.py

fuzz: .venv/dev  ## 200,000 mutated rulesets through load, lint, compile, decide; counts; half an hour. ARGS="--count 5000" is short
	@$(PY) -m tests.fuzz $(ARGS)

bench: .venv/dev $(FAST_TREE)  ## the bus beside Kafka Streams, Quix Streams and Faust, and how it grows; long
	@$(FAST) $(PY) -m tests.bench.bench_all $(ARGS)

bench-quick: .venv/dev $(FAST_TREE)  ## the same, short: fewer events and rounds, no growth
	@$(FAST) $(PY) -m tests.bench.bench_all --quick $(ARGS)

bench-compare: .venv/dev $(FAST_TREE)  ## dispatch here against the commit REF, in turn; a verdict that knows about noise
	@$(FAST) $(PY) -m tests.bench.bench_compare "$(REF)" $(if $(FAST_TREE),,--source) $(ARGS)

bench-gate: .venv/dev $(FAST_TREE)  ## events/s through dispatch against the ceiling of one transaction, in one run
	@$(FAST) $(PY) -m tests.bench.bench_gate $(ARGS)

bench-rules: .venv/dev $(FAST_TREE)  ## decisions/s with 10 to 10,000 rules, beside AWS event-ruler, against the goals; ARGS=--quick is short
	@$(FAST) $(PY) -m tests.bench.bench_rules $(ARGS)

bench-supervise: .venv/dev $(FAST_TREE)  ## a million open cases: facts/s, lateness of timers, bytes, kill -9; ARGS="--cases 200000" is short
	@$(FAST) $(PY) -m tests.bench.bench_supervise $(ARGS)

bench-replay: .venv/dev $(FAST_TREE)  ## decisions/s of a replay from a file, by one process and by two, beside deciding alone
	@$(FAST) $(PY) -m tests.bench.bench_replay $(ARGS)

bench-verify: .venv/dev  ## proving a ruleset of 123 to 2,000 routes: seconds, memory, and what a bound cuts off; three minutes
	@$(PY) -m tests.bench.bench_verify $(ARGS)

verify-verify: .venv/dev  ## verify against deciding every report, on 2,000 small rulesets; long
	@VERIFY_RULESETS=2000 $(PY) -m pytest -q tests/routing_rules/tools/verify/test_against_enumeration.py $(ARGS)

bench-surge: .venv/dev  ## surges over simulated years: false ones by month, and how soon true ones are told; a minute
	@$(PY) -m tests.bench.bench_surge --seed 1 --seed 2 --seed 3 $(ARGS)

editor: .venv/dev  ## help while typing in VS Code: schemas with the bundled rulesets' codes, wired in .vscode/
	@.venv/bin/incidentbus rules editor routing_rules/rulesets/hongze routing_rules/rulesets/nyc

faults: .venv/dev  ## the fault table: every row, 60,000 reports and more in each; some 40 minutes
	@$(PY) -m tests.faults $(ARGS)

faults-quick: .venv/dev  ## the same with a quarter of the reports and fewer faults, two rows at a time; stalls are only told; a dozen minutes
	@$(PY) -m tests.faults --quick --jobs 2 $(ARGS)

faults-selftest: .venv/dev  ## the table's witnesses over workers without one safeguard each: each must be seen
	@$(PY) -m tests.faults.selftest $(ARGS)

accuracy: .venv/dev  ## what the kept rulesets get right on texts they were not written from, with intervals
	@$(PY) -m tests.accuracy.run

topics-files: .venv/runtime  ## regenerate deploy/kafka from the registry and the ruleset
	@$(PY) -m incidentbus topics files deploy/kafka

docs: .venv/dev  ## rewrite the generated parts of the documents
	@$(PY) tests/docs/pages.py

schemas: .venv/runtime  ## regenerate contracts/schemas from the models
	@$(PY) -m incidentbus contracts schemas --write

lock: .venv/dev  ## remake the locked requirements, and the lock of the broker's jars
	@$(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml requirements/build.in -o requirements/runtime.txt
	@$(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt
	@$(PY) -m connectors.kafka.lock_jars

clean:  ## remove what demo and test made here; CACHE=1 also the Kafka that clones share
	@rm -rf .venv .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build/compiled*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@$(if $(CACHE),rm -rf "$${INCIDENTBUS_CACHE_DIR:-$$HOME/.cache/incidentbus}",echo "clean: the fetched Kafka stays in $${INCIDENTBUS_CACHE_DIR:-$$HOME/.cache/incidentbus}; make clean CACHE=1 removes it too")
