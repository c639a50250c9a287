"""The smallest change: what is told is confirmed by deciding, one field is tried before two, nothing is made up."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.decision import DecisionState
from contracts.ids import incident_id
from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.decide import decide
from routing_rules.tools.explain import record, render
from routing_rules.tools.smallest import Change, smallest_change

NOW = datetime(2026, 5, 12, 2, tzinfo=UTC)


def changes(compiled: Compiled, name: str, **given: Any) -> tuple[Change, ...]:
    report = Report(channel="hotline-12345", external_id="1", **given)
    incident = compiled.interpreter.understand(report, incident_id(report.channel, "1"), NOW)
    return smallest_change(decide(incident, DecisionState(), compiled, NOW), incident, compiled, name)


def test_every_route_of_a_county_is_reached_from_a_blank_report_or_nothing_is_told(compiled: Compiled) -> None:
    found = {rule.id: changes(compiled, rule.id, title="x", text="x") for rule in compiled.ruleset.rules}
    reached = {rule for rule, made in found.items() if made}
    assert len(reached) * 2 > len(found)
    assert all(len(made) <= 2 for made in found.values())


def test_a_change_told_does_bring_the_report_there(compiled: Compiled) -> None:
    for rule in compiled.ruleset.routes:
        made = changes(compiled, rule.id, title="x", text="x")
        if not made or not {change.field for change in made} <= {"category", "jurisdiction", "kind", "channel"}:
            continue
        given = {"title": "x", "text": "x", "channel": "hotline-12345"} | {c.field: c.after for c in made}
        report = Report(external_id="1", **given)
        incident = compiled.interpreter.understand(report, incident_id(report.channel, "1"), NOW)
        assert decide(incident, DecisionState(), compiled, NOW).route == rule.id


def test_where_the_report_came_there_already_nothing_is_to_change(compiled: Compiled) -> None:
    assert changes(compiled, compiled.fallback.id, title="x", text="x") == ()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_explain_tells_the_change_and_json_holds_it(compiled: Compiled, language: str) -> None:
    report = Report(channel="hotline-12345", external_id="1", title="x", text="x")
    incident = compiled.interpreter.understand(report, incident_id(report.channel, "1"), NOW)
    decision = decide(incident, DecisionState(), compiled, NOW)
    name = next(rule.id for rule in compiled.ruleset.routes if changes(compiled, rule.id, title="x", text="x"))
    (first, *_) = smallest_change(decision, incident, compiled, name)
    assert first.after in render(decision, incident, compiled, language, name).splitlines()[-1]
    assert record(decision, incident, compiled, name)["why_not"]["smallest_change"][0]["after"] == first.after
