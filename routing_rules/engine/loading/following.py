"""The field table of `lifecycle`: how a case is followed until it is done (§7, ADR 0131).

What the county writes replaces the defaults, what a channel writes replaces the county's, field by field; of a ladder,
milestone by milestone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from contracts.codes import Milestone, TimerKind
from routing_rules.engine.loading.deadlines import longer
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice, Code, Flag, Whole
from routing_rules.engine.loading.shapes import ByKey, Field, Many, Record, Values
from routing_rules.engine.loading.times import Duration, span
from routing_rules.engine.schema import FollowUpOn, Lifecycle, Rung, Span
from routing_rules.engine.source import Node, Scalar

MOST_RUNGS: Final = 12
_SHARE: Final = re.compile(r"([1-9][0-9]?)%")


class Followed(NamedTuple):
    """How cases are followed: the county's way, and that of each channel that says something of its own."""

    county: Lifecycle = Lifecycle()
    by_channel: Mapping[str, Lifecycle] = {}


class _Doing(StrEnum):
    """What a rung may do."""

    REMIND = TimerKind.REMIND
    SUPERVISE = TimerKind.SUPERVISE
    ESCALATE = TimerKind.ESCALATE


class _When(NamedTuple):
    """When a rung is due: a share of the time before the deadline, or so long after it; neither: at the deadline."""

    percent: int | None = None
    after: Span | None = None


@dataclass(frozen=True, slots=True)
class RungAt:
    """A moment of a ladder: 80% of the time before the deadline (1% to 99%), `due`, or a span after it as in +2wh."""

    def read(self, node: Node, name: str, reading: Reading) -> _When | None:
        """Return the moment."""
        written = node.value if isinstance(node, Scalar) else ""
        share, after = _SHARE.fullmatch(written), span(written[1:]) if written.startswith("+") else None
        if written == "due":
            return _When()
        if share:
            return _When(percent=int(share[1]))
        if after is not None:
            return _When(after=after)
        reading.wrong(node, name, "rung_at", "80% due +30m +2h +2wh +1bd +3d")
        return None


_RUNG: Final = Record(
    "rung",
    {"at": Field(RungAt(), required=True), "do": Field(Choice(_Doing), required=True)},
    lambda values, _: values,
)


def _ladder(values: Values, reading: Reading) -> dict[Milestone, tuple[Rung, ...]]:
    given = {milestone: values.get(milestone.value) for milestone in Milestone}
    return {
        milestone: _rungs(rows, values.nodes[milestone.value], reading)
        for milestone, rows in given.items()
        if rows is not None
    }


def _rungs(rows: tuple[Values, ...], node: Node, reading: Reading) -> tuple[Rung, ...]:
    """Build a ladder; note rungs that stand after a later one, that are there twice, and too many of them."""
    if len(rows) > MOST_RUNGS:
        reading.find("RR137", node.at, what="term:n_rungs", n=str(len(rows)), max=str(MOST_RUNGS))
    rungs: list[Rung] = []
    for row in rows:
        when = row.get("at")
        rung = Rung(TimerKind(row.get("do")), when.percent, when.after)
        earlier = next((each for each in rungs if _before(rung, each)), None)
        if earlier is not None:
            reading.find("RR160", row.at_of("at"), a=_written(rung), b=_written(earlier))
        if rung in rungs:
            reading.find("RR161", row.at_of("at"), at=_written(rung), do=rung.do.value)
        rungs.append(rung)
    return tuple(rungs)


def _before(rung: Rung, other: Rung) -> bool:
    """Say whether a rung comes before another whatever the day."""
    if _part(rung) != _part(other):
        return _part(rung) < _part(other)
    if rung.percent is not None and other.percent is not None:
        return rung.percent < other.percent
    return rung.after is not None and other.after is not None and longer(other.after, rung.after)


def _part(rung: Rung) -> int:
    """Return the part of a ladder that a rung belongs to: before the deadline, at it, after it."""
    return 0 if rung.percent is not None else 1 if rung.after is None else 2


def _written(rung: Rung) -> str:
    if rung.percent is not None:
        return f"{rung.percent}%"
    return "due" if rung.after is None else f"+{rung.after}"


def _given(values: Values, _: Reading) -> dict[str, Any]:
    """Return what is written: the rest stays as it is where this is laid over something."""
    return {name: value for name, value in values.values.items() if value is not None}


_LASTING: Final = Duration(none=False)
_FIELDS: Final = {
    "return_within": Field(Duration()),
    "returns_need_approval": Field(Flag()),
    "ladder": Field(
        Record("ladder", {milestone.value: Field(Many(_RUNG, may_be_empty=True)) for milestone in Milestone}, _ladder)
    ),
    "follow_up": Field(
        Record(
            "follow_up",
            {"on": Field(Choice(FollowUpOn)), "within": Field(_LASTING), "close_after": Field(Duration())},
            _given,
        )
    ),
    "verify": Field(Flag()),
    "reopen": Field(Record("reopen", {"deadline": Field(_LASTING), "max": Field(Whole(0, 100))}, _given)),
    "extension": Field(Record("extension", {"max": Field(Whole(0, 100)), "longest": Field(_LASTING)}, _given)),
    "wait_early": Field(_LASTING),
}
_OF_CHANNEL: Final = Record("lifecycle", _FIELDS, _given)


def _over(base: Lifecycle, given: Mapping[str, Any]) -> Lifecycle:
    """Return a lifecycle with what is given laid over it."""
    changes = {name: given[name] for name in given if name not in {"by_channel", "ladder", *_GROUPS}}
    for name in _GROUPS & set(given):
        changes[name] = replace(getattr(base, name), **given[name])
    if "ladder" in given:
        changes["ladder"] = {**base.ladder, **given["ladder"]}
    return replace(base, **changes)


_GROUPS: Final = frozenset({"follow_up", "reopen", "extension"})


def _followed(values: Values, reading: Reading) -> Followed:
    county = _over(Lifecycle(), _given(values, reading))
    return Followed(county, {code: _over(county, given) for code, given in values.get("by_channel", {}).items()})


LIFECYCLE: Final = Record("lifecycle", {**_FIELDS, "by_channel": Field(ByKey(Code("channel"), _OF_CHANNEL))}, _followed)
