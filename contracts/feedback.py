"""Feedback: a fact told by an agency about its part in a case, or by the bus itself. Facts are past tense."""

from pydantic import Field

from contracts.codes import FactKind, Notice, ReturnReason, Satisfaction
from contracts.moments import Moment
from contracts.report import Code, Wire


class Feedback(Wire):
    """One fact. `agency` is absent where the bus tells it (`report_updated`, `duplicate_report`).

    `note` may hold personal data: it is never logged. `until` is the date asked for (`extension_requested`) or planned
    (`deferred`). `system` and `number` name the same matter elsewhere (`linked`, `transferred`).
    """

    id: str = Field(min_length=1, max_length=128)
    incident: str
    fact: FactKind
    at: Moment
    agency: Code | None = None
    assignment: str | None = None
    return_reason: ReturnReason | None = None
    suggested_agency: Code | None = None
    note: str = Field(default="", max_length=20_000)
    until: Moment | None = None
    body_digest: str | None = None  # report_updated: which telling, in hexadecimal
    raw: str | None = None  # report_updated: `topic/partition/offset` of the newer telling
    satisfaction: Satisfaction | None = None  # followed_up
    notice: Notice | None = None  # notified
    system: Code | None = None
    number: str | None = Field(default=None, max_length=128)
    exercise: bool = False
