"""A record of an agency's topic read as the assignment that it is; what is none, or another's, is refused. Pure."""

from typing import Final

from contracts.assignment import Assignment
from contracts.codes import ReasonCode
from contracts.envelope import open_envelope
from contracts.errors import Permanent
from contracts.ports import InboundRecord
from contracts.serde import read

ASSIGNMENT_TYPE: Final = "incidentbus.assignment.v1"


def assignment_of(record: InboundRecord, agency: str) -> Assignment:
    """Return the assignment that a record carries, for `agency`.

    Raises `Permanent`: no JSON of an assignment's form, another type of event, another agency's, or two ids.
    """
    envelope = open_envelope(record.headers, record.value)
    if envelope.attributes.get("type", ASSIGNMENT_TYPE) != ASSIGNMENT_TYPE:
        raise Permanent(ReasonCode.INVALID_VALUE, f"ce_type is not {ASSIGNMENT_TYPE}")
    if not envelope.data:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD)
    assignment = read(Assignment, envelope.data)
    if envelope.attributes.get("id", assignment.id) != assignment.id:
        raise Permanent(ReasonCode.MALFORMED_ENVELOPE, "ce_id is not the assignment's id")
    if assignment.agency != agency:
        raise Permanent(ReasonCode.INVALID_VALUE, "agency: another's assignment")
    return assignment
