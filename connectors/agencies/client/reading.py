"""A record of an agency's topic read as what it is, an assignment or a notice of one; what is none is refused. Pure."""

from typing import Final

from contracts.assignment import Assignment
from contracts.codes import ReasonCode
from contracts.envelope import Envelope, open_envelope
from contracts.errors import Permanent
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.ports import InboundRecord
from contracts.serde import read

ASSIGNMENT_TYPE: Final = "incidentbus.assignment.v1"

Message = Assignment | AssignmentNotice
"""What an agency is sent: something to do, or a word about something that it has."""


def message_of(record: InboundRecord, agency: str) -> Message:
    """Return what a record carries for `agency`: an assignment or a notice, as its type says.

    Raises `Permanent`: no JSON of that form, another type of event, another agency's, or two ids.
    """
    envelope = open_envelope(record.headers, record.value)
    told = envelope.attributes.get("type", ASSIGNMENT_TYPE)
    if told == ASSIGNMENT_NOTICE:
        return _checked(read(AssignmentNotice, _data(envelope)), envelope, agency)
    if told != ASSIGNMENT_TYPE:
        raise Permanent(ReasonCode.INVALID_VALUE, f"ce_type is neither {ASSIGNMENT_TYPE} nor {ASSIGNMENT_NOTICE}")
    return _checked(read(Assignment, _data(envelope)), envelope, agency)


def is_notice(record: InboundRecord) -> bool:
    """Say whether a record is a notice, by its header alone: who takes assignments only need not read it."""
    return any(name == "ce_type" and value == ASSIGNMENT_NOTICE.encode() for name, value in record.headers)


def _data(envelope: Envelope) -> bytes:
    if not envelope.data:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD)
    return envelope.data


def _checked(message: Message, envelope: Envelope, agency: str) -> Message:
    if envelope.attributes.get("id", message.id) != message.id:
        raise Permanent(ReasonCode.MALFORMED_ENVELOPE, "ce_id is not the id of what is told")
    if message.agency != agency:
        raise Permanent(ReasonCode.INVALID_VALUE, "agency: another's")
    return message
