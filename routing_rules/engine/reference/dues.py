"""By when: the spans in their order, the earlier instant the stricter (RULE-LANGUAGE §8, ADR 0040)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.codes import Milestone, Urgency
from contracts.decision import Due
from routing_rules.engine.reference.clock import ends_at, local
from routing_rules.engine.reference.situation import Situation
from routing_rules.engine.schema import Overlay, Route, Span, SpanUnit


@dataclass(slots=True)
class _Set:
    """What is set for one milestone so far."""

    span: Span
    by: str
    fixed: bool


def dues(here: Situation, lead: str, route: Route, overlays: list[Overlay], urgency: Urgency) -> tuple[Due, ...]:
    """Return the deadlines of a decision, milestone by milestone; years without calendar go to the situation's gaps."""
    found = [_due(milestone, here, lead, route, overlays, urgency) for milestone in Milestone]
    return tuple(due for due in found if due is not None)


def _due(
    milestone: Milestone, here: Situation, lead: str, route: Route, overlays: list[Overlay], urgency: Urgency
) -> Due | None:
    start = here.now
    if milestone is not Milestone.ACKNOWLEDGE and here.state.first_dispatched_at is not None:
        start = here.state.first_dispatched_at
    calendar = here.ruleset.agencies[lead].calendar

    def at(span: Span) -> datetime | None:
        return ends_at(span, start, here.ruleset, calendar)

    now_set = _written(milestone, here, route)
    if now_set is None or not now_set.fixed:
        for span, by in _tightening(milestone, here, overlays, urgency):
            instant = at(span)
            limit = at(now_set.span) if now_set is not None else None
            if instant is not None and (limit is None or instant < limit):
                now_set = _Set(span, by, False)
    if now_set is None:
        return None
    due = at(now_set.span)
    if due is not None and _by_calendar(now_set.span, calendar):
        here.gaps |= _missing_years(start, due, calendar, here)
    return None if due is None else Due(milestone, due, str(now_set.span), now_set.by, now_set.fixed)


def amended_dues(
    here: Situation,
    lead: str,
    route: Route,
    overlays: list[Overlay],
    urgency: Urgency,
    dispatched_at: datetime | None,
) -> tuple[Due, ...]:
    """Return the deadlines of a round that is amended now: what tightens too late runs from now (ADR 0132)."""
    first = here.state.first_dispatched_at
    agency = here.ruleset.agencies.get(lead)
    calendar = agency.calendar if agency is not None else None
    round_began = dispatched_at
    if round_began is None:
        round_began = here.now if first is None or here.state.round > 1 else first
    found: list[Due] = []
    for milestone in Milestone:
        start = round_began if milestone is Milestone.ACKNOWLEDGE or first is None else first
        offers: list[tuple[datetime, Span, str]] = []
        written = _written(milestone, here, route)
        if written is not None:
            base = ends_at(written.span, start, here.ruleset, calendar)
            if base is not None:
                offers.append((base, written.span, written.by))
        if written is None or not written.fixed:
            for span, by in _tightening(milestone, here, overlays, urgency):
                instant = ends_at(span, start, here.ruleset, calendar)
                if instant is not None and instant <= here.now:
                    instant = ends_at(span, here.now, here.ruleset, calendar)
                if instant is not None:
                    offers.append((instant, span, by))
        if offers:
            at, span, by = min(offers, key=lambda offer: offer[0])
            found.append(Due(milestone, at, str(span), by, written is not None and written.fixed))
            if _by_calendar(span, calendar):
                here.gaps |= _missing_years(start, at, calendar, here)
    return tuple(found)


def _by_calendar(span: Span, calendar: str | None) -> bool:
    if span.unit is SpanUnit.WORKING_HOURS:
        return calendar != "always"
    return span.unit in {SpanUnit.BUSINESS_DAYS, SpanUnit.CALENDAR_DAYS}


def _missing_years(start: datetime, due: datetime, calendar: str | None, here: Situation) -> set[int]:
    """Return the years without calendar from the day of the start to the day that ends or passes at `due`."""
    first = local(start, here.ruleset).year
    last = local(due - timedelta(microseconds=1), here.ruleset).year
    name = here.ruleset.calendar if calendar in {None, "always"} else calendar
    return {year for year in range(first, last + 1) if (name, year) not in here.ruleset.calendars}


def _written(milestone: Milestone, here: Situation, route: Route) -> _Set | None:
    """Return what the county and the route write: each replaces what came before it."""
    county, kind = here.ruleset.deadlines, here.incident.kind
    found = None
    if milestone in county.default:
        found = _Set(county.default[milestone], "default", False)
    if milestone in county.by_kind.get(kind, {}):
        found = _Set(county.by_kind[kind][milestone], f"by_kind:{kind.value}", False)
    if milestone in route.deadline.spans:
        found = _Set(route.deadline.spans[milestone], f"rule:{route.id}", route.deadline.fixed)
    own = route.deadline_by_kind.get(kind)
    if own is not None and milestone in own.spans:
        fixed = own.fixed or route.deadline.fixed
        found = _Set(own.spans[milestone], f"rule_by_kind:{route.id}", fixed)
    return found


def _tightening(
    milestone: Milestone, here: Situation, overlays: list[Overlay], urgency: Urgency
) -> list[tuple[Span, str]]:
    found = []
    by_urgency = here.ruleset.deadlines.by_urgency.get(urgency, {})
    if milestone in by_urgency:
        found.append((by_urgency[milestone], f"by_urgency:{urgency.value}"))
    for overlay in sorted(overlays, key=lambda overlay: overlay.id):
        if milestone in overlay.deadline.spans:
            found.append((overlay.deadline.spans[milestone], f"overlay:{overlay.id}"))
    return found
