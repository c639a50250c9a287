"""What an agency may say of its assignment, as feedback whose id comes from what it says: said again, it is the same.

When it happened (`at`) is not part of the id: a repeat after a crash tells another moment and is the same fact all the
same. Two facts that say the same and are both meant (two reports of progress without a note) differ by `telling`, a
word of the agency's own, such as the number of its entry. Pure; the moment is the caller's.
"""

from datetime import datetime
from typing import Any

from contracts.assignment import Assignment
from contracts.codes import FactKind, ReturnReason
from contracts.feedback import Feedback
from contracts.ids import content_digest, fact_id


def acknowledged(assignment: Assignment, at: datetime, note: str = "") -> Feedback:
    """签收: it has arrived and somebody has it."""
    return _fact(assignment, FactKind.ACKNOWLEDGED, at, note)


def responded(assignment: Assignment, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """首次联系: the person who reported was answered for the first time."""
    return _fact(assignment, FactKind.RESPONDED, at, note, telling)


def in_progress(assignment: Assignment, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """办理中: work goes on."""
    return _fact(assignment, FactKind.IN_PROGRESS, at, note, telling)


def returned(
    assignment: Assignment, reason: ReturnReason, at: datetime, note: str = "", suggested_agency: str | None = None
) -> Feedback:
    """退单: not ours, on one of the closed grounds; with the agency whose it is, if that is known."""
    return _fact(
        assignment, FactKind.RETURNED, at, note, return_reason=ReturnReason(reason), suggested_agency=suggested_agency
    )


def extension_requested(
    assignment: Assignment, until: datetime, at: datetime, note: str = "", telling: str = ""
) -> Feedback:
    """申请延期: more time is asked for, until then."""
    return _fact(assignment, FactKind.EXTENSION_REQUESTED, at, note, telling, until=until)


def resolved(assignment: Assignment, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """办结: done, with what came of it."""
    return _fact(assignment, FactKind.RESOLVED, at, note, telling)


def _fact(assignment: Assignment, fact: FactKind, at: datetime, note: str, telling: str = "", **more: Any) -> Feedback:
    said = [assignment.id, note, telling, *(f"{name}={_text(each)}" for name, each in sorted(more.items()))]
    return Feedback(
        id=fact_id(assignment.incident, fact, content_digest(*said).hex()),
        incident=assignment.incident,
        fact=fact,
        at=at,
        agency=assignment.agency,
        assignment=assignment.id,
        note=note,
        exercise=assignment.exercise,
        **more,
    )


def _text(value: Any) -> str:
    """Return a value in the one form that its id is made of: an instant in whichever zone is the same instant."""
    return repr(value.timestamp()) if isinstance(value, datetime) else str(value or "")
