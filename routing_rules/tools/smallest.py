"""The smallest change of a report that would have brought it to a rule, an agency or a function (G52).

Changes are read off the conditions that stood in the way, one at a time, then two together; each is put into the
incident and decided by `decide`, and only what that confirms is told. Nothing found says: nothing among those tried.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Urgency
from contracts.decision import Decision, DecisionState
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.decide import decide
from routing_rules.engine.leading import Case
from routing_rules.engine.reasons import Rule, fields_of, givers, is_meant, reopened
from routing_rules.engine.schema import Block

CLOSEST: Final = 8
"""Rules whose conditions are tried; the nearest come first."""
VALUES: Final = 4
"""Values of one condition that are tried."""
MOST_PAIRS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a report said otherwise."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Step:
    change: Change
    apply: Callable[[Incident, DecisionState], tuple[Incident, DecisionState]]


def smallest_change(decision: Decision, incident: Incident, compiled: Compiled, name: str) -> tuple[Change, ...]:
    """Return one change, else two, by which the report would have come to `name`; nothing where none was found.

    Nothing, too, where it came there already.
    """
    case = reopened(decision, incident, compiled)
    if _there(decision, case, name):
        return ()
    steps = list(_steps(case, name, compiled.rules[decision.route]))
    for step in steps:
        if _confirmed((step,), decision, incident, case, name):
            return (step.change,)
    pairs = (pair for pair in combinations(steps, 2) if pair[0].change.field != pair[1].change.field)
    for _, pair in zip(range(MOST_PAIRS), pairs, strict=False):
        if _confirmed(pair, decision, incident, case, name):
            return tuple(step.change for step in pair)
    return ()


def _there(decision: Decision, case: Case, name: str) -> bool:
    if name in case.compiled.rules:
        return name == decision.route or name in decision.overlays
    return any(is_meant(case, given.agency, name) for given in decision.roles)


def _confirmed(steps: tuple[_Step, ...], decision: Decision, incident: Incident, case: Case, name: str) -> bool:
    state = decision.state
    for step in steps:
        incident, state = step.apply(incident, state)
    return _there(decide(incident, state, case.compiled, decision.now), case, name)


def _steps(case: Case, name: str, won: Rule) -> Iterator[_Step]:
    """Yield the changes worth trying, each once: those that the nearest rules ask for first."""
    seen: set[Change] = set()
    rules = [verdict.rule for verdict in givers(case, name)[:CLOSEST]]
    passed = (step for block in won.unless for step in _of_block(block, case))  # by its own exceptions
    for step in (*_wanted(rules, case), *passed):
        if step.change not in seen and step.change.before != step.change.after:
            seen.add(step.change)
            yield step


def _wanted(rules: list[Rule], case: Case) -> Iterator[_Step]:
    for rule in rules:
        for block in rule.when:
            yield from _of_block(block, case)
        for block in rule.unless:  # an exception in the way: what it does not ask for
            yield from _outside(block, case)


def _of_block(block: Block, case: Case) -> Iterator[_Step]:
    for name in fields_of(block):
        value = getattr(block, name)
        if name in _SETS:
            yield from (_set(name, str(each), case) for each in sorted(value, key=str)[:VALUES])
        elif name == "text":
            words = [*value.all, *([value.any[0]] if value.any else [])]
            if words:
                yield _text("".join(words), case)
        elif name in {"reporters", "reports"}:
            yield _count(name, value, case)


def _outside(block: Block, case: Case) -> Iterator[_Step]:
    if block.kind:
        yield from (_set("kind", kind.value, case) for kind in Kind if kind not in block.kind)
    if block.channel:
        others = [code for code in case.compiled.ruleset.channels if code not in block.channel]
        yield from (_set("channel", code, case) for code in others[:VALUES])


_SETS: Final = frozenset({"kind", "category", "jurisdiction", "channel", "urgency"})
_MEANT: Final[dict[str, dict[str, Any]]] = {
    "category": {"classified_by": ClassifiedBy.CHANNEL},
    "jurisdiction": {"located_by": LocatedBy.CHANNEL},
    "kind": {},
    "urgency": {},
}


def _set(name: str, value: str, case: Case) -> _Step:
    typed: Any = {"kind": Kind, "urgency": Urgency}.get(name, str)(value)
    facts = case.facts

    def apply(incident: Incident, state: DecisionState) -> tuple[Incident, DecisionState]:
        if name == "channel":
            return incident.model_copy(update={"report": incident.report.model_copy(update={name: typed})}), state
        return incident.model_copy(update={name: typed, **_MEANT[name]}), state

    return _Step(Change(name, str(getattr(facts, name)), value), apply)


def _text(words: str, case: Case) -> _Step:
    def apply(incident: Incident, state: DecisionState) -> tuple[Incident, DecisionState]:
        report = incident.report.model_copy(update={"text": f"{incident.report.text} {words}"})
        return incident.model_copy(update={"report": report, "rule_words": None}), state

    return _Step(Change("text", "", words), apply)


def _count(name: str, least: int, case: Case) -> _Step:
    def apply(incident: Incident, state: DecisionState) -> tuple[Incident, DecisionState]:
        return incident, replace(state, reporters=max(least, state.reporters), reports=max(least, state.reports))

    return _Step(Change(name, str(getattr(case.state, name)), str(least)), apply)
