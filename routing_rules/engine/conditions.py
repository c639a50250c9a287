"""Conditions (RULE-LANGUAGE §3): what each field of a block asks of an incident, one function a field.

The index answers the fields with finite domains by bitmaps; these functions answer what it leaves, `unless`, and every
field where a person wants to know why. An absent field satisfies nothing (G6).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from contracts.decision import ConditionEvidence
from routing_rules.engine.expressions import ExpressionError
from routing_rules.engine.facts import Facts
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Block, Target, TextCondition, TimeCondition

Test = Callable[[Facts], bool]
Show = Callable[[Facts], str | Iterable[str]]
Shows = tuple[tuple[str, Show], ...]
"""What of an incident satisfied each field of a block."""

_DAY: Final = timedelta(days=1)
_BY_CALENDAR: Final = frozenset({"workday", "restday", "holiday"})


@dataclass(frozen=True)
class _Words:
    """A text condition made ready: words as sets, `where` kept."""

    any: frozenset[str]
    all: frozenset[str]
    none: frozenset[str]
    where: str


def _text(wanted: _Words, facts: Facts) -> bool:
    found = facts.words(wanted.where)
    if wanted.any and wanted.any.isdisjoint(found):
        return False
    return wanted.all <= found and wanted.none.isdisjoint(found)


def _moment(condition: TimeCondition, moment: datetime | None, day: date | None, facts: Facts) -> bool:
    if day is None:
        return False
    if condition.between is not None:
        if moment is None:
            return False
        start, end = condition.between
        minute = moment.hour * 60 + moment.minute
        wraps = start > end
        if not (minute >= start or minute < end if wraps else start <= minute < end):
            return False
        if wraps and minute < end:
            day -= _DAY  # the day on which this night began
    return _dates(condition.dates, day) and _days(condition.days, day, facts)


def _days(days: frozenset[str], day: date, facts: Facts) -> bool:
    if not days:
        return True
    names = facts.terms.calendars.words(day) if days.isdisjoint(_BY_CALENDAR) else facts.day_words(day)
    return not days.isdisjoint(names)


def _dates(dates: tuple[tuple[int, int], tuple[int, int]] | None, day: date) -> bool:
    if dates is None:
        return True
    start, end = dates
    at = (day.month, day.day)
    return start <= at <= end if start <= end else at >= start or at <= end


class _Asked(NamedTuple):
    """An expression, and the rule that asks it."""

    source: str
    rule: str


def _expression(asked: _Asked, facts: Facts) -> bool:
    try:
        return facts.terms.expressions[asked.source].holds(facts.variable)
    except ExpressionError:
        facts.errors.append(asked.rule)
        return False


def _attributes(wanted: Mapping[str, frozenset[str]], facts: Facts) -> bool:
    return all(facts.attribute(name) in values for name, values in wanted.items())


def _means_any(targets: Iterable[Target], codes: Iterable[str], facts: Facts) -> bool:
    means = facts.terms.catalogue.means
    return any(means(target, code) for code in codes for target in targets)


def _meets(wanted: frozenset[Any], values: Iterable[Any]) -> bool:
    return not wanted.isdisjoint(values)


TESTS: Final[Mapping[str, Callable[[Any, Facts], bool]]] = {
    "channel": lambda v, f: f.channel in v,
    "kind": lambda v, f: f.kind in v,
    "urgency": lambda v, f: f.urgency in v,
    "reporter": lambda v, f: f.reporter in v,
    "category": lambda v, f: _meets(v, f.terms.catalogue.category_chain(f.category)),
    "jurisdiction": lambda v, f: _meets(v, f.terms.catalogue.place_chain(f.jurisdiction)),
    "located_by": lambda v, f: f.incident.located_by in v,
    "classified_by": lambda v, f: f.incident.classified_by in v,
    "area": lambda v, f: _meets(v, f.area),
    "mode": lambda v, f: f.standing.mode in v,
    "response": lambda v, f: _meets(v, f.standing.responses),
    "response_level": lambda v, f: f.standing.level in v,
    "tags": lambda v, f: _meets(v, f.incident.tags),
    "missing": lambda v, f: v <= f.absent,
    "reporters": lambda v, f: f.state.reporters >= v,
    "reports": lambda v, f: f.state.reports >= v,
    "attributes": _attributes,
    "about": lambda v, f: _means_any(v, f.about, f),
    "lead": lambda v, f: f.lead is not None and _means_any(v, (f.lead,), f),
    "text": _text,
    "occurred_at": lambda v, f: _moment(v, *f.occurred, f),
    "received_at": lambda v, f: _moment(v, f.received, f.received.date(), f),
    "expr": _expression,
}
"""Every field of a block, each with (value, facts) → does it hold: cheapest first, but last what leaves a trace.

A moment may meet a year without calendar, an expression may fail: both are told only where all else in the block holds.
"""


def given(block: Block) -> list[str]:
    """Return the fields that a block asks about, in the order of `TESTS`."""
    return [name for name in TESTS if getattr(block, name) is not None]


def _ready(name: str, block: Block, rule: str = "") -> Any:
    value = getattr(block, name)
    if name == "expr":
        return _Asked(value, rule)
    if isinstance(value, TextCondition):
        return _Words(frozenset(value.any), frozenset(value.all), frozenset(value.none), value.where)
    return value


def remaining(block: Block, skip: frozenset[str] = frozenset(), rule: str = "") -> tuple[Test, ...]:
    """Return what remains to be asked of a block when the fields in `skip` are answered already, cheapest first.

    `rule` is whose block it is: whose expression failed, where one does.
    """
    return tuple(partial(TESTS[name], _ready(name, block, rule)) for name in given(block) if name not in skip)


def holds(block: Block, facts: Facts) -> bool:
    """Say whether every field of the block holds (G5)."""
    return all(test(facts) for test in remaining(block))


def failing(block: Block, facts: Facts) -> tuple[str, ...]:
    """Return the fields of the block that don't hold."""
    return tuple(name for name in given(block) if not TESTS[name](_ready(name, block), facts))


def words_asked(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the words that blocks ask for in texts, in normal form."""
    for text in (block.text for block in blocks if block.text is not None):
        yield from (*text.any, *text.all, *text.none)


def shown_by(asked: Iterable[tuple[str, Any]]) -> Shows:
    """Return how the fields of a block show what satisfied them: alike where two blocks ask about the same fields."""
    return tuple((name, _show(name, value)) for name, value in asked)


def _show(name: str, value: Any) -> Show:
    return _PLAIN[name] if name in _PLAIN else partial(_BY_VALUE[name], value)


def _joined(shown: str | Iterable[str]) -> str:
    return shown if isinstance(shown, str) else ",".join(shown)


def evidence(
    shows: Shows, facts: Facts, known: dict[tuple[str, str], ConditionEvidence]
) -> tuple[ConditionEvidence, ...]:
    """Return, for the fields of a block that holds, what satisfied each: codes and rule words, never the text.

    `known` remembers grounds already made: there are few, and the same ones again and again.
    """
    grounds: list[ConditionEvidence] = []
    for name, show in shows:
        key = (name, _joined(show(facts)))
        found = known.get(key)
        grounds.append(keep(known, key, ConditionEvidence(*key)) if found is None else found)
    return tuple(grounds)


def actual(name: str, value: Any, facts: Facts) -> str:
    """Return what the incident has where a block asks for `value` in field `name`."""
    return _joined(_show(name, value)(facts))


def _words_that_count(condition: TextCondition, facts: Facts) -> list[str]:
    found = facts.words(condition.where)
    return [word for word in dict.fromkeys((*condition.any, *condition.all, *condition.none)) if word in found]


def _clock(moment: datetime | None, day: date | None) -> str:
    if moment is not None:
        return moment.isoformat(timespec="minutes")[:16]
    return "" if day is None else day.isoformat()


_PLAIN: Final[Mapping[str, Show]] = {
    "channel": lambda f: f.channel,
    "kind": lambda f: f.kind,
    "urgency": lambda f: f.urgency,
    "reporter": lambda f: f.reporter,
    "category": lambda f: f.category,
    "jurisdiction": lambda f: f.jurisdiction,
    "located_by": lambda f: f.incident.located_by,
    "classified_by": lambda f: f.incident.classified_by,
    "area": lambda f: f.area,
    "mode": lambda f: f.standing.mode,
    "response": lambda f: f.standing.responses,
    "response_level": lambda f: "" if f.standing.level is None else str(f.standing.level),
    "reporters": lambda f: str(f.state.reporters),
    "reports": lambda f: str(f.state.reports),
    "occurred_at": lambda f: _clock(*f.occurred),
    "received_at": lambda f: _clock(f.received, None),
    "about": lambda f: f.about,
    "lead": lambda f: f.lead or "",
}

_BY_VALUE: Final[Mapping[str, Callable[[Any, Facts], str | Iterable[str]]]] = {
    "tags": lambda v, f: [tag for tag in f.incident.tags if tag in v],
    "missing": lambda v, f: sorted(v & f.absent),
    "attributes": lambda v, f: [f"{name}={f.attribute(name)}" for name in v if name in f.report.attributes],
    "text": _words_that_count,
    "expr": lambda v, f: v,
}
"""What of the incident satisfied a field; of these one has to know what the block asks for."""


__all__ = [
    "TESTS", "Show", "Shows", "Test", "actual", "evidence", "failing", "given", "holds", "remaining", "shown_by",
    "words_asked",
]  # fmt: skip
