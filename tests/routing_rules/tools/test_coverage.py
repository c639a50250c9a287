"""Coverage (G54): what counts as shown by a case, what doesn't, and how gates are judged."""

import string
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import HardRule, Kind, Milestone
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.schema import Block, Ruleset
from routing_rules.messages import coverage as messages
from routing_rules.tools.coverage import SHOWN, Coverage, Due, Gate, NearMiss, coverage, near_misses
from routing_rules.tools.testing import TestReport, run_tests

Run = Callable[..., TestReport]

_FIELDS = [field.name for field in fields(Block) if field.name != "at"]
RULESETS = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets"

BY_DAY = "{title: 门店放喇叭, text: 青石镇门店放喇叭}"
BY_NIGHT = "{title: 半夜放喇叭, text: 青石镇门店放喇叭}"


def case(report: str, expect: str, name: str = "一") -> str:
    return f"- name: {name}\n  report: {report}\n  expect: {expect}\n"


def misses(covered: Coverage, rule: str) -> set[tuple[int, str]]:
    return {(miss.block, miss.field) for miss in covered.near_misses.met if miss.rule == rule}


def changed(compiled: Compiled, route: str, **parts: object) -> Compiled:
    """The example county with one route changed."""
    routes = tuple(replace(r, **parts) if r.id == route else r for r in compiled.ruleset.routes)  # type: ignore[arg-type]
    return compile_ruleset(replace(compiled.ruleset, routes=routes))


def again(compiled: Compiled, cases: str) -> Coverage:
    head = 'given: {channel: hotline-12345, kind: complaint, received_at: "2026-05-12T10:00"}\n'
    return coverage(run_tests(compiled, {"tests/x.test.yaml": f"{head}cases:\n{cases}".encode()}))


def test_a_rule_is_asserted_where_a_passing_case_names_it(run: Run) -> None:
    covered = coverage(run(case(BY_NIGHT, "{route: hawking-after-hours, overlays: {includes: [inform-town]}}")))
    assert covered.rules.met == {"hawking-after-hours", "inform-town"}
    assert covered.rules.done == 2
    assert covered.rules.missing[:1] == ("flood",)
    assert coverage(run(case(BY_NIGHT, "{overlays: inform-town, lead: urban}"))).rules.met == {"inform-town"}


def test_a_rule_that_won_without_being_named_is_not_asserted(run: Run) -> None:
    assert coverage(run(case(BY_NIGHT, "{lead: urban, not: [hawking]}"))).rules.met == set()


def test_silence_asserted_names_the_fallback(run: Run) -> None:
    assert coverage(run(case("{title: 有件事}", "{fallback: true}"))).rules.met == {"fallback"}
    assert coverage(run(case(BY_NIGHT, "{fallback: false}"))).rules.met == set()


def test_nothing_of_a_case_that_failed_in_any_round_counts(run: Run) -> None:
    rounds = """
- name: 两轮
  report: {title: 半夜放喇叭, text: 青石镇门店放喇叭}
  rounds:
  - {expect: {route: hawking-after-hours, due: {acknowledge: "2026-05-12T13:00"}}}
  - {at: "2026-05-13T10:00", returned_by: urban, expect: {lead: urban}}
"""
    covered = coverage(run(rounds))
    assert (covered.rules.done, covered.near_misses.done, covered.leads.done, covered.dues.done) == (0, 0, 0, 0)


def test_a_condition_that_alone_failed_is_shown(run: Run) -> None:
    covered = coverage(run(case(BY_DAY, "{route: hawking}")))
    assert misses(covered, "hawking-after-hours") == {(1, "text")}


def test_two_conditions_that_failed_together_show_neither(run: Run) -> None:
    covered = coverage(run(case("{title: 有件事}", "{fallback: true}")))
    assert misses(covered, "hawking-after-hours") == set()
    assert misses(covered, "flood") == set()


def test_a_route_behind_the_winner_is_not_asked_so_nothing_is_shown_of_it(run: Run, compiled: Compiled) -> None:
    winner, behind = compiled.rules["hawking-after-hours"], compiled.rules["lake"]
    assert winner.order < behind.order  # type: ignore[union-attr]
    covered = coverage(run(case(BY_NIGHT, "{route: hawking-after-hours}")))
    assert misses(covered, "lake") == set()
    assert misses(covered, "hawking") == set()


def test_a_rule_that_holds_by_another_block_shows_nothing(compiled: Compiled) -> None:
    blocks = (Block(category=frozenset({"education"})), Block(category=frozenset({"noise"})))
    twice = changed(compiled, "hawking-after-hours", when=blocks)
    covered = again(twice, case(BY_NIGHT, "{route: hawking-after-hours}"))
    assert misses(covered, "hawking-after-hours") == set()
    alone = again(changed(compiled, "hawking-after-hours", when=blocks[:1]), case(BY_NIGHT, "{route: hawking}"))
    assert misses(alone, "hawking-after-hours") == {(0, "category")}


def test_a_rule_that_an_exception_keeps_away_shows_nothing(compiled: Compiled) -> None:
    excepted = changed(compiled, "hawking-after-hours", unless=(Block(channel=frozenset({"hotline-12345"})),))
    covered = again(excepted, case(BY_DAY, "{route: hawking}"))
    assert misses(covered, "hawking-after-hours") == set()


def test_a_condition_shown_is_one_whose_removal_changes_the_decision(run: Run, compiled: Compiled) -> None:
    cases = [
        (BY_DAY, "{route: hawking}"),
        (BY_NIGHT, "{route: hawking-after-hours}"),
        ("{title: 有件事}", "{fallback: true}"),
        ("{title: 门店放喇叭, text: 镜湖边门店放喇叭}", "{lead: urban}"),
    ]
    seen = 0
    for report, expect in cases:
        shown = [miss for miss in coverage(run(case(report, expect))).near_misses.met if _is_route(compiled, miss.rule)]
        before = run(case(report, expect)).results[0].decision
        for miss in shown:
            bare = _without(compiled.ruleset, miss)
            after = run_tests(bare, _file(case(report, expect))).results[0].decision
            assert before is not None
            assert after is not None
            assert after.route == miss.rule != before.route, miss
            seen += 1
    assert seen >= 3


def _is_route(compiled: Compiled, rule: str) -> bool:
    return any(route.id == rule for route in compiled.ruleset.routes)


def _file(cases: str) -> dict[str, bytes]:
    head = 'given: {channel: hotline-12345, kind: complaint, received_at: "2026-05-12T10:00"}\n'
    return {"tests/x.test.yaml": f"{head}cases:\n{cases}".encode()}


def _without(ruleset: Ruleset, miss: NearMiss) -> Compiled:
    """The ruleset with one condition taken out of one block."""

    def bare(rule: Any) -> Any:
        if rule.id != miss.rule:
            return rule
        blocks = enumerate(rule.when)
        return replace(rule, when=tuple(replace(b, **{miss.field: None}) if n == miss.block else b for n, b in blocks))

    routes, overlays = map(bare, ruleset.routes), map(bare, ruleset.overlays)
    return compile_ruleset(replace(ruleset, routes=tuple(routes), overlays=tuple(overlays)))


@pytest.mark.parametrize(("name", "least"), [("nyc", 50), ("hongze", 240)])
def test_no_condition_counts_as_shown_that_could_be_left_out(name: str, least: int) -> None:
    files = read_bundle(RULESETS / name)
    ruleset = load(files).ruleset
    assert ruleset is not None
    compiled = compile_ruleset(ruleset)
    seen: set[NearMiss] = set()
    for result in run_tests(compiled, files).results:
        decision, incident = result.decision, result.incident
        assert decision is not None
        assert incident is not None
        for miss in set(near_misses(result, compiled.rules.values(), compiled)) - seen:
            after = decide(incident, decision.state, _without(ruleset, miss), decision.now)
            assert miss.rule not in {decision.route, *decision.overlays}
            assert miss.rule in {after.route, *after.overlays}, miss
            seen.add(miss)
    assert len(seen) >= least


def test_rules_on_trial_or_off_are_told_beside_the_counts_and_are_in_none(
    compiled: Compiled, example: dict[str, bytes]
) -> None:
    file = "routes/20-topics.yaml"
    text = example[file].decode().replace("- id: lake\n", "- id: lake\n  status: trial\n")
    assert text != example[file].decode()
    ruleset = load({**example, file: text.encode()}).ruleset
    assert ruleset is not None
    covered = coverage(run_tests(compile_ruleset(ruleset), {}))
    assert covered.uncounted == ("lake",)
    assert "lake" not in covered.rules.of
    assert {miss.rule for miss in covered.near_misses.of}.isdisjoint({"lake"})
    assert covered.rules.total == len(compiled.rules) - 1


def test_every_field_of_every_block_is_asked_for_once(compiled: Compiled) -> None:
    of = coverage(run_tests(compiled, {})).near_misses.of
    blocks = [block for rule in compiled.rules.values() for block in rule.when]
    written = [name for block in blocks for name in _FIELDS if getattr(block, name) is not None]
    assert len(set(of)) == len(of) == len(written)


def test_hard_rules_leads_and_deadlines_are_counted(run: Run) -> None:
    rounds = """
- name: 两轮
  report: {title: 半夜放喇叭, text: 青石镇门店放喇叭}
  rounds:
  - {expect: {lead: urban, due: {acknowledge: "2026-05-12T13:00"}}}
  - {at: "2026-05-13T15:00", returned_by: urban, expect: {lead: centre}}
"""
    covered = coverage(run(rounds))
    assert covered.hard_rules.met == {HardRule.RETURNED}
    assert covered.hard_rules.of == tuple(HardRule)
    assert covered.leads.met == {"urban", "centre"}
    assert covered.dues.met == {Due(Kind.COMPLAINT, Milestone.ACKNOWLEDGE)}
    assert covered.dues.total == len(Kind) * len(Milestone)


@pytest.mark.parametrize(
    ("percent", "done", "total", "met", "needed"),
    [(100, 999, 1000, False, 1000), (100, 1000, 1000, True, 1000), (50, 1, 3, False, 2), (50, 2, 3, True, 2),
     (50, 1, 2, True, 1), (0, 0, 5, True, 0), (100, 0, 0, True, 0), (1, 0, 1000, False, 10)],
)  # fmt: skip
def test_a_gate_compares_whole_numbers(percent: int, done: int, total: int, met: bool, needed: int) -> None:
    gate = Gate("rules", percent, done, total)
    assert (gate.met, gate.needed) == (met, needed)


@given(st.integers(0, 100), st.integers(0, 400), st.data())
def test_a_gate_is_met_from_the_number_needed_on(percent: int, total: int, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, total))
    gate = Gate("near_miss", percent, done, total)
    assert gate.met == (done >= gate.needed)
    assert 0 <= gate.needed <= total


def gated(compiled: Compiled, cases: str, **gates: int) -> Coverage:
    return again(compile_ruleset(replace(compiled.ruleset, coverage=gates)), cases)


def test_a_ruleset_without_gates_has_none_that_is_not_met(run: Run) -> None:
    covered = coverage(run(case(BY_DAY, "{route: hawking}")))
    assert covered.gates == ()
    assert covered.passed


def test_gates_are_those_that_the_ruleset_sets(compiled: Compiled) -> None:
    cases = case(BY_DAY, "{route: hawking}")
    assert gated(compiled, cases, rules=1).passed
    assert not gated(compiled, cases, rules=100).passed
    assert not gated(compiled, cases, rules=1, near_miss=100).passed
    assert [gate.name for gate in gated(compiled, cases, near_miss=5).gates] == ["near_miss"]


def test_an_unmet_gate_lists_the_first_of_what_is_missing_and_counts_the_rest(compiled: Compiled) -> None:
    covered = gated(compiled, case(BY_DAY, "{route: hawking}"), rules=100, near_miss=100)
    missing = len(covered.rules.missing)
    assert missing > SHOWN
    (rules, near) = covered.text().splitlines()[-2:]
    assert rules.startswith(
        f"✗ 门槛：有用例点名的规则要 100%，即 {covered.rules.total} 项里至少 {covered.rules.total} 项"
    )
    assert f"差 {missing} 项" in rules
    assert rules.endswith(f"，另有 {missing - SHOWN} 处")
    assert rules.count("《") == SHOWN
    assert "第 1 种写法（渠道、类别、发生时间）" in near
    assert f"{missing} short" in covered.text("en")


def test_a_met_gate_says_so(compiled: Compiled) -> None:
    assert covered_lines(gated(compiled, case(BY_DAY, "{route: hawking}"), rules=1))[-1].startswith("✓ 门槛")


def covered_lines(covered: Coverage) -> list[str]:
    return covered.text().splitlines()


def test_the_record_lists_all_that_is_missing(run: Run) -> None:
    covered = coverage(run(case(BY_DAY, "{route: hawking}")))
    record = covered.record()
    assert record["rules"]["missing"] == list(covered.rules.missing)
    assert len(record["near_misses"]["missing"]) == covered.near_misses.total - covered.near_misses.done
    assert {"rule": "flood", "block": 0, "field": "mode"} in record["near_misses"]["missing"]
    assert record["dues"]["done"] == 0
    assert record["gates"] == []


def test_progress_tells_every_decision_looked_at(run: Run) -> None:
    told: list[tuple[int, int]] = []
    coverage(run(case(BY_DAY, "{route: hawking}") + case(BY_NIGHT, "{lead: urban}", "二")), _noting(told))
    assert told == [(1, 2), (2, 2)]


def _noting(told: list[tuple[int, int]]) -> Callable[[int, int], None]:
    return lambda done, total: told.append((done, total))


def test_every_sentence_is_there_in_both_languages_with_the_same_parts() -> None:
    for key in messages.MESSAGES:
        assert _parts(messages._TEXTS[key][0]) == _parts(messages._TEXTS[key][1]), key


def _parts(text: str) -> set[str]:
    fields: Iterable[str | None] = (name for _, name, _, _ in string.Formatter().parse(text))
    return {name for name in fields if name}
