"""What an agency may say of its assignment, or of a case of its channel's, as feedback.

A fact's id comes from what it says: said again, it is the same. When it happened (`at`) is not part of the id: a repeat
after a crash tells another moment and is the same fact all the same. Two facts that say the same and are both meant
(two reports of progress without a note) differ by `telling`, a word of the agency's own, such as the number of its
entry. Pure; the moment is the caller's.

Whoever took the report in (the hotline's own centre, say) speaks with the person who reported and often has no
assignment in the case: it names the case by a `Matter`.
"""

from datetime import datetime
from typing import Any, NamedTuple

from contracts.assignment import Assignment
from contracts.codes import FactKind, Notice, ReturnReason, Satisfaction
from contracts.feedback import Feedback
from contracts.ids import content_digest, fact_id


class Matter(NamedTuple):
    """A case that an agency speaks of without a part in it, by the id that its channel's outcomes name."""

    incident: str
    agency: str
    exercise: bool = False


Of = Assignment | Matter
"""What a fact is about."""


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


def transferred(of: Of, system: str, number: str, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """转办: it was handed to another system, such as 110 or 12345, where it has this number."""
    return _fact(of, FactKind.TRANSFERRED, at, note, telling, system=system, number=number)


def linked(of: Of, system: str, number: str, at: datetime) -> Feedback:
    """关联编号: the same matter has this number in another system, such as the city's platform."""
    return _fact(of, FactKind.LINKED, at, "", system=system, number=number)


def notified(of: Of, notice: Notice, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """告知: the petitioner was given one of the notices that the law names."""
    return _fact(of, FactKind.NOTIFIED, at, note, telling, notice=Notice(notice))


def verified(of: Of, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """核查: what was resolved was looked at on the spot, by whoever took the report in."""
    return _fact(of, FactKind.VERIFIED, at, note, telling)


def followed_up(of: Of, satisfaction: Satisfaction, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """回访: the person who reported was asked, and says so; dissatisfied, the case is reopened."""
    return _fact(of, FactKind.FOLLOWED_UP, at, note, telling, satisfaction=Satisfaction(satisfaction))


def reopened(of: Of, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """发回重办: it was not done after all, says whoever took the report in."""
    return _fact(of, FactKind.REOPENED, at, note, telling)


def review_requested(of: Of, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """申请复查、复核: the petitioner asks the authority above to look at the answer."""
    return _fact(of, FactKind.REVIEW_REQUESTED, at, note, telling)


def reviewed(of: Of, at: datetime, note: str = "", telling: str = "") -> Feedback:
    """复查、复核意见: the authority above has looked, with its opinion."""
    return _fact(of, FactKind.REVIEWED, at, note, telling)


def withdrawn(of: Of, at: datetime, note: str = "") -> Feedback:
    """撤回: the person who reported takes it back."""
    return _fact(of, FactKind.WITHDRAWN, at, note)


def _fact(of: Of, fact: FactKind, at: datetime, note: str, telling: str = "", **more: Any) -> Feedback:
    assignment = of.id if isinstance(of, Assignment) else None
    about = assignment or f"{of.incident}/{of.agency}"
    said = [about, note, telling, *(f"{name}={_text(each)}" for name, each in sorted(more.items()))]
    return Feedback(
        id=fact_id(of.incident, fact, content_digest(*said).hex()),
        incident=of.incident,
        fact=fact,
        at=at,
        agency=of.agency,
        assignment=assignment,
        note=note,
        exercise=of.exercise,
        **more,
    )


def _text(value: Any) -> str:
    """Return a value in the one form that its id is made of: an instant in whichever zone is the same instant."""
    return repr(value.timestamp()) if isinstance(value, datetime) else str(value or "")
