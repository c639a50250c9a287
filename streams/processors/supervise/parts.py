"""The parts of a case and their clocks: found, begun, stopped, moved. Works on the case in hand and nothing else."""

from collections.abc import Iterable
from functools import lru_cache

from contracts.case import Case, Clock, Part
from contracts.codes import Milestone, PartStatus, Role
from contracts.ids import assignment_id
from streams.lifecycle import PART_OVER
from streams.processors.supervise.book import Book


def part_of(case: Case, agency: str) -> Part | None:
    """Return the agency's part in the current round, or None."""
    return next((part for part in case.parts if part.agency == agency and part.round == case.round), None)


@lru_cache(maxsize=8_192)
def assignment_of(incident: str, agency: str, round_: int, role: Role) -> str:
    """Return the id of a part's assignment; remembered, for one fact asks for it time and again."""
    return assignment_id(incident, agency, round_, role)


def lead_of(case: Case) -> Part | None:
    """Return the accountable agency's part."""
    return part_of(case, case.lead)


def due_by(part: Part, milestone: Milestone) -> int:
    """Return by when a milestone is due of a part, 0 where it is not."""
    match milestone:
        case Milestone.ACKNOWLEDGE:
            return part.acknowledge_by
        case Milestone.RESPOND:
            return part.respond_by
        case Milestone.RESOLVE:
            return part.resolve_by


def others_over(case: Case) -> bool:
    """Say whether no co-handler holds the case open."""
    return all(
        part.status in PART_OVER for part in case.parts if part.role is Role.CO_HANDLER and part.round == case.round
    )


def stop(case: Case, agency: str, *milestones: Milestone) -> None:
    """Take clocks of a part away: those of these milestones, or all."""
    case.clocks = [
        clock for clock in case.clocks if clock.agency != agency or (milestones and clock.milestone not in milestones)
    ]


def start(case: Case, book: Book, part: Part, milestone: Milestone, now: int, since: int = 0) -> None:
    """Begin the ladder of a milestone anew. Of steps that lie before `now` only a deadline passed is still told."""
    stop(case, part.agency, milestone)
    due = due_by(part, milestone)
    if not due or part.status is PartStatus.HELD:
        return
    steps = book.steps(case.channel, milestone, part.agency, since or part.given_at, due)
    first = sum(at <= now for at in steps.at)
    at, do = list(steps.at[first:]), steps.do[first:]
    if "o" in steps.do[:first] and milestone not in case.overdue:
        at, do = [due, *at], "o" + do
    if at:
        taken = first - steps.do[:first].count("o")
        case.clocks.append(Clock(part.agency, milestone, at, do, taken))


def start_all(case: Case, book: Book, part: Part, now: int) -> None:
    """Begin every ladder of a part whose milestone is not reached yet."""
    for milestone in still_due(part):
        start(case, book, part, milestone, now)


def still_due(part: Part) -> Iterable[Milestone]:
    """Yield the milestones that a part has not reached."""
    if not part.acknowledged_at:
        yield Milestone.ACKNOWLEDGE
    if not part.responded_at and part.role is Role.LEAD:
        yield Milestone.RESPOND
    if not part.done_at:
        yield Milestone.RESOLVE
