"""Outcome (办理结果): what a channel learns of one of its reports, to tell the person who sent it in."""

from typing import Final

from pydantic import AwareDatetime, Field

from contracts.codes import FactKind, Satisfaction
from contracts.report import Code, Wire

TOLD: Final = (
    FactKind.DISPATCHED, FactKind.REASSIGNED, FactKind.ADJUDICATED, FactKind.ACKNOWLEDGED, FactKind.RESPONDED,
    FactKind.EXTENSION_GRANTED, FactKind.DEFERRED, FactKind.TRANSFERRED, FactKind.NOTIFIED, FactKind.RESOLVED,
    FactKind.VERIFIED, FactKind.FOLLOW_UP_DUE, FactKind.REOPENED, FactKind.MERGED, FactKind.WITHDRAWN, FactKind.CLOSED,
)  # fmt: skip
"""What a channel is told of its report, for the person who sent it in: of the lead's doings, not of helpers'."""


class Outcome(Wire):
    """One fact about a report, as its channel may tell it. `lead` is absent until an agency has the matter."""

    id: str = Field(min_length=1, max_length=128)
    incident: str
    channel: Code
    external_id: str = Field(min_length=1, max_length=256)
    fact: FactKind
    at: AwareDatetime
    lead: Code | None = None
    until: AwareDatetime | None = None
    satisfaction: Satisfaction | None = None
    reopened: int | None = None
    exercise: bool = False
