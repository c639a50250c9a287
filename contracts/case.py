"""Case (案件): all that is kept of one matter while it is followed, and after; on `bus.cases.v1`, keyed by incident.

Supervise's state and what read models are built from. A value is thirteen digits, the millisecond at which something
of the case falls due next (zeros: nothing does), a blank, and the case as MessagePack, a row of its fields in their
order: a task learns what is due without parsing a million of them, and a million of them fit. `msgspec` reads and
writes it (ADR 0144). A field may only be added at the end. Times are milliseconds since the epoch, UTC; 0 is none.
"""

from typing import Final

import msgspec

from contracts.codes import (
    CaseStatus,
    Kind,
    Milestone,
    Outcome,
    PartStatus,
    ReasonCode,
    Role,
    Satisfaction,
    TimerKind,
    Urgency,
)
from contracts.errors import Permanent

_DIGITS: Final = 13
_HEAD: Final = _DIGITS + 1


class Timer(msgspec.Struct, frozen=True, array_like=True):
    """Something of the whole case that falls due once: a follow-up, a closing, a plan's date. `step` counts repeats."""

    at: int
    kind: TimerKind
    step: int = 0


class Clock(msgspec.Struct, array_like=True):
    """The ladder of one milestone of one part: the steps still to come, in order of time.

    `at` holds their milliseconds and `do` what each does, a letter a step (`STEPS`). `step` counts the rungs
    taken or passed; the deadline itself is no rung.
    """

    agency: str
    milestone: Milestone
    at: list[int]
    do: str
    step: int = 0


STEPS: Final = {
    "r": TimerKind.REMIND,
    "o": TimerKind.OVERDUE,
    "s": TimerKind.SUPERVISE,
    "e": TimerKind.ESCALATE,
}
"""The letters of a clock's steps."""


class Part(msgspec.Struct, array_like=True):
    """One agency's part: its role, where it stands, and by when what is due of it. Its assignment's id follows from it.

    `return_until`: the last moment for handing it back. The three `…_at` say when a milestone was reached.
    """

    agency: str
    role: Role
    round: int
    status: PartStatus
    given_at: int
    acknowledge_by: int = 0
    respond_by: int = 0
    resolve_by: int = 0
    return_until: int = 0
    acknowledged_at: int = 0
    responded_at: int = 0
    done_at: int = 0
    held_since: int = 0


class Early(msgspec.Struct, array_like=True):
    """A fact that came before the decision that it speaks of: without its note; when and where the broker took it."""

    feedback: str
    at: int
    offset: int = 0


class Case(msgspec.Struct, array_like=True):
    """One case as it stands. `parts` are those of the current round, the lead's first; earlier ones' are over.

    `lead` is the one accountable agency; while a case is returned it is still whoever had it, until another has.
    `seen` are short digests of the facts applied: a repeat is known by them.
    """

    status: CaseStatus
    channel: str = ""
    external_id: str = ""
    kind: Kind = Kind.HELP
    category: str = ""
    jurisdiction: str = ""
    received_at: int = 0
    urgency: Urgency = Urgency.NORMAL
    tags: list[str] = []
    round: int = 0
    lead: str = ""
    route: str = ""
    ruleset: str = ""
    reason: Outcome = Outcome.MATCHED
    opened_at: int = 0
    first_dispatched_at: int = 0
    changed_at: int = 0
    ended_at: int = 0
    parts: list[Part] = []
    clocks: list[Clock] = []
    timers: list[Timer] = []
    returns: int = 0
    reopened: int = 0
    reviews: int = 0
    extensions: int = 0
    reminders: int = 0
    level: int = 0  # how far up it was escalated
    final: bool = False  # adjudicated: its lead may not hand it back
    stands: bool = False  # the resolution stands: it closes when the co-handlers are done
    return_asked: bool = False
    asked_until: int = 0  # an extension that was asked for
    plan_until: int = 0  # a deferral's date
    overdue: list[Milestone] = []
    satisfaction: Satisfaction | None = None
    into: str = ""
    numbers: dict[str, str] = {}
    seen: list[str] = []
    early: list[Early] = []
    confidential: bool = False
    exercise: bool = False


_decode: Final = msgspec.msgpack.Decoder(Case).decode
_encode: Final = msgspec.msgpack.Encoder().encode


def read_case(value: bytes) -> Case:
    """Return a case from its value on the topic. Raises `Permanent` where it is none."""
    try:
        return _decode(memoryview(value)[_HEAD:])
    except (msgspec.DecodeError, ValueError):
        raise Permanent(ReasonCode.UNPARSABLE, "not a case") from None


def write_case(case: Case) -> bytes:
    """Return a case as the topic keeps it."""
    return b"%013d %b" % (next_due(case), _encode(case))


def next_due(case: Case) -> int:
    """Return the millisecond at which something of the case falls due next, 0 where nothing does."""
    first = [clock.at[0] for clock in case.clocks if clock.at]
    first += [timer.at for timer in case.timers]
    return min(first, default=0)


def due_of(value: bytes) -> int | None:
    """Return the millisecond at which something of a kept case falls due next, or None."""
    return int(value[:_DIGITS]) or None
