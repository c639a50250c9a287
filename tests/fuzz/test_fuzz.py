"""The fuzzer's short form, the rulesets made to choke a reader, and the defects that mutated rulesets once showed."""

import argparse
import multiprocessing
import resource
import time
from typing import Any

import pytest

from routing_rules.engine.loader import load
from tests.fuzz.__main__ import SLICES, fuzz, mutant
from tests.fuzz.extremes import CPU_SECONDS, EXTREMES, MEMORY
from tests.fuzz.slices import bases, bundle

FEW = 300
FEWER_SLICES = 12


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"count": FEW, "seed": 7, "processes": 1, "minutes": 5.0, **given})


def test_mutated_rulesets_are_refused_or_decide_and_nothing_else() -> None:
    total = fuzz(options())
    assert total.failures == []
    assert total.done == FEW
    assert total.tally.stages["decided"] > FEW // 10
    assert total.tally.stages["refused by load"] > FEW // 10
    assert total.tally.decisions > total.tally.stages["decided"]


def test_the_same_seed_makes_the_same_mutants_and_another_makes_others() -> None:
    cuts = bases(FEWER_SLICES, 1)
    assert [mutant(n, 1, cuts) for n in range(1, 20)] == [mutant(n, 1, bases(FEWER_SLICES, 1)) for n in range(1, 20)]
    assert [mutant(n, 1, cuts) for n in range(1, 20)] != [mutant(n, 2, cuts) for n in range(1, 20)]


def test_slices_of_both_counties_load_by_themselves() -> None:
    loaded = [load(bundle(cut)).ruleset for cut in bases(SLICES // 3, 5)]
    assert {ruleset.id for ruleset in loaded if ruleset is not None} == {"hongze", "nyc"}
    assert None not in loaded


def test_a_defect_planted_in_the_loader_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tests.fuzz.pipeline.decide", broken)
    total = fuzz(options(count=60))
    assert total.failures
    assert all("ZeroDivisionError" in told for _, told in total.failures)


def _measured(name: str, out: Any) -> None:
    files = EXTREMES[name][0]()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    began = time.process_time()
    loaded = load(files)
    out.put((sorted({finding.code for finding in loaded.errors}), loaded.ruleset is None, time.process_time() - began))


@pytest.mark.parametrize("name", EXTREMES)
def test_what_is_made_to_choke_a_reader_comes_to_a_finding_in_time_and_memory(name: str) -> None:
    context = multiprocessing.get_context("fork")
    out = context.SimpleQueue()
    process = context.Process(target=_measured, args=(name, out))
    process.start()
    process.join()
    assert process.exitcode == 0
    codes, refused, seconds = out.get()
    assert refused
    assert EXTREMES[name][1] in codes
    assert seconds < CPU_SECONDS


def test_a_ruleset_without_routes_is_refused_for_it_has_no_fallback() -> None:
    cut = dict(bases(FEWER_SLICES, 1)[0])
    overlays = {"owner": "command", "overlays": [{"id": "x", "title": "x", "add": {"urgency": "urgent"}}]}
    for only in (overlays, {"owner": "command"}):
        cut = {file: tree for file, tree in cut.items() if not file.startswith("routes/")} | {"routes/99-x.yaml": only}
        loaded = load(bundle(cut))
        assert loaded.ruleset is None
        assert "RR133" in {finding.code for finding in loaded.errors}
