"""Deadlines of a decision (G41-G45): who may set a milestone, in which order, and who may only tighten it.

County default, county by kind, the route, the route by kind: each replaces the one before, milestone by milestone.
Urgency and overlays then only tighten, by instant and not by figure. `fixed` exempts what the route wrote.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.codes import Milestone, Urgency
from contracts.decision import Due
from routing_rules.engine.leading import Case
from routing_rules.engine.schema import Deadline, Overlay, Route, Span, SpanUnit

_UNWRITTEN = Deadline()


class _Set(NamedTuple):
    """A span, who set it, and whether it may be tightened."""

    span: Span
    by: str
    fixed: bool


def deadlines(
    case: Case, now: datetime, lead: str, route: Route, overlays: Sequence[Overlay], urgency: Urgency
) -> tuple[Due, ...]:
    """Return the milestones that have a deadline, in their order.

    `acknowledge` runs from this round's dispatch (`now`), the others from the first one: a return buys no time (G42).
    """
    first = case.state.first_dispatched_at or now
    agency = case.compiled.ruleset.agencies.get(lead)
    calendar = agency.calendar if agency else None
    made = (
        _due(
            case, milestone, now if milestone is Milestone.ACKNOWLEDGE else first, calendar, (route, overlays, urgency)
        )
        for milestone in Milestone
    )
    return tuple(due for due in made if due is not None)


def _due(
    case: Case,
    milestone: Milestone,
    start: datetime,
    calendar: str | None,
    setters: tuple[Route, Sequence[Overlay], Urgency],
) -> Due | None:
    route, overlays, urgency = setters
    due = case.compiled.calendars.due
    best: Due | None = None
    base = _replaced(case, milestone, route)
    if base is not None:
        at = due(base.span, start, calendar)
        best = None if at is None else Due(milestone, at, str(base.span), base.by, base.fixed)
        if base.fixed:
            return best
    for span, by in _tighteners(case, milestone, overlays, urgency):
        at = due(span, start, calendar)
        if at is not None and (best is None or at < best.at):
            best = Due(milestone, at, str(span), by)
    return best


def _replaced(case: Case, milestone: Milestone, route: Route) -> _Set | None:
    """Return what the last of the four that may replace has written for this milestone."""
    county, kind = case.compiled.ruleset.deadlines, case.facts.kind
    by_kind = route.deadline_by_kind.get(kind, _UNWRITTEN)
    fixed = route.deadline.fixed
    if milestone in by_kind.spans:
        return _Set(by_kind.spans[milestone], f"rule_by_kind:{route.id}", fixed or by_kind.fixed)
    if milestone in route.deadline.spans:
        return _Set(route.deadline.spans[milestone], f"rule:{route.id}", fixed)
    county_kind = county.by_kind.get(kind, {})
    if milestone in county_kind:
        return _Set(county_kind[milestone], f"by_kind:{kind.value}", fixed=False)
    span = county.default.get(milestone)
    return None if span is None else _Set(span, "default", fixed=False)


def _tighteners(
    case: Case, milestone: Milestone, overlays: Sequence[Overlay], urgency: Urgency
) -> Iterator[tuple[Span, str]]:
    """Yield what may tighten; of two equal instants the first stays, so overlays go by id and not by place (G28)."""
    span = case.compiled.ruleset.deadlines.by_urgency.get(urgency, {}).get(milestone)
    if span is not None:
        yield span, f"by_urgency:{urgency.value}"
    writing = (overlay for overlay in overlays if milestone in overlay.deadline.spans)
    for overlay in sorted(writing, key=lambda overlay: overlay.id):
        yield overlay.deadline.spans[milestone], f"overlay:{overlay.id}"


def years_without_calendar(case: Case, now: datetime, dues: Sequence[Due]) -> tuple[int, ...]:
    """Return the local years that a deadline counted through, or a condition asked for, and that have no calendar."""
    calendars, gaps = case.compiled.calendars, set(case.facts.gaps)
    counted = [due for due in dues if due.span.endswith((*_COUNTED, SpanUnit.CALENDAR_DAYS.value))]
    if counted:
        first = min(now, case.state.first_dispatched_at or now)
        gaps.update(calendars.gaps(first, max(due.at for due in counted)))
    return tuple(sorted(gaps))


_COUNTED = (SpanUnit.WORKING_HOURS.value, SpanUnit.BUSINESS_DAYS.value)
