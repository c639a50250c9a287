"""Deadlines of a decision (G41-G45): who may set a milestone, in which order, and who may only tighten it.

County default, county by kind, the route, the route by kind: each replaces the one before, milestone by milestone.
Urgency and overlays then only tighten, by instant and not by figure. `fixed` exempts what the route wrote.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

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
_NO_YEARS: Final[frozenset[int]] = frozenset()
_MOMENT = timedelta(microseconds=1)  # a day that closes at midnight closes in its own year


class _Setter(NamedTuple):
    """A span as written, and who wrote it."""

    span: Span
    written: str
    by: str


class _Last(NamedTuple):
    """When a milestone fell due that ran from `since`, and the local years without a calendar that it ran through."""

    since: date
    due: Due | None
    gaps: frozenset[int]


class _Plan(NamedTuple):
    """Who sets one milestone: the base, if any, then, unless that is `fixed`, who may tighten it.

    Where all setters count minutes or hours, the soonest of them is known once for all and is left alone here. `last`
    keeps what was worked out last by each calendar: a batch of records has one stamp, and where all setters count days
    (`by_day`) the day of the start is enough.
    """

    milestone: Milestone
    setters: tuple[_Setter, ...]
    fixed: bool
    by_day: bool
    last: dict[str | None, _Last]


class Setters(NamedTuple):
    """The rules that held together, as far as they set deadlines; `key` names those that do, the others are alike."""

    route: Route
    overlays: tuple[Overlay, ...]
    key: tuple[str, ...]


class Reckoned(NamedTuple):
    """The deadlines, and the local years without a calendar that they ran through."""

    due: tuple[Due, ...]
    gaps: frozenset[int]


class _Start(NamedTuple):
    """The moment from which a milestone runs, and its local day."""

    at: datetime
    on: date


def who_sets(route: Route, overlays: tuple[Overlay, ...]) -> Setters:
    """Return the rules that held together as those who set deadlines; most routes don't."""
    writes = route.deadline.spans or route.deadline.fixed or route.deadline_by_kind
    writing = tuple([overlay.id for overlay in overlays if overlay.deadline.spans])
    return Setters(route, overlays, (route.id if writes else "", *writing))


def deadlines(case: Case, calendar: str | None, by: Setters, urgency: Urgency) -> Reckoned:
    """Return the milestones that have a deadline, in their order. `calendar` is that of the leading agency.

    `acknowledge` runs from this round's dispatch, the others from the first one: a return buys no time (G42).
    """
    compiled, moment, first = case.compiled, case.moment, case.state.first_dispatched_at
    begun = _Start(moment.now, moment.on)
    began = begun if first is None else _Start(first, compiled.local_date(first))
    made: list[Due] = []
    gaps = _NO_YEARS
    for plan in _plans(compiled, case.facts.kind, by, urgency):
        start = begun if plan.milestone is Milestone.ACKNOWLEDGE else began
        since = start.on if plan.by_day else start.at
        last = plan.last.get(calendar)
        if last is None or last.since != since:
            due = _strictest(compiled, plan, start, calendar)
            last = plan.last[calendar] = _Last(since, due, _years_without_calendar(compiled, due, start, calendar))
        if last.due is not None:
            made.append(last.due)
        if last.gaps:
            gaps |= last.gaps
    return Reckoned(tuple(made), gaps)


def amended(
    case: Case, calendar: str | None, by: Setters, urgency: Urgency, dispatched_at: datetime | None
) -> Reckoned:
    """Return the milestones of a round that is amended now, was dispatched at `dispatched_at`, and began as it began.

    Who may only tighten and comes too late, whose span from there has run out, has it run from the amendment: nobody is
    late at once for what nobody knew. Where the dispatch of a later round is not told it is taken to be now.
    """
    compiled, now, first = case.compiled, case.moment.now, case.state.first_dispatched_at
    of_round = dispatched_at or (now if first is None or case.state.round > 1 else first)
    made: list[Due] = []
    gaps = _NO_YEARS
    for milestone in Milestone:
        begun = of_round if milestone is Milestone.ACKNOWLEDGE else first or of_round
        start = _Start(begun, compiled.local_date(begun))
        due = _amended(case, calendar, by, urgency, milestone, start)
        if due is not None:
            made.append(due)
            gaps |= _years_without_calendar(compiled, due, start, calendar)
    return Reckoned(tuple(made), gaps)


def _amended(
    case: Case, calendar: str | None, by: Setters, urgency: Urgency, milestone: Milestone, start: _Start
) -> Due | None:
    ruleset, moment, reckon = case.compiled.ruleset, case.moment, case.compiled.calendars.due
    base, fixed = _replaced(ruleset, milestone, case.facts.kind, by.route)
    best, at = base, reckon(base.span, start.at, calendar, start.on) if base is not None else None
    for setter in () if fixed else _tighteners(ruleset, milestone, by.overlays, urgency):
        then = reckon(setter.span, start.at, calendar, start.on)
        if then is not None and then <= moment.now:
            then = reckon(setter.span, moment.now, calendar, moment.on)
        if then is not None and (at is None or then < at):
            best, at = setter, then
    return Due(milestone, at, best.written, best.by, fixed) if best and at else None


def _strictest(compiled: Compiled, plan: _Plan, start: _Start, calendar: str | None) -> Due | None:
    """Return what the earliest of the setters gives, of two equal ones the first."""
    best: _Setter | None = None
    at: datetime | None = None
    for setter in plan.setters:
        then = compiled.calendars.due(setter.span, start.at, calendar, start.on)
        if then is not None and (at is None or then < at):
            best, at = setter, then
    return Due(plan.milestone, at, best.written, best.by, plan.fixed) if best and at else None


def _plans(compiled: Compiled, kind: Kind, by: Setters, urgency: Urgency) -> tuple[_Plan, ...]:
    """Return who sets each milestone; made once for each set of setters, among whom most routes are not."""
    key = (by.key, kind, urgency)
    found = compiled.deadline_plans.get(key)
    if found is not None:
        return found
    made = (_plan(compiled.ruleset, milestone, kind, by.route, by.overlays, urgency) for milestone in Milestone)
    return keep(compiled.deadline_plans, key, tuple([_one(compiled, plan) for plan in made]))


def _one(compiled: Compiled, plan: _Plan) -> _Plan:
    """Return the plan that is like this one, if there is one already."""
    key = (plan.milestone, plan.setters, plan.fixed)
    found: _Plan | None = compiled.plans.get(key)
    return found or keep(compiled.plans, key, plan)


def _plan(
    ruleset: Ruleset, milestone: Milestone, kind: Kind, route: Route, overlays: Sequence[Overlay], urgency: Urgency
) -> _Plan:
    base, fixed = _replaced(ruleset, milestone, kind, route)
    tighteners = () if fixed else tuple(_tighteners(ruleset, milestone, overlays, urgency))
    setters = tighteners if base is None else (base, *tighteners)
    by_day = all(setter.span.unit in _BY_DAY for setter in setters)
    return _Plan(milestone, _contending(setters), fixed, by_day, {})


def _contending(setters: tuple[_Setter, ...]) -> tuple[_Setter, ...]:
    """Return those of whom it depends on the start which is strictest: of spans by the clock alone, the shortest one.

    Of two equal ones it is the first.
    """
    if not setters or any(setter.span.unit not in CLOCK for setter in setters):
        return setters
    return (min(setters, key=lambda setter: setter.span.count * CLOCK[setter.span.unit]),)


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


def _years_without_calendar(compiled: Compiled, due: Due | None, start: _Start, calendar: str | None) -> frozenset[int]:
    """Return the local years that a deadline ran through and that have no calendar.

    It runs from the day it starts to the day at whose end, or within which, it is over.
    """
    always = calendar == ALWAYS
    if due is None or not due.span.endswith(_BY_DAYS if always else _BY_CALENDAR):
        return _NO_YEARS
    return frozenset(compiled.calendars.gaps(start.at, due.at - _MOMENT, None if always else calendar))
