"""A disagreement made smaller: rules, places, words and fields are left out while the two still disagree."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from contracts.decision import DecisionState
from contracts.report import Report
from routing_rules.engine.schema import Block, Route, Ruleset
from tests.routing_rules.engine.twin.comparing import Case, Disagreement, compare

KEPT = frozenset({"channels", "functions", "tiers", "tags", "responses", "kind_default"})


def smallest(found: Disagreement) -> Disagreement:
    """Return a disagreement over the same field from which nothing more can be left out."""
    shrunk = True
    while shrunk:
        shrunk = False
        for case in _smaller(found.case):
            again = _still(case, found.field)
            if again is not None:
                found, shrunk = again, True
                break
    return found


def _still(case: Case, field: str) -> Disagreement | None:
    try:
        again = compare(case)
    except Exception:  # something that the rest needs was left out
        return None
    return again if again is not None and again.field == field else None


def _smaller(case: Case) -> Iterator[Case]:
    for ruleset in _smaller_rulesets(case.ruleset):
        yield replace(case, ruleset=ruleset)
    if case.incident is None:
        for report in _smaller_reports(case.report):
            yield replace(case, report=report)
        return
    for report in _smaller_reports(case.incident.report):
        yield replace(case, incident=case.incident.model_copy(update={"report": report}))
    for name in ("areas", "about", "tags", "flags", "evidence"):
        if getattr(case.incident, name):
            yield replace(case, incident=case.incident.model_copy(update={name: ()}))
    for field in fields(DecisionState):
        state = case.state or DecisionState()
        plain = getattr(DecisionState(), field.name)
        if getattr(state, field.name) != plain:
            yield replace(case, state=replace(state, **{field.name: plain}))


def _smaller_rulesets(ruleset: Ruleset) -> Iterator[Ruleset]:
    for field in fields(Ruleset):
        value = getattr(ruleset, field.name)
        if field.name in KEPT:
            continue
        for fewer in _fewer(value):
            yield replace(ruleset, **{field.name: fewer})
    for name in ("routes", "overlays"):
        rules = getattr(ruleset, name)
        for n, rule in enumerate(rules):
            for simpler in _simpler(rule):
                yield replace(ruleset, **{name: (*rules[:n], simpler, *rules[n + 1 :])})


def _fewer(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for n in range(len(value)):
            if not (isinstance(value[n], Route) and value[n].fallback):
                yield (*value[:n], *value[n + 1 :])
    if isinstance(value, Mapping):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}


def _simpler(rule: Any) -> Iterator[Any]:
    for field in fields(rule):
        value = getattr(rule, field.name)
        for fewer in _fewer(value):
            if field.name != "when" or fewer:
                yield replace(rule, **{field.name: fewer})
    for name in ("when", "unless"):
        blocks = getattr(rule, name)
        for n, block in enumerate(blocks):
            for field in fields(Block):
                if field.name != "at" and getattr(block, field.name) is not None:
                    plain = replace(block, **{field.name: None})
                    yield replace(rule, **{name: (*blocks[:n], plain, *blocks[n + 1 :])})


def _smaller_reports(report: Report) -> Iterator[Report]:
    plain = Report(channel=report.channel, external_id=report.external_id)
    for name in Report.model_fields:
        if getattr(report, name) != getattr(plain, name):
            yield report.model_copy(update={name: getattr(plain, name)})
    for name in ("title", "text", "address"):
        said = getattr(report, name) or ""
        for n in range(len(said)):
            yield report.model_copy(update={name: said[:n] + said[n + 1 :]})
