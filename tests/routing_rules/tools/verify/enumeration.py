"""Brute force: every report of a small county's domain decided one by one, and what that says of the rules.

The slow other way to each claim of verify. Fields that no rule of the ruleset asks about, and that name no agency, have
one value; the rest have every value that some condition can tell apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

from contracts.codes import Kind, Mode
from contracts.decision import Decision, DecisionState, ModeRecord
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.conditions import holds
from routing_rules.engine.decide import decide
from routing_rules.engine.leading import Case, asked, open_case
from routing_rules.engine.schema import Block, Overlay, Route, Target

NOON = datetime(2026, 5, 12, 4, tzinfo=UTC)
WORDS = ("alpha", "bravo")
FREE = ("words", "night")
OTHERS: Mapping[str, tuple[Any, ...]] = {
    "kind": (Kind.TIP, Kind.HELP, Kind.PRAISE),
    "tags": ((), ("school",)),
    "words": ("-", "alpha", "bravo", "alpha / bravo"),
    "mode": ("routine", "emergency", "flood"),
    "night": (False, True),
    "reporters": (1, 3),
    "address": (None, "-"),
}
FIELDS = {"text": "words", "received_at": "night", "response": "mode", "missing": "address"}


class Cell(NamedTuple):
    """One report of the domain and what the engine made of it."""

    of: dict[str, Any]
    case: Case
    decision: Decision
    held: frozenset[str]

    @property
    def sort(self) -> tuple[str, str, str]:
        return self.of["channel"], self.of["category"], self.of["jurisdiction"]


@dataclass
class Truth:
    """What all cells say together."""

    dead: set[str] = field(default_factory=set)
    crossed: dict[str, set[str]] = field(default_factory=dict)
    gap: set[tuple[str, str, str]] = field(default_factory=set)
    unfilled: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    back: set[tuple[str, str]] = field(default_factory=set)
    idle: set[str] = field(default_factory=set)


def cells(compiled: Compiled) -> Iterator[Cell]:
    ruleset = compiled.ruleset
    blocks = [*ruleset.blocks, *compiled.fallback.accepts]
    names = {name for block in blocks for name in Block.__slots__ if getattr(block, name) is not None}
    used = {FIELDS.get(name, name) for name in names} & set(OTHERS)
    domain: dict[str, tuple[Any, ...]] = {
        "channel": tuple(ruleset.channels),
        "category": tuple({*ruleset.categories, "unclassified"}),
        "jurisdiction": tuple(ruleset.jurisdictions),
        "areas": ((), ("mirror-lake",)),
        **{name: OTHERS[name] if name in used else OTHERS[name][:1] for name in OTHERS},
    }
    for values in product(*domain.values()):
        of = dict(zip(domain, values, strict=True))
        incident, state = report(compiled, of)
        decision = decide(incident, state, compiled, NOON)
        case = open_case(incident, state, compiled, NOON)
        case.facts.lead = decision.lead
        held = frozenset(rule.id for rule in ruleset.rules if rule_holds(rule, case))
        yield Cell(of, case, decision, held)


def rule_holds(rule: Route | Overlay, case: Case) -> bool:
    asked_for = not rule.when or any(holds(block, case.facts) for block in rule.when)
    return asked_for and not any(holds(block, case.facts) for block in rule.unless)


def report(compiled: Compiled, of: Mapping[str, Any]) -> tuple[Incident, DecisionState]:
    told = Report(channel=of["channel"], external_id="1", title=of["words"], text="-", address=of["address"])
    incident = Incident(
        id="1", report=told, received_at=NOON + timedelta(hours=11 if of["night"] else 0), kind=of["kind"],
        category=of["category"], jurisdiction=of["jurisdiction"], areas=of["areas"], tags=of["tags"],
        understood_by=compiled.ref,
    )  # fmt: skip
    response = ("flood",) if of["mode"] == "flood" else ()
    modes = (ModeRecord(Mode.EMERGENCY, of["jurisdiction"], response=response),) if of["mode"] != "routine" else ()
    return incident, DecisionState(reporters=of["reporters"], modes=modes)


def truth(compiled: Compiled) -> Truth:
    every = list(cells(compiled))
    found = Truth()
    for rule in compiled.ruleset.rules:
        if not any(acts(cell, rule) for cell in every):
            found.dead.add(rule.id)
    routes = [route for route in compiled.ruleset.routes if not route.fallback]
    for n, route in enumerate(routes):
        won = [cell for cell in every if cell.decision.route == route.id]
        if not route.gate:
            crossed = {later.id for later in routes[n + 1 :] if later.id not in found.dead and cross(won, route, later)}
            found.crossed |= {route.id: crossed} if crossed else {}
        for target in route.on_return:
            if any(known(cell, compiled) and same(cell.case, route.lead, target) for cell in won):
                found.back.add((route.id, asked(target)))
    for rule in compiled.ruleset.rules:
        if rule.id not in found.dead and not getattr(rule, "fallback", False):
            unfilled(found, rule, [cell for cell in every if acts(cell, rule)], compiled)
    found.gap = gaps(every, compiled)
    found.idle = idle(every, compiled)
    return found


def acts(cell: Cell, rule: Route | Overlay) -> bool:
    return cell.decision.route == rule.id if isinstance(rule, Route) else rule.id in cell.held


def known(cell: Cell, compiled: Compiled) -> bool:
    place, root = cell.of["jurisdiction"], compiled.ruleset.root
    return place != root and root in compiled.catalogue.place_chain(place)


def agency(case: Case, target: Target) -> str | None:
    come = case.find(target)
    return come.agency if come is not None else None


def same(case: Case, a: Target, b: Target) -> bool:
    return agency(case, a) is not None and agency(case, a) == agency(case, b)


def cross(won: list[Cell], route: Route, later: Route) -> bool:
    def lead(cell: Cell, of: Route) -> str:
        return agency(cell.case, of.lead) or asked(cell.case.compiled.fallback.lead)

    both = any(later.id in cell.held and lead(cell, route) != lead(cell, later) for cell in won)
    return both and any(later.id not in cell.held for cell in won)


def unfilled(found: Truth, rule: Route | Overlay, acting: list[Cell], compiled: Compiled) -> None:
    leads = (rule.lead,) if isinstance(rule, Route) else ()
    for target in (*leads, *rule.co_handlers, *rule.inform):
        places = {c.of["jurisdiction"] for c in acting if known(c, compiled) and agency(c.case, target) is None}
        if places:
            found.unfilled[rule.id, asked(target)] = places


def gaps(every: list[Cell], compiled: Compiled) -> set[tuple[str, str, str]]:
    """Return the sorts with some values of finite fields for which, whatever is free, no route and no accept holds."""
    caught: dict[tuple[Any, ...], bool] = {}
    for cell in every:
        key = tuple(value for name, value in cell.of.items() if name not in FREE)
        accepted = any(holds(block, cell.case.facts) for block in compiled.fallback.accepts)
        caught[key] = caught.get(key, False) or accepted or cell.decision.route != compiled.fallback.id
    return {key[:3] for key, taken in caught.items() if not taken}


def idle(every: list[Cell], compiled: Compiled) -> set[str]:
    assigned: set[str] = set()
    for rule in compiled.ruleset.rules:
        leads = (rule.lead, *rule.on_return) if isinstance(rule, Route) else ()
        for cell in every:
            if acts(cell, rule):
                assigned |= {agency(cell.case, t) or "" for t in (*leads, *rule.co_handlers, *rule.inform)}
    above = {code for each in assigned for code in compiled.catalogue.supervisors(each)}
    return set(compiled.ruleset.agencies) - assigned - above


__all__ = ["OTHERS", "WORDS", "Cell", "Truth", "cells", "truth"]
