"""The field tables of spans of time that rules write: deadlines, and from when until when a rule holds (§8, G47)."""

from typing import Final

from contracts.codes import Milestone
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Flag
from routing_rules.engine.loading.shapes import Field, Record, Values
from routing_rules.engine.loading.times import Day, Duration
from routing_rules.engine.schema import Deadline, Effective, Span, Spans, SpanUnit

MILESTONES: Final = {milestone.value: Field(Duration()) for milestone in Milestone}
_MINUTES: Final = {SpanUnit.MINUTES: 1, SpanUnit.HOURS: 60}


def spans_of(values: Values, reading: Reading) -> Spans:
    """Build the spans of a mapping of milestones; note an acknowledgement due after the resolution."""
    spans = {milestone: values.get(milestone.value) for milestone in Milestone if values.get(milestone.value)}
    first, last = spans.get(Milestone.ACKNOWLEDGE), spans.get(Milestone.RESOLVE)
    if first and last and longer(first, last):
        reading.find("RR141", values.at_of(Milestone.ACKNOWLEDGE.value), a=str(first), b=str(last))
    return spans


def longer(a: Span, b: Span) -> bool:
    """Say whether `a` ends later whatever the day: known only within one unit, and between minutes and hours."""
    if a.unit in _MINUTES and b.unit in _MINUTES:
        return a.count * _MINUTES[a.unit] > b.count * _MINUTES[b.unit]
    return a.unit is b.unit and a.count > b.count


SPANS: Final = Record("deadlines", MILESTONES, spans_of)
DEADLINE: Final = Record(
    "deadline",
    {**MILESTONES, "fixed": Field(Flag())},
    lambda values, reading: Deadline(spans_of(values, reading), values.get("fixed", False)),
)


def _effective(values: Values, reading: Reading) -> Effective:
    start, until = values.get("from"), values.get("until")
    if start and until and start > until:
        reading.find("RR144", values.at_of("from"), a=str(start), b=str(until))
    return Effective(start, until)


EFFECTIVE: Final = Record("effective", {"from": Field(Day()), "until": Field(Day())}, _effective)
