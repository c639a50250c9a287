"""Conditions: whether a block holds of an incident (G5, G6, and the table of RULE-LANGUAGE §3)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import cel

from contracts.decision import ConditionEvidence
from routing_rules.engine.reference.clock import WEEK, is_workday, local, time_holds
from routing_rules.engine.reference.situation import Situation
from routing_rules.engine.reference.texts import found_at, normal
from routing_rules.engine.reference.trees import category_within, upward
from routing_rules.engine.schema import AgencyRef, Block, Overlay, RoleRef, Route, Target, TextCondition

LAST = ("occurred_at", "received_at", "expr")
"""Asked when everything else in their block holds, for what they meet (a year without calendar, an error) is told."""


def holding_block(rule: Route | Overlay, here: Situation) -> int | None:
    """Return which `when` block of a rule holds, 0 where it has none; None where the rule doesn't apply."""
    for number, block in enumerate(rule.when or (Block(),)):
        if block_holds(block, here, rule.id) and not any(block_holds(out, here, rule.id) for out in rule.unless):
            return number
    return None


def block_holds(block: Block, here: Situation, rule: str) -> bool:
    """Say whether every field that the block gives holds."""
    given = asked_fields(block)
    for name in sorted(given, key=lambda name: LAST.index(name) if name in LAST else -1):
        if name == "expr":
            if not _expression_holds(given[name], here, rule):
                return False
        elif not FIELDS[name](given[name], here):
            return False
    return True


def asked_fields(block: Block) -> dict[str, Any]:
    """Return the fields that a block gives, with what it asks of each."""
    return {name: getattr(block, name) for name in (*FIELDS, "expr") if getattr(block, name) is not None}


def _text_holds(asked: TextCondition, here: Situation) -> bool:
    found = _words_found(asked, here)
    if asked.any and not any(word in found for word in asked.any):
        return False
    if not all(word in found for word in asked.all):
        return False
    return not any(word in found for word in asked.none)


def _words_found(asked: TextCondition, here: Situation) -> list[str]:
    """Return which of the words stand in the fields asked, each field searched by itself."""
    report = here.incident.report
    forms = []
    if asked.where in {"title", "both"}:
        forms.append(normal(report.title))
    if asked.where in {"text", "both"}:
        forms.append(normal(report.text))
    words = dict.fromkeys((*asked.any, *asked.all, *asked.none))
    return [word for word in words if any(found_at(word, form) for form in forms)]


def _meant(targets: tuple[Target, ...], codes: tuple[str, ...], here: Situation) -> bool:
    """Say whether one of the agencies is one of those named, by code or as any agency of a function."""
    for target in targets:
        for code in codes:
            if isinstance(target, AgencyRef) and target.code == code:
                return True
            agency = here.ruleset.agencies.get(code)
            if not isinstance(target, RoleRef) or agency is None:
                continue
            if target.function == agency.function and target.tier in {None, agency.tier}:
                return True
    return False


def _attributes_hold(asked: Any, here: Situation) -> bool:
    had = here.incident.report.attributes
    return all(name in had and normal(had[name]) in values for name, values in asked.items())


def absent(here: Situation) -> set[str]:
    """Return which of the fields that `missing` may ask for the incident lacks."""
    report = here.incident.report
    lacking = {
        "occurred_at": report.occurred_at is None and report.occurred_on is None,
        "point": report.point is None,
        "address": not report.address,
        "about": not here.about,
    }
    return {name for name, lacks in lacking.items() if lacks}


def _occurred(here: Situation) -> tuple[datetime | None, date | None]:
    return here.incident.report.occurred_at, here.incident.report.occurred_on


FIELDS: dict[str, Callable[[Any, Situation], bool]] = {
    "channel": lambda v, s: s.incident.report.channel in v,
    "kind": lambda v, s: s.incident.kind in v,
    "urgency": lambda v, s: s.incident.urgency in v,
    "reporter": lambda v, s: s.incident.report.reporter.kind in v,
    "category": lambda v, s: any(category_within(s.incident.category, node) for node in v),
    "jurisdiction": lambda v, s: any(code in v for code in upward(s.incident.jurisdiction, s.ruleset)),
    "located_by": lambda v, s: s.incident.located_by in v,
    "classified_by": lambda v, s: s.incident.classified_by in v,
    "area": lambda v, s: any(area in v for area in s.incident.areas),
    "mode": lambda v, s: s.mode in v,
    "response": lambda v, s: any(response in v for response in s.responses),
    "response_level": lambda v, s: s.level in v,
    "occurred_at": lambda v, s: time_holds(v, *_occurred(s), s.ruleset, s.gaps),
    "received_at": lambda v, s: time_holds(v, s.incident.received_at, None, s.ruleset, s.gaps),
    "text": _text_holds,
    "about": lambda v, s: _meant(v, s.about, s),
    "reporters": lambda v, s: s.state.reporters >= v,
    "reports": lambda v, s: s.state.reports >= v,
    "tags": lambda v, s: any(tag in v for tag in s.incident.tags),
    "attributes": _attributes_hold,
    "lead": lambda v, s: s.lead is not None and _meant(v, (s.lead,), s),
    "missing": lambda v, s: v <= absent(s),
}


def _expression_holds(source: str, here: Situation, rule: str) -> bool:
    """Evaluate an expression; whatever goes wrong means that it doesn't hold, and is told (G14)."""
    try:
        program = cel.compile(source)
        if "workday" in program.variables():
            _note_gap(here)
        answer = program.execute(_variables(here))
    except Exception:  # cel raises half a dozen kinds
        answer = None
    if not isinstance(answer, bool):
        here.errors.append(rule)
        return False
    return answer


def _note_gap(here: Situation) -> None:
    year = local(here.incident.received_at, here.ruleset).year
    if (here.ruleset.calendar, year) not in here.ruleset.calendars:
        here.gaps.add(year)


def _variables(here: Situation) -> dict[str, Any]:
    incident, report = here.incident, here.incident.report
    title, text = normal(report.title), normal(report.text)
    received = local(incident.received_at, here.ruleset)
    occurred = report.occurred_at
    return {
        "title": title,
        "text": text,
        "title_length": len(title),
        "text_length": len(text),
        "channel": report.channel,
        "kind": incident.kind.value,
        "category": incident.category,
        "jurisdiction": incident.jurisdiction,
        "areas": list(incident.areas),
        "urgency": incident.urgency.value,
        "mode": here.mode.value,
        "responses": list(here.responses),
        "tags": list(incident.tags),
        "about": list(here.about),
        "attributes": {name: normal(value) for name, value in report.attributes.items()},
        "reporters": here.state.reporters,
        "reports": here.state.reports,
        "occurred_hour": -1 if occurred is None else local(occurred, here.ruleset).hour,
        "received_hour": received.hour,
        "weekday": WEEK[received.weekday()],
        "workday": is_workday(received.date(), here.ruleset),
    }


def evidence_of(block: Block, here: Situation) -> tuple[ConditionEvidence, ...]:
    """Return what the incident has for each field that the block asks: codes and rule words, never the text."""
    return tuple(ConditionEvidence(name, _had(name, asked, here)) for name, asked in asked_fields(block).items())


def _had(name: str, asked: Any, here: Situation) -> str:
    incident, report = here.incident, here.incident.report
    shown: dict[str, Callable[[], Any]] = {
        "channel": lambda: report.channel,
        "kind": lambda: incident.kind.value,
        "urgency": lambda: incident.urgency.value,
        "reporter": lambda: report.reporter.kind.value,
        "category": lambda: incident.category,
        "jurisdiction": lambda: incident.jurisdiction,
        "located_by": lambda: incident.located_by.value,
        "classified_by": lambda: incident.classified_by.value,
        "area": lambda: ",".join(incident.areas),
        "mode": lambda: here.mode.value,
        "response": lambda: ",".join(here.responses),
        "response_level": lambda: "" if here.level is None else str(here.level),
        "occurred_at": lambda: _clock(*_occurred(here), here),
        "received_at": lambda: _clock(incident.received_at, None, here),
        "text": lambda: ",".join(_words_found(asked, here)),
        "about": lambda: ",".join(here.about),
        "reporters": lambda: str(here.state.reporters),
        "reports": lambda: str(here.state.reports),
        "tags": lambda: ",".join(tag for tag in incident.tags if tag in asked),
        "attributes": lambda: ",".join(f"{key}={normal(report.attributes[key])}" for key in asked),
        "lead": lambda: here.lead or "",
        "missing": lambda: ",".join(sorted(asked)),
        "expr": lambda: asked,
    }
    return str(shown[name]())


def _clock(moment: datetime | None, day: date | None, here: Situation) -> str:
    if moment is not None:
        return local(moment, here.ruleset).strftime("%Y-%m-%dT%H:%M")
    return "" if day is None else day.isoformat()
