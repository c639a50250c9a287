"""Feedback: an agency tells of its own cases, in its own name, what an agency may tell; it goes on as it came."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts.codes import FactKind, ReasonCode
from contracts.envelope import open_envelope
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.partition import partition_of_id
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Limits
from streams.lifecycle import Who, may_tell
from streams.processors.feedback import BUS_TELLS, FeedbackCheck
from streams.stages import feedback_stage

TOPICS = Topics(prefix="hz.", spine=8, feedback=2)
POLICE = TOPICS.agency_feedback("police")
ID = incident_id("hotline-12345", "A1")
AT = datetime(2026, 5, 12, 2, tzinfo=UTC)
TYPED = (("ce_specversion", b"1.0"), ("ce_source", b"police"), ("ce_type", b"incidentbus.fact.v1"))


def told(fact: str = "acknowledged", **fields: Any) -> bytes:
    body = {"id": "f-1", "incident": ID, "fact": fact, "at": "2026-05-12T10:00:00+08:00", "agency": "police", **fields}
    return orjson.dumps({name: value for name, value in body.items() if value is not None})


@pytest.fixture
def check() -> FeedbackCheck:
    return FeedbackCheck(TOPICS, {POLICE: "police"}, TurnCounts())


@pytest.fixture
def refused(check: FeedbackCheck, inbound: Any, state: Any) -> Any:
    def reason(value: bytes | None, headers: Any = (), topic: str = POLICE) -> ReasonCode:
        with pytest.raises(Permanent) as refusal:
            check.begin_turn()(inbound(topic, value, headers=headers), state)
        assert "1390000" not in refusal.value.detail
        return refusal.value.reason

    return reason


def test_a_fact_goes_on_byte_for_byte_to_where_its_case_is_followed(
    check: FeedbackCheck, inbound: Any, state: Any
) -> None:
    raw = told(note="已到现场", of_a_later_release=[1])
    trace = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    (emit,) = check.begin_turn()(inbound(POLICE, raw, headers=(*TYPED, ("ce_id", b"f-1"), trace)), state)
    assert (emit.topic, emit.partition) == (TOPICS.bus("feedback"), partition_of_id(ID, 8))
    assert (emit.key, emit.value) == (ID.encode(), raw)
    attributes = open_envelope(emit.headers, emit.value).attributes
    assert attributes["id"] == "f-1"
    assert attributes["source"] == "incidentbus/feedback"
    assert attributes["subject"] == ID
    assert attributes["traceparent"].encode() == trace[1]
    assert state.kept == {}


def test_whichever_partition_the_agency_chose_the_case_s_is_the_same(
    check: FeedbackCheck, inbound: Any, state: Any
) -> None:
    handle = check.begin_turn()
    places = {handle(inbound(POLICE, told(), partition=p), state)[0].partition for p in range(2)}
    assert places == {partition_of_id(ID, 8)}


def test_a_structured_event_and_a_bare_one_are_the_same_fact(check: FeedbackCheck, inbound: Any, state: Any) -> None:
    event = {"id": "f-1", "source": "police", "type": "incidentbus.fact.v1", "specversion": "1.0"}
    whole = orjson.dumps({**event, "data": orjson.loads(told())})
    handle = check.begin_turn()
    (one,) = handle(inbound(POLICE, whole, headers=(("content-type", b"application/cloudevents+json"),)), state)
    (bare,) = handle(inbound(POLICE, told()), state)
    assert (one.value, one.headers) == (bare.value, bare.headers)


def test_nobody_speaks_on_anothers_topic(refused: Any) -> None:
    assert refused(told(agency="urban-management", note="13900000000")) is ReasonCode.NOT_THE_OWNER
    assert refused(told(), topic=TOPICS.agency_feedback("nobody")) is ReasonCode.NOT_THE_OWNER
    assert refused(told(agency=None)) is ReasonCode.MISSING_FIELD


@pytest.mark.parametrize("fact", sorted(BUS_TELLS))
def test_what_the_bus_alone_may_tell_is_refused(refused: Any, fact: FactKind) -> None:
    assert refused(told(fact.value)) is ReasonCode.INVALID_VALUE


def test_an_agency_may_tell_what_the_table_of_transitions_lets_an_agency_tell() -> None:
    agencies = Who.LEAD | Who.CO_HANDLER | Who.RECEIVER
    assert {fact for fact in FactKind if not any(may_tell(who, fact) for who in agencies)} == BUS_TELLS


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (None, (), ReasonCode.EMPTY_PAYLOAD),
        (b"{", (), ReasonCode.UNPARSABLE),
        (told("forgotten"), (), ReasonCode.INVALID_VALUE),
        (told(at="yesterday"), (), ReasonCode.INVALID_TIME),
        (told(incident="13900000000"), (), ReasonCode.UNKNOWN_INCIDENT),
        (told(incident=ID + "\n"), (), ReasonCode.UNKNOWN_INCIDENT),
        (told(), (("ce_id", b"f-1"),), ReasonCode.MALFORMED_ENVELOPE),
        (told(), (*TYPED, ("ce_id", b"f-2")), ReasonCode.MALFORMED_ENVELOPE),
        (told(), (*TYPED[:2], ("ce_type", b"news"), ("ce_id", b"f-1")), ReasonCode.INVALID_VALUE),
    ],
)
def test_what_is_no_fact_is_refused_with_a_reason_of_the_closed_list(
    refused: Any, value: bytes | None, headers: Any, reason: ReasonCode
) -> None:
    assert refused(value, headers) is reason


def test_a_refused_fact_is_counted_by_its_kind(check: FeedbackCheck, refused: Any) -> None:
    refused(told("overdue"))
    assert check.counts.tally.value("incidentbus_facts_total", fact="overdue", result="refused") == 1


def test_the_stage_s_tasks_are_the_feedback_topics_partitions() -> None:
    stage = feedback_stage(TOPICS, ["urban-management", "police"], lambda task: TurnCounts(), Limits())
    assert (stage.name, stage.partitions, stage.changelog) == ("feedback", 2, None)
    assert stage.inputs == (POLICE, TOPICS.agency_feedback("urban-management"))
