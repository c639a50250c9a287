"""The life of a case as one table: who may tell what, where the case must stand for it, and what comes of it.

`TABLE` holds what is told of the whole case, `PART_TABLE` what a co-handler tells of its part. What stands in neither
is refused with a sentence. `docs/lifecycle.md` is drawn from here. Effects are names; `streams.processors.supervise`
makes them happen. Nothing else may enter: no clock, no ruleset, no bytes.
"""

from collections.abc import Mapping
from enum import Flag, StrEnum, auto
from typing import Final, NamedTuple

from contracts.codes import CaseStatus, FactKind, PartStatus


class Who(Flag):
    """In whose name a fact is told."""

    LEAD = auto()
    CO_HANDLER = auto()
    RECEIVER = auto()  # 首接单位: the channel's own agency, which speaks with who reported
    COMMAND = auto()  # the command centre, by a directive
    BUS = auto()  # the bus itself: decisions, clocks, later tellings


class Effect(StrEnum):
    """What a transition brings about, beside where the case stands afterwards."""

    REGISTER = "register"  # a decision's parts and clocks begin
    ACKNOWLEDGE = "acknowledge"  # 签收 is reached: its clock stops
    RESPOND = "respond"  # 首次联系 is reached, and with it 签收
    FINISH = "finish"  # 办结 is reached: the lead's clocks stop
    RETURN = "return"  # handed back: decided anew without it, or approval asked for
    HEED_RETURN = "heed_return"  # a return was refused: the case stands where it stood
    ASK_TIME = "ask_time"
    GIVE_TIME = "give_time"  # the deadline moves, its ladder anew
    REFUSE_TIME = "refuse_time"
    DEFER = "defer"  # 挂账: the deadline is the plan's date, its ladder anew
    PLAN_FOLLOW_UP = "plan_follow_up"
    FOLLOW_UP = "follow_up"  # 回访: closed, or reopened
    REOPEN = "reopen"  # back to the same agency, counted
    REVIEW = "review"  # 复查, 复核: the superior handles it
    CLIMB = "climb"  # escalated: one more level knows
    REMIND = "remind"
    MARK_OVERDUE = "mark_overdue"
    HOLD = "hold"
    RELEASE = "release"
    LINK = "link"  # another system's number
    EXCUSE = "excuse"  # a co-handler need do no more
    MERGE = "merge"
    END = "end"  # over: nothing is due any more
    TRY_CLOSE = "try_close"  # closed if nothing stands in the way
    TELL_AGENCIES = "tell_agencies"  # what the channel brought: dispatch tells those who have the case


S, F, E = CaseStatus, FactKind, Effect

UNDECIDED: Final = frozenset({S.RETURNED, S.DISPUTED})
WORKING: Final = frozenset({S.DISPATCHED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.DEFERRED})
DONE: Final = frozenset({S.RESOLVED, S.VERIFIED})
OPEN: Final = UNDECIDED | WORKING | DONE
ANY: Final = frozenset(S) - {S.EXPECTED}

Moves = Mapping[CaseStatus, CaseStatus]


class Row(NamedTuple):
    """One line of the table: a fact, who may tell it, from where to where it takes the case, and its effects."""

    fact: FactKind
    who: Who
    moves: Moves
    effects: tuple[Effect, ...] = ()


def _to(status: CaseStatus, *sources: frozenset[CaseStatus] | CaseStatus) -> dict[CaseStatus, CaseStatus]:
    return dict.fromkeys(_all(sources), status)


def _stay(*sources: frozenset[CaseStatus] | CaseStatus) -> dict[CaseStatus, CaseStatus]:
    return {status: status for status in _all(sources)}


def _all(sources: tuple[frozenset[CaseStatus] | CaseStatus, ...]) -> list[CaseStatus]:
    found: set[CaseStatus] = set()
    for source in sources:
        found |= {source} if isinstance(source, CaseStatus) else source
    return [status for status in S if status in found]


_SPOKEN: Final = Who.LEAD | Who.COMMAND
_HEARD: Final = Who.RECEIVER | Who.COMMAND

TABLE: Final = (
    # decided
    Row(F.REGISTERED, Who.BUS, _stay(S.EXPECTED)),
    Row(F.DISPATCHED, Who.BUS, _to(S.DISPATCHED, S.EXPECTED), (E.REGISTER,)),
    Row(F.REASSIGNED, Who.BUS, _to(S.DISPATCHED, UNDECIDED, WORKING, DONE), (E.REGISTER,)),
    Row(F.DISPUTED, Who.BUS, _to(S.DISPUTED, S.EXPECTED, UNDECIDED, WORKING, DONE), (E.REGISTER,)),
    Row(F.ADJUDICATED, Who.BUS, _to(S.DISPATCHED, UNDECIDED, WORKING, DONE), (E.REGISTER,)),
    Row(F.AMENDED, Who.BUS, _stay(OPEN), (E.REGISTER,)),
    # worked on
    Row(F.ACKNOWLEDGED, _SPOKEN, _to(S.ACKNOWLEDGED, S.DISPATCHED), (E.ACKNOWLEDGE,)),
    Row(F.RESPONDED, Who.LEAD,
        _to(S.ACKNOWLEDGED, S.DISPATCHED) | _stay(S.ACKNOWLEDGED, S.IN_PROGRESS, S.DEFERRED), (E.RESPOND,)),
    Row(F.IN_PROGRESS, Who.LEAD, _to(S.IN_PROGRESS, WORKING), (E.ACKNOWLEDGE,)),
    Row(F.NOTIFIED, Who.LEAD | Who.RECEIVER, _stay(OPEN)),
    Row(F.TRANSFERRED, Who.LEAD | Who.RECEIVER, _stay(WORKING), (E.LINK,)),
    Row(F.LINKED, Who.LEAD | Who.RECEIVER | Who.COMMAND, _stay(ANY), (E.LINK,)),
    Row(F.REPORT_UPDATED, Who.BUS, _stay(ANY)),
    Row(F.DUPLICATE_REPORT, Who.BUS, _stay(ANY)),
    # handed back
    Row(F.RETURNED, Who.LEAD, _to(S.RETURNED, WORKING), (E.RETURN,)),
    Row(F.RETURN_REQUESTED, Who.LEAD, _stay(WORKING), (E.RETURN,)),
    Row(F.RETURN_REFUSED, Who.COMMAND, _to(S.ACKNOWLEDGED, S.RETURNED) | _stay(WORKING), (E.HEED_RETURN,)),
    # more time
    Row(F.EXTENSION_REQUESTED, Who.LEAD, _stay(WORKING), (E.ASK_TIME,)),
    Row(F.EXTENSION_GRANTED, Who.COMMAND, _stay(WORKING), (E.GIVE_TIME,)),
    Row(F.EXTENSION_REFUSED, Who.COMMAND, _stay(WORKING), (E.REFUSE_TIME,)),
    Row(F.DEFERRED, Who.COMMAND, _to(S.DEFERRED, WORKING), (E.DEFER,)),
    # done, and whether it stands
    Row(F.RESOLVED, Who.LEAD, _to(S.RESOLVED, WORKING), (E.FINISH, E.PLAN_FOLLOW_UP, E.TRY_CLOSE)),
    Row(F.VERIFIED, _HEARD, _to(S.VERIFIED, S.RESOLVED), (E.PLAN_FOLLOW_UP, E.TRY_CLOSE)),
    Row(F.FOLLOW_UP_DUE, Who.BUS, _stay(WORKING, DONE)),
    Row(F.FOLLOWED_UP, _HEARD, _stay(WORKING, DONE), (E.FOLLOW_UP,)),
    Row(F.REOPENED, _HEARD | Who.BUS, _to(S.ACKNOWLEDGED, DONE), (E.REOPEN,)),
    Row(F.REVIEW_REQUESTED, _HEARD, _to(S.RETURNED, DONE), (E.REVIEW,)),
    Row(F.REVIEWED, Who.LEAD | Who.RECEIVER, _stay(OPEN)),
    # clocks and the command centre
    Row(F.REMINDED, Who.BUS | Who.COMMAND, _stay(OPEN), (E.REMIND,)),
    Row(F.OVERDUE, Who.BUS, _stay(OPEN), (E.MARK_OVERDUE,)),
    Row(F.SUPERVISED, Who.BUS | Who.COMMAND, _stay(OPEN)),
    Row(F.ESCALATED, Who.BUS | Who.COMMAND, _stay(OPEN), (E.CLIMB,)),
    Row(F.HELD, Who.BUS, _stay(OPEN), (E.HOLD,)),
    Row(F.RELEASED, Who.BUS, _stay(OPEN), (E.RELEASE,)),
    Row(F.EXCUSED, Who.COMMAND, _stay(WORKING, DONE), (E.EXCUSE, E.TRY_CLOSE)),
    # over
    Row(F.CLOSED, Who.BUS | Who.COMMAND, _to(S.CLOSED, OPEN), (E.END,)),
    Row(F.MERGED, Who.COMMAND, _to(S.MERGED, OPEN), (E.MERGE, E.END)),
    Row(F.WITHDRAWN, Who.COMMAND, _to(S.WITHDRAWN, OPEN), (E.END,)),
    Row(F.WITHDRAWN, Who.RECEIVER, _to(S.WITHDRAWN, OPEN), (E.TELL_AGENCIES, E.END)),
)  # fmt: skip
"""Every fact about a case; a pair of fact and status that no row has is refused."""

P = PartStatus
_AT_WORK: Final = (P.ASSIGNED, P.ACKNOWLEDGED, P.IN_PROGRESS)

PART_TABLE: Final[Mapping[FactKind, Mapping[PartStatus, PartStatus]]] = {
    F.ACKNOWLEDGED: {P.ASSIGNED: P.ACKNOWLEDGED},
    F.RESPONDED: {P.ASSIGNED: P.ACKNOWLEDGED, P.ACKNOWLEDGED: P.ACKNOWLEDGED, P.IN_PROGRESS: P.IN_PROGRESS},
    F.IN_PROGRESS: dict.fromkeys(_AT_WORK, P.IN_PROGRESS),
    F.RETURNED: dict.fromkeys(_AT_WORK, P.RETURNED),
    F.RESOLVED: dict.fromkeys(_AT_WORK, P.DONE),
    F.EXCUSED: dict.fromkeys(_AT_WORK, P.EXCUSED),
    F.LINKED: {status: status for status in P},
}
"""What a co-handler tells of its own part: fact, and from where to where that takes the part."""

PART_OVER: Final = frozenset({P.DONE, P.RETURNED, P.EXCUSED, P.WITHDRAWN, P.INFORMED})
"""A part that stands here holds no case open."""


class Transition(NamedTuple):
    """Where a fact takes the case, and what comes of it."""

    to: CaseStatus
    effects: tuple[Effect, ...]


def _indexed() -> dict[tuple[FactKind, Who, CaseStatus], Transition]:
    found: dict[tuple[FactKind, Who, CaseStatus], Transition] = {}
    for row in TABLE:
        for who in Who:
            if who in row.who:
                for source, target in row.moves.items():
                    if (row.fact, who, source) in found:
                        raise ValueError(f"{row.fact} by {who} at {source} stands in two rows")
                    found[row.fact, who, source] = Transition(target, row.effects)
    return found


_TRANSITIONS: Final = _indexed()
_TOLD_BY: Final = {fact: Who(sum({who.value for row in TABLE if row.fact is fact for who in row.who})) for fact in F}


def transition(fact: FactKind, who: Who, status: CaseStatus) -> Transition | None:
    """Return what a fact told by `who` does to a case that stands at `status`; None where it may not be told."""
    return _TRANSITIONS.get((fact, who, status))


def may_tell(who: Who, fact: FactKind) -> bool:
    """Say whether there is any status at which `who` may tell `fact`."""
    return who in _TOLD_BY[fact]
