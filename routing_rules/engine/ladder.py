"""The clocks of a case's life, reckoned from the rules: ladders, windows, follow-ups, who stands above whom (ADR 0131).

Pure, and everything in the ruleset's civil time: what follows a case asks here and keeps the answers with it, so that
a later ruleset moves no clock that runs (G48). No clock is read here.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from contracts.codes import Milestone, TimerKind
from routing_rules.engine.calendars import Calendars
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Lifecycle, Rung


class Step(NamedTuple):
    """One step of a ladder: when, what, and its number; the deadline itself has number 0, the rungs count from 1."""

    at: datetime
    do: TimerKind
    step: int


class _Known(NamedTuple):
    """What a ladder comes to by its deadline alone, and the rungs, numbered, that ask for the start as well."""

    steps: tuple[Step, ...]
    shares: tuple[tuple[int, Rung], ...]


def lifecycle_of(compiled: Compiled, channel: str) -> Lifecycle:
    """Return how cases of a channel are followed: the channel's own rules, else the county's."""
    ruleset = compiled.ruleset
    return ruleset.lifecycle_by_channel.get(channel, ruleset.lifecycle)


def steps(
    compiled: Compiled, channel: str, milestone: Milestone, start: datetime, due: datetime, calendar: str | None
) -> tuple[Step, ...]:
    """Return the ladder of a milestone that runs from `start` and is due at `due`, both aware, in order of time.

    `calendar` is the agency's: `always`, a name, or None for the county's. A percentage is of the time by the clock
    from start to deadline; where that falls outside working hours it moves to the next opening, never past the
    deadline. The deadline itself is a step (`overdue`), before rungs of the same moment.
    """
    known = _known(compiled, channel, milestone, due, calendar)
    if not known.shares:
        return known.steps
    begun, end = start.astimezone(UTC), due.astimezone(UTC)
    shared = [
        Step(_share(compiled.calendars, rung.percent or 0, begun, end, calendar), rung.do, number)
        for number, rung in known.shares
    ]
    return tuple(sorted([*shared, *known.steps], key=_when))


def _known(compiled: Compiled, channel: str, milestone: Milestone, due: datetime, calendar: str | None) -> _Known:
    """Return what the deadline alone decides; kept, for where days are counted many cases share one."""
    key = (channel, milestone, due, calendar)
    found: _Known | None = compiled.ladders.get(key)
    return found or keep(compiled.ladders, key, _reckoned(compiled, channel, milestone, due, calendar))


def _reckoned(compiled: Compiled, channel: str, milestone: Milestone, due: datetime, calendar: str | None) -> _Known:
    calendars = compiled.calendars
    end = calendars.local(due)
    made = [Step(end, TimerKind.OVERDUE, 0)]
    shares: list[tuple[int, Rung]] = []
    for number, rung in enumerate(lifecycle_of(compiled, channel).ladder.get(milestone, ()), 1):
        if rung.percent is not None:
            shares.append((number, rung))
            continue
        at = end if rung.after is None else calendars.due(rung.after, due, calendar)
        if at is not None:
            made.append(Step(at, rung.do, number))
    return _Known(tuple(sorted(made, key=_when)), tuple(shares))


def _share(calendars: Calendars, percent: int, start: datetime, due: datetime, calendar: str | None) -> datetime:
    """Return the moment at which so much of the time from start to deadline, both UTC, is gone."""
    opening = calendars.opening(start + (due - start) * percent / 100, calendar)
    return opening if opening.astimezone(UTC) < due else calendars.local(due)


def _when(step: Step) -> tuple[datetime, int]:
    """Return what steps go by: the instant (in one zone `<` would go by the clock on the wall), then the number."""
    return step.at.astimezone(UTC), step.step


def return_until(compiled: Compiled, channel: str, given_at: datetime, calendar: str | None) -> datetime | None:
    """Return the last moment at which what was given at `given_at` may be handed back; None: at any time."""
    return compiled.calendars.due(lifecycle_of(compiled, channel).return_within, given_at, calendar)


def follow_up_due(compiled: Compiled, channel: str, at: datetime) -> datetime | None:
    """Return when 回访, or the check on the spot, is due after what calls for it at `at`; None: no time is set."""
    return compiled.calendars.due(lifecycle_of(compiled, channel).follow_up.within, at)


def close_due(compiled: Compiled, channel: str, at: datetime) -> datetime | None:
    """Return when a resolution stands that nobody has contradicted since `at`; None: at once."""
    return compiled.calendars.due(lifecycle_of(compiled, channel).follow_up.close_after, at)


def reopen_due(compiled: Compiled, channel: str, at: datetime, calendar: str | None) -> datetime | None:
    """Return by when a case that was sent back at `at` is to be resolved again; None: no time is set."""
    return compiled.calendars.due(lifecycle_of(compiled, channel).reopen.deadline, at, calendar)


def calendar_of(compiled: Compiled, agency: str) -> str | None:
    """Return the calendar that an agency works by: `always`, a name, or None for the county's."""
    known = compiled.ruleset.agencies.get(agency)
    return None if known is None else known.calendar


def supervisor_at(compiled: Compiled, agency: str, level: int) -> str | None:
    """Return who stands `level` steps above an agency, the highest there is; None where nobody stands above it."""
    chain = compiled.catalogue.supervisors(agency)
    return chain[min(level, len(chain) - 1)] if level > 0 and len(chain) > 1 else None
