"""Reasons: why a rule held or not, and which rules would give an agency something here (G51, G52).

Worked out anew from (incident, state, ruleset, now) by the functions that decide, so it can't drift from the decision.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from contracts.codes import Role
from contracts.decision import Decision
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled, live
from routing_rules.engine.conditions import actual, failing, given, holds
from routing_rules.engine.facts import Facts
from routing_rules.engine.leading import Case, asked, open_case
from routing_rules.engine.schema import Block, Overlay, Route, Status, Target, TextCondition, TimeCondition

Rule = Route | Overlay

UNLESS = "unless"
_EVERYTHING = (Block(),)
_TARGETS = frozenset({"about", "lead"})


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that doesn't hold: its field, what the rule wants, what the incident has. `unless` does hold."""

    field: str
    wanted: str
    actual: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a rule fared: `unmet` are the failing conditions of its closest block, none where it holds."""

    rule: Rule
    block: int
    unmet: tuple[Unmet, ...]

    @property
    def holds(self) -> bool:
        """Say whether the rule holds."""
        return not self.unmet


def reopened(decision: Decision, incident: Incident, compiled: Compiled) -> Case:
    """Return the case as it was when the decision was made, its lead known."""
    case = open_case(incident, decision.state, compiled, decision.now)
    case.facts.lead = decision.lead
    return case


def verdict(case: Case, rule: Rule) -> Verdict:
    """Judge one rule, whether or not an earlier one won."""
    blocks = rule.when or _EVERYTHING
    missed = [failing(block, case.facts) for block in blocks]
    closest = min(range(len(blocks)), key=lambda n: (len(missed[n]), n))
    unmet = [_unmet(name, blocks[closest], case) for name in missed[closest]]
    for block in rule.unless:
        if holds(block, case.facts):
            words = "; ".join(f"{name}: {wanted(name, getattr(block, name))}" for name in given(block))
            unmet.append(Unmet(UNLESS, words, ""))
    return Verdict(rule, closest, tuple(unmet))


def alone(case: Case, rule: Rule) -> Iterator[tuple[int, str]]:
    """Yield the conditions that alone keep a rule from holding: a block, from 0, and its only field that fails.

    Nothing where another block holds or an exception does: then no single condition keeps it from anything.
    """
    missed = [failing(block, case.facts) for block in rule.when]
    if all(missed) and not any(holds(block, case.facts) for block in rule.unless):
        yield from ((n, fields[0]) for n, fields in enumerate(missed) if len(fields) == 1)


def conditions(rule: Rule) -> Iterator[tuple[int, str]]:
    """Yield every condition that a rule writes in `when`: a block, from 0, and a field."""
    yield from ((n, name) for n, block in enumerate(rule.when) for name in given(block))


def fields_of(block: Block) -> list[str]:
    """Return the fields that a block asks about, in the order in which they are tried."""
    return given(block)


def asked_of(block: Block) -> tuple[tuple[str, Any], ...]:
    """Return the fields that a block asks about, each with what it wants."""
    return tuple((name, getattr(block, name)) for name in given(block))


def field_holds(name: str, value: Any, facts: Facts) -> bool:
    """Say whether facts satisfy one condition: field `name` wanting `value`."""
    return holds(Block(**{name: value}), facts)


def _unmet(name: str, block: Block, case: Case) -> Unmet:
    value = getattr(block, name)
    return Unmet(name, wanted(name, value), actual(name, value, case.facts))


def wanted(name: str, value: Any) -> str:
    """Return what a condition asks for, in the codes and words of its rule."""
    if name in _TARGETS:
        return ",".join(asked(target) for target in value)
    if isinstance(value, TimeCondition):
        return " ".join(_time(value))
    if isinstance(value, TextCondition):
        parts = (("", value.any), ("+", value.all), ("-", value.none))
        return " ".join(f"{sign}{word}" for sign, words in parts for word in words)
    if isinstance(value, frozenset):
        return ",".join(sorted(str(each) for each in value))
    if isinstance(value, int):
        return f">={value}"
    return value if isinstance(value, str) else _pairs(value)


def _pairs(value: Any) -> str:
    return ",".join(f"{name}={'|'.join(sorted(values))}" for name, values in value.items())


def _time(condition: TimeCondition) -> Iterator[str]:
    if condition.between is not None:
        start, end = condition.between
        yield f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    yield from sorted(condition.days)
    if condition.dates is not None:
        (m1, d1), (m2, d2) = condition.dates
        yield f"{m1:02}-{d1:02}..{m2:02}-{d2:02}"


def before(case: Case, route: str) -> list[Verdict]:
    """Return how each route before the given one fared, in order; those not in force are left out."""
    earlier: list[Verdict] = []
    for rule in case.compiled.ruleset.routes:
        if rule.id == route:
            break
        if live(rule, case.on) and rule.status is not Status.TRIAL:
            earlier.append(verdict(case, rule))
    return earlier


def givers(case: Case, name: str) -> list[Verdict]:
    """Return the rules in force that would give something to `name` here: an agency, a function, or the rule itself.

    Fewest failing conditions first, then the order in which rules stand.
    """
    rules: tuple[Rule, ...] = case.compiled.ruleset.rules
    acting = [rule for rule in rules if in_force(rule, case)]
    found = [verdict(case, rule) for rule in acting if rule.id == name or _gives(case, rule, name)]
    return sorted(found, key=lambda each: len(each.unmet))


def in_force(rule: Rule, case: Case) -> bool:
    """Say whether a rule has effect on the day of the case."""
    return live(rule, case.on) and (rule.status is Status.ACTIVE or getattr(rule, "fallback", False))


def _gives(case: Case, rule: Rule, name: str) -> bool:
    return any(is_meant(case, agency, name) for _, agency in roles_here(case, rule))


def is_meant(case: Case, agency: str, name: str) -> bool:
    """Say whether `name` is the agency or its function."""
    known = case.compiled.ruleset.agencies.get(agency)
    return agency == name or (known is not None and known.function == name)


def roles_here(case: Case, rule: Rule) -> Iterator[tuple[Role, str]]:
    """Yield what a rule would give here, hard rules apart."""
    if isinstance(rule, Route):
        yield from _found(case, Role.LEAD, (rule.lead,))
    yield from _found(case, Role.CO_HANDLER, rule.co_handlers)
    yield from _found(case, Role.INFORMED, rule.inform)


def _found(case: Case, role: Role, targets: Iterable[Target]) -> Iterator[tuple[Role, str]]:
    for target in targets:
        found = case.find(target)
        if found is not None:
            yield role, found.agency
