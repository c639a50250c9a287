"""Case (案件): all that is kept of one matter while it is followed, and after; on `bus.cases.v1`, keyed by incident.

Supervise's state and what read models are built from. A value is thirteen digits, the millisecond at which something
of the case falls due next (zeros: nothing does), a blank, and the case as JSON: a task learns what is due without
parsing a million of them. `msgspec` reads and writes it (a case is met with every fact; ADR 0093 for the reasons).
Times are milliseconds since the epoch, UTC; 0 is none.
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
_NOTHING: Final = b"0" * _DIGITS


class Timer(msgspec.Struct, frozen=True, array_like=True):
    """Something that falls due: when, what, and of which part and milestone, if of one. `step` counts the ladder's."""

    at: int
    kind: TimerKind
    agency: str = ""
    milestone: Milestone | None = None
    step: int = 0


class Part(msgspec.Struct, omit_defaults=True):
    """One agency's part: its role, its assignment, where it stands, and by when what is due of it."""

    agency: str
    role: Role
    assignment: str
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


class Early(msgspec.Struct, omit_defaults=True):
    """A fact that came before the decision that it speaks of: the feedback's bytes, and when the broker took it."""

    feedback: str
    at: int


class Case(msgspec.Struct, omit_defaults=True):
    """One case as it stands. `parts` are those of every round, the latest lead's first among its round.

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
    timers: list[Timer] = []
    returns: int = 0
    reopened: int = 0
    extensions: int = 0
    reminders: int = 0
    level: int = 0
    asked_until: int = 0
    plan_until: int = 0
    overdue: list[Milestone] = []
    satisfaction: Satisfaction | None = None
    into: str = ""
    numbers: dict[str, str] = {}
    seen: list[str] = []
    early: list[Early] = []
    confidential: bool = False
    exercise: bool = False


_decode: Final = msgspec.json.Decoder(Case).decode
_encode: Final = msgspec.json.Encoder().encode


def read_case(value: bytes) -> Case:
    """Return a case from its value on the topic. Raises `Permanent` where it is none."""
    try:
        return _decode(memoryview(value)[_HEAD:])
    except (msgspec.DecodeError, ValueError):
        raise Permanent(ReasonCode.UNPARSABLE, "not a case") from None


def write_case(case: Case) -> bytes:
    """Return a case as the topic keeps it. `timers` are in order of time: the first says when it is due."""
    due = b"%013d" % case.timers[0].at if case.timers else _NOTHING
    return due + b" " + _encode(case)


def due_of(value: bytes) -> int | None:
    """Return the millisecond at which something of a kept case falls due next, or None."""
    due = int(value[:_DIGITS])
    return due or None
