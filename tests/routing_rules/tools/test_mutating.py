"""Mutation of rules: every slip is one, what no test notices is told with its place, what changes nothing is apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.mutating.mutant import Operator
from routing_rules.tools.mutating.operators import mutants
from routing_rules.tools.mutating.running import _noticed, _steps, mutate
from routing_rules.tools.mutating.telling import records, text
from routing_rules.tools.testing import TestReport, run_tests

Run = Callable[..., TestReport]
NOISE = """
- name: a
  report: {title: x, text: x, category: noise, jurisdiction: "900100001"}
  expect: {lead: %s}
"""


def test_every_mutant_differs_from_its_rule_or_from_the_order(compiled: Compiled) -> None:
    for mutant in mutants(compiled):
        made = mutant.applied(compiled.ruleset, 1)
        before = (compiled.ruleset.routes, compiled.ruleset.overlays)
        assert (made.routes, made.overlays) != before, mutant
        assert made.hash != compiled.ruleset.hash
        assert made.routes[-1].fallback


def test_mutants_are_the_same_each_time_and_a_sample_is_drawn_by_its_seed(compiled: Compiled, run: Run) -> None:
    assert list(mutants(compiled)) == list(mutants(compiled))
    report = run(NOISE % "x", name="tests/none.test.yaml")
    drawn = [[each.mutant for each in mutate(report, 12, seed).tried] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) <= 12


def test_without_tests_nothing_is_noticed_and_every_slip_has_its_file_and_line(compiled: Compiled, run: Run) -> None:
    made = mutate(run("[]"))
    assert made.noticed == 0
    assert len(made.unnoticed) == len(made.tried) > 50
    assert not made.reaches(1)
    rules = {rule.id: rule for rule in compiled.ruleset.rules}
    assert all(each.at.file == rules[each.rule].at.file and each.at.line > 0 for each in made.unnoticed)


def test_every_acting_rule_but_the_fallback_is_taken_out_once(compiled: Compiled) -> None:
    gone = [mutant.rule for mutant in mutants(compiled) if mutant.operator is Operator.RULE]
    assert gone == [rule.id for rule in compiled.ruleset.rules if rule.id != compiled.fallback.id]


def test_all_that_is_tried_or_told_apart_adds_up(run: Run) -> None:
    made = mutate(run("[]"))
    assert len(made.tried) + len(made.same) == made.of
    assert sum(total for _, _, total in made.by_operator()) == len(made.tried)
    told = list(records(made, 90))
    assert told[-1]["tried"] == len(made.tried)
    assert told[-1]["enough"] is False
    assert len(told) == made.of + 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_no_test_notices_is_told_line_by_line_with_the_score_at_the_end(language: str, run: Run) -> None:
    report = run("[]")
    made = mutate(report, 30)
    lines = text(made, report.compiled, 90, language).splitlines()
    assert sum(line.startswith("\u2717") for line in lines) == len(made.unnoticed)
    assert f"0 / {len(made.tried)}" in lines[-1]
    assert all("{" not in line for line in lines)


def test_slips_said_to_change_nothing_change_no_decision_of_the_countys_tests(run: Run) -> None:
    files = read_bundle(Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets" / "hongze")
    loaded = load(files).ruleset
    assert loaded is not None
    county = compile_ruleset(loaded)
    report = run_tests(county, files)
    steps = _steps(report)
    same = [mutant for mutant in mutants(county) if mutant.same]
    assert len(same) > 50
    noticed = [mutant for n, mutant in enumerate(same) if _noticed(mutant, n, steps, county)]
    assert noticed == []
