"""Feedback (反馈受理): what an agency tells of its cases in, the same fact out where the case is followed; no state.

Checked here is all that can be known without the case: the envelope, the model, and that the topic's owner speaks, in
its own name, of what an agency may tell. Whether the fact fits the case, and whether it was told before, is known
where the case is: an agency chooses its own partition, so a repeat may come by another task. Nothing is rewritten.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.codes import FactKind, ReasonCode
from contracts.envelope import RECEIVED, EventHeaders, open_envelope, traceparent_of
from contracts.errors import Permanent
from contracts.feedback import Feedback
from contracts.partition import partition_of_id
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from contracts.quick import quick_reader
from contracts.serde import read
from contracts.topics import Topics
from streams.counts import TurnCounts

SOURCE: Final = "incidentbus/feedback"
_FACT: Final = "incidentbus.fact.v1"
_FACT_TYPE: Final = _FACT.encode()
_OURS: Final = re.compile(r"inc-[0-9a-f]{28}")
_quick: Final = quick_reader(Feedback)

BUS_TELLS: Final = frozenset(
    {
        FactKind.REGISTERED,
        FactKind.DISPATCHED,
        FactKind.REPORT_UPDATED,
        FactKind.DUPLICATE_REPORT,
        FactKind.REASSIGNED,
        FactKind.EXTENSION_GRANTED,
        FactKind.EXTENSION_REFUSED,
        FactKind.DEFERRED,
        FactKind.CLOSED,
        FactKind.MERGED,
        FactKind.REMINDED,
        FactKind.SUPERVISED,
        FactKind.ESCALATED,
        FactKind.ADJUDICATED,
        FactKind.OVERDUE,
        FactKind.FOLLOW_UP_DUE,
        FactKind.HELD,
        FactKind.RELEASED,
        FactKind.EXCUSED,
        FactKind.RETURN_REFUSED,
        FactKind.AMENDED,
        FactKind.DISPUTED,
    }
)
"""What is the bus's or the command centre's to tell, and no agency's."""


@dataclass(frozen=True)
class FeedbackCheck:
    """The processor of one feedback task. `owners` maps a feedback topic to the agency that may write to it."""

    topics: Topics
    owners: Mapping[str, str]
    counts: TurnCounts

    def begin_turn(self) -> RecordHandler:
        """Return this turn's handler."""
        self.counts.begin()
        return self._handle

    def _handle(self, record: InboundRecord, state: State) -> Sequence[Emit]:
        fact, raw = _told(record)
        refusal = _refusal(fact, self.owners.get(record.topic))
        if refusal is not None:
            self.counts.tally.count("incidentbus_facts_total", fact=fact.fact.value, result="refused")
            raise refusal
        headers = EventHeaders(
            source=SOURCE, time=fact.at, subject=fact.incident, traceparent=traceparent_of(record.headers)
        )
        partition = partition_of_id(fact.incident, self.topics.spine)
        topic = self.topics.bus("feedback")
        told = (*headers.of(fact.id, _FACT_TYPE), (RECEIVED, b"%d" % record.timestamp))
        return (Emit(topic, partition, fact.incident.encode(), raw, told),)


def _told(record: InboundRecord) -> tuple[Feedback, bytes]:
    """Return the fact that a record tells, and its bytes. Raises `Permanent` where it tells none, or two."""
    envelope = open_envelope(record.headers, record.value)
    if not envelope.data:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD, "the record has no value")
    if envelope.attributes.get("type", _FACT) != _FACT:
        raise Permanent(ReasonCode.INVALID_VALUE, f"ce_type is not {_FACT}")
    fact = _quick(envelope.data)
    if fact is None:
        fact = read(Feedback, envelope.data)
    if envelope.attributes.get("id", fact.id) != fact.id:
        raise Permanent(ReasonCode.MALFORMED_ENVELOPE, "ce_id is not the fact's id")
    return fact, envelope.data


def _refusal(fact: Feedback, owner: str | None) -> Permanent | None:
    """Return why this fact may not be told on this topic, or nothing. No word of the fact goes along."""
    if fact.agency is None:
        return Permanent(ReasonCode.MISSING_FIELD, "agency")
    if fact.agency != owner:
        return Permanent(ReasonCode.NOT_THE_OWNER, "agency: another than the topic's owner")
    if fact.fact in BUS_TELLS:
        return Permanent(ReasonCode.INVALID_VALUE, f"fact: {fact.fact.value} is not an agency's to tell")
    if _OURS.fullmatch(fact.incident) is None:
        return Permanent(ReasonCode.UNKNOWN_INCIDENT, "incident: no id of ours")
    return None
