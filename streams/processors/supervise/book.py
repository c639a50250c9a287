"""What the rules say of a case's life, asked in milliseconds: clocks, windows, follow-ups, who stands above whom.

One book serves one ruleset; what was worked out is kept, for a batch of decisions has one stamp and few spans.
"""

from datetime import datetime
from typing import Final, NamedTuple

from contracts.codes import Milestone, TimerKind
from contracts.moments import instant_of, milliseconds_of
from routing_rules.engine import ladder
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Lifecycle, Span, SpanUnit

RECHECK: Final = Span(5, SpanUnit.BUSINESS_DAYS)
"""An open case of which nothing else is due is looked at again after so long: none is forgotten."""
_LETTERS: Final = {TimerKind.REMIND: "r", TimerKind.OVERDUE: "o", TimerKind.SUPERVISE: "s", TimerKind.ESCALATE: "e"}


class Steps(NamedTuple):
    """A ladder: the moments of its steps, and what each does, a letter a step."""

    at: tuple[int, ...]
    do: str


class Book:
    """The rules of the life of a case, by one ruleset."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._steps: dict[tuple[str, Milestone, int, int, str | None], Steps] = {}

    @property
    def ruleset(self) -> str:
        """The digest of the ruleset."""
        return self._compiled.ruleset.hash

    def lifecycle(self, channel: str) -> Lifecycle:
        """Return what the ruleset says of this channel's cases."""
        return ladder.lifecycle_of(self._compiled, channel)

    def receiver(self, channel: str) -> str | None:
        """Return the agency that speaks with who reported: the channel's own."""
        spec = self._compiled.ruleset.channels.get(channel)
        return spec.agency if spec is not None else None

    def steps(self, channel: str, milestone: Milestone, agency: str, start: int, due: int) -> Steps:
        """Return the ladder of a milestone that runs from `start` and is due at `due`."""
        calendar = ladder.calendar_of(self._compiled, agency)
        key = (channel, milestone, start, due, calendar)
        found = self._steps.get(key)
        if found is None:
            steps = ladder.steps(self._compiled, channel, milestone, instant_of(start), instant_of(due), calendar)
            at = tuple(milliseconds_of(step.at) for step in steps)
            found = keep(self._steps, key, Steps(at, "".join(_LETTERS[step.do] for step in steps)))
        return found

    def return_until(self, channel: str, agency: str, given_at: int) -> int:
        """Return the last moment at which an agency may hand back what it was given then; 0: at any time."""
        calendar = ladder.calendar_of(self._compiled, agency)
        return _or_none(ladder.return_until(self._compiled, channel, instant_of(given_at), calendar))

    def follow_up_at(self, channel: str, since: int) -> int:
        """Return when 回访 falls due, 0: never."""
        return _or_none(ladder.follow_up_due(self._compiled, channel, instant_of(since)))

    def close_at(self, channel: str, since: int) -> int:
        """Return when a resolution stands that nobody has spoken against; 0: at once."""
        return _or_none(ladder.close_due(self._compiled, channel, instant_of(since)))

    def redo_by(self, channel: str, agency: str, since: int) -> int:
        """Return by when a reopened case is to be resolved."""
        calendar = ladder.calendar_of(self._compiled, agency)
        return _or_none(ladder.reopen_due(self._compiled, channel, instant_of(since), calendar))

    def after(self, span: Span, since: int, agency: str = "") -> int:
        """Return the moment at which a span from `since` has run out, by the agency's calendar; 0: never."""
        calendar = ladder.calendar_of(self._compiled, agency) if agency else None
        return _or_none(self._compiled.calendars.due(span, instant_of(since), calendar))

    def above(self, agency: str, level: int) -> str | None:
        """Return who stands so many levels above an agency; None where nobody does."""
        return ladder.supervisor_at(self._compiled, agency, level)


def _or_none(moment: datetime | None) -> int:
    return 0 if moment is None else milliseconds_of(moment)
