"""Deadlines of a decision (G41-G45): who may set a milestone, in which order, and who may only tighten it.

County default, county by kind, the route, the route by kind: each replaces the one before, milestone by milestone.
Urgency and overlays then only tighten, by instant and not by figure. `fixed` exempts what the route wrote.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from contracts.codes import Kind, Milestone, Urgency
from contracts.decision import Due
from routing_rules.engine.calendars import ALWAYS, CLOCK
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import Case
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Deadline, Overlay, Route, Ruleset, Span, SpanUnit

_UNWRITTEN = Deadline()
_BY_DAY = frozenset({SpanUnit.BUSINESS_DAYS, SpanUnit.CALENDAR_DAYS, SpanUnit.NONE})
_BY_DAYS = (SpanUnit.BUSINESS_DAYS.value, SpanUnit.CALENDAR_DAYS.value)
_BY_CALENDAR = (SpanUnit.WORKING_HOURS.value, *_BY_DAYS)
_MOMENT = timedelta(microseconds=1)  # a day that closes at midnight closes in its own year


class _Setter(NamedTuple):
    """A span as written, and who wrote it."""

    span: Span
    written: str
    by: str


class _Plan(NamedTuple):
    """Who sets one milestone: the base, if any, then, unless that is `fixed`, who may tighten it.

    Where all setters count minutes or hours, the `sooner` of them is known once for all. Where all count days, the day
    of the start is enough, so `made` remembers by calendar and day; otherwise it is None.
    """

    milestone: Milestone
    setters: tuple[_Setter, ...]
    fixed: bool
    sooner: tuple[timedelta, _Setter] | None
    made: dict[tuple[str | None, date], Due | None] | None


class _Start(NamedTuple):
    """The moment from which a milestone runs, and its local day."""

    at: datetime
    on: date


def deadlines(
    case: Case, now: datetime, lead: str, route: Route, overlays: Sequence[Overlay], urgency: Urgency
) -> tuple[Due, ...]:
    """Return the milestones that have a deadline, in their order.

    `acknowledge` runs from this round's dispatch (`now`), the others from the first one: a return buys no time (G42).
    """
    compiled, first = case.compiled, case.state.first_dispatched_at
    begun = _Start(now, case.on)
    began = begun if first is None else _Start(first, compiled.local_date(first))
    agency = compiled.ruleset.agencies.get(lead)
    calendar = agency.calendar if agency else None
    made = []
    for plan in _plans(compiled, case.facts.kind, route, overlays, urgency):
        start = begun if plan.milestone is Milestone.ACKNOWLEDGE else began
        if plan.sooner is not None:
            left, by = plan.sooner
            at = compiled.calendars.after(start.at, left)
            made.append(Due(plan.milestone, at, by.written, by.by, plan.fixed))
        elif (due := _by_calendar(compiled, plan, start, calendar)) is not None:
            made.append(due)
    return tuple(made)


def _by_calendar(compiled: Compiled, plan: _Plan, start: _Start, calendar: str | None) -> Due | None:
    """Return when a milestone falls due; where only the day of the start counts, worked out once a day."""
    if plan.made is None:
        return _strictest(compiled, plan, start, calendar)
    key = (calendar, start.on)
    if key in plan.made:
        return plan.made[key]
    return keep(plan.made, key, _strictest(compiled, plan, start, calendar))


def _strictest(compiled: Compiled, plan: _Plan, start: _Start, calendar: str | None) -> Due | None:
    """Return what the earliest of the setters gives, of two equal ones the first."""
    best: _Setter | None = None
    at: datetime | None = None
    for setter in plan.setters:
        then = compiled.calendars.due(setter.span, start.at, calendar, start.on)
        if then is not None and (at is None or then < at):
            best, at = setter, then
    return Due(plan.milestone, at, best.written, best.by, plan.fixed) if best and at else None


def _plans(
    compiled: Compiled, kind: Kind, route: Route, overlays: Sequence[Overlay], urgency: Urgency
) -> tuple[_Plan, ...]:
    """Return who sets each milestone; made once for each set of setters, among whom most routes are not."""
    writing = tuple([overlay.id for overlay in overlays if overlay.deadline.spans])
    writes = route.deadline.spans or route.deadline.fixed or route.deadline_by_kind
    key = (route.id if writes else "", kind, urgency, writing)
    found = compiled.deadline_plans.get(key)
    if found is not None:
        return found
    made = (_plan(compiled.ruleset, milestone, kind, route, overlays, urgency) for milestone in Milestone)
    return keep(compiled.deadline_plans, key, tuple(made))


def _plan(
    ruleset: Ruleset, milestone: Milestone, kind: Kind, route: Route, overlays: Sequence[Overlay], urgency: Urgency
) -> _Plan:
    base, fixed = _replaced(ruleset, milestone, kind, route)
    tighteners = () if fixed else tuple(_tighteners(ruleset, milestone, overlays, urgency))
    setters = tighteners if base is None else (base, *tighteners)
    by_day = all(setter.span.unit in _BY_DAY for setter in setters)
    return _Plan(milestone, setters, fixed, _sooner(setters), {} if by_day else None)


def _sooner(setters: Sequence[_Setter]) -> tuple[timedelta, _Setter] | None:
    """Return the shortest of spans by the clock, of two equal ones the first; None where any goes by a calendar."""
    if not setters or any(setter.span.unit not in CLOCK for setter in setters):
        return None
    return min(((setter.span.count * CLOCK[setter.span.unit], setter) for setter in setters), key=itemgetter(0))


def _replaced(ruleset: Ruleset, milestone: Milestone, kind: Kind, route: Route) -> tuple[_Setter | None, bool]:
    """Return what the last of the four that may replace has written for this milestone, and whether that is fixed."""
    by_kind = route.deadline_by_kind.get(kind, _UNWRITTEN)
    fixed = route.deadline.fixed
    if milestone in by_kind.spans:
        return _setter(by_kind.spans[milestone], f"rule_by_kind:{route.id}"), fixed or by_kind.fixed
    if milestone in route.deadline.spans:
        return _setter(route.deadline.spans[milestone], f"rule:{route.id}"), fixed
    county_kind = ruleset.deadlines.by_kind.get(kind, {})
    if milestone in county_kind:
        return _setter(county_kind[milestone], f"by_kind:{kind.value}"), False
    span = ruleset.deadlines.default.get(milestone)
    return (None if span is None else _setter(span, "default")), False


def _tighteners(
    ruleset: Ruleset, milestone: Milestone, overlays: Sequence[Overlay], urgency: Urgency
) -> Iterator[_Setter]:
    """Yield what may tighten; of two equal instants the first stays, so overlays go by id and not by place (G28)."""
    span = ruleset.deadlines.by_urgency.get(urgency, {}).get(milestone)
    if span is not None:
        yield _setter(span, f"by_urgency:{urgency.value}")
    writing = (overlay for overlay in overlays if milestone in overlay.deadline.spans)
    for overlay in sorted(writing, key=lambda overlay: overlay.id):
        yield _setter(overlay.deadline.spans[milestone], f"overlay:{overlay.id}")


def _setter(span: Span, by: str) -> _Setter:
    return _Setter(span, str(span), by)


def years_without_calendar(case: Case, now: datetime, lead: str, dues: Sequence[Due]) -> tuple[int, ...]:
    """Return the local years that a deadline ran through, or a condition asked for, and that have no calendar.

    A deadline runs from the day it starts to the day at whose end, or within which, it is over.
    """
    compiled, gaps = case.compiled, case.facts.gaps
    calendar = compiled.ruleset.agencies[lead].calendar
    always = calendar == ALWAYS
    calendar = None if always else calendar
    earlier, year = case.state.first_dispatched_at, case.on.year
    if earlier is None and compiled.calendars.known(year, calendar) and not [d for d in dues if d.at.year != year]:
        return tuple(sorted(gaps)) if gaps else ()
    for due in dues:
        if due.span.endswith(_BY_DAYS if always else _BY_CALENDAR):
            start = now if earlier is None or due.milestone is Milestone.ACKNOWLEDGE else earlier
            gaps = gaps.union(compiled.calendars.gaps(start, due.at - _MOMENT, calendar))
    return tuple(sorted(gaps))
