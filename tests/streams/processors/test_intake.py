"""Intake: each external id once, on the partition that we compute; odd things flagged, bad ones named."""

from typing import Any

import orjson
import pytest

from connectors.channels.hotline_12345.codec import CODEC
from contracts.codes import FactKind, Flag, ReasonCode
from contracts.decision import Decision
from contracts.errors import Permanent, Temporary
from contracts.feedback import Feedback
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.partition import partition_of_id
from contracts.serde import read
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.processors.intake import ORIGIN, RECEIVED, REINTERPRET, Intake
from streams.rulesets import HeldRuleset

TOPICS = Topics(spine=4)
REPORTS = TOPICS.channel_reports("hotline-12345")
REKEYED = TOPICS.bus("rekeyed-reports")


def payload(number: str = "A1", text: str = "工地噪音很大", **fields: Any) -> bytes:
    return orjson.dumps({"市受理编号": number, "标题": "来电", "内容": text, **fields})


def home(number: str = "A1") -> int:
    return partition_of_id(incident_id("hotline-12345", number), TOPICS.spine)


@pytest.fixture
def intake(held: HeldRuleset) -> Any:
    def made(task: int, source: Any = held) -> Intake:
        channels = {REPORTS: "hotline-12345"}
        return Intake(task, TOPICS, channels, {"hotline-12345": CODEC}, source, TurnCounts())

    return made


def test_a_new_report_becomes_one_incident_on_its_own_partition(intake: Any, inbound: Any, state: Any) -> None:
    processor = intake(home())
    (emit,) = processor.begin_turn()(inbound(REPORTS, payload(), partition=home()), state)
    incident = read(Incident, emit.value)
    assert (emit.topic, emit.partition, emit.key) == (TOPICS.bus("incidents"), home(), incident.id.encode())
    assert incident.category == "noise"
    assert incident.received_at.timestamp() * 1000 == 1_778_551_200_000
    assert processor.counts.tally.value("incidentbus_reports_accepted_total", channel="hotline-12345") == 1


def test_the_same_body_again_is_counted_and_gives_nothing(intake: Any, inbound: Any, state: Any) -> None:
    processor = intake(home())
    handle = processor.begin_turn()
    handle(inbound(REPORTS, payload()), state)
    again = orjson.dumps(orjson.loads(payload()), option=orjson.OPT_INDENT_2)
    assert handle(inbound(REPORTS, again, offset=1), state) == ()
    told = processor.counts.tally
    assert told.value("incidentbus_reports_repeated_total", channel="hotline-12345", change="same") == 1


def test_another_body_is_one_fact_and_going_back_is_none(intake: Any, inbound: Any, state: Any) -> None:
    handle = intake(home()).begin_turn()
    handle(inbound(REPORTS, payload()), state)
    (emit,) = handle(inbound(REPORTS, payload(text="另一段话"), offset=7), state)
    fact = read(Feedback, emit.value)
    assert (emit.topic, fact.fact) == (TOPICS.bus("feedback"), FactKind.REPORT_UPDATED)
    assert fact.raw == f"{REPORTS}/0/7"
    assert handle(inbound(REPORTS, payload(), offset=8), state) == ()
    assert handle(inbound(REPORTS, payload(text="另一段话"), offset=9), state) == ()


def test_a_report_on_another_partition_is_passed_on_as_it_came(intake: Any, inbound: Any, state: Any) -> None:
    wrong = (home() + 1) % TOPICS.spine
    raw = payload()
    (emit,) = intake(wrong).begin_turn()(inbound(REPORTS, raw, partition=wrong, offset=5), state)
    assert (emit.topic, emit.partition, emit.value) == (REKEYED, home(), raw)
    assert dict(emit.headers)[ORIGIN] == f"{REPORTS}/{wrong}/5".encode()
    assert state.kept == {}


def test_what_was_passed_on_is_taken_with_its_first_stamp(intake: Any, inbound: Any, state: Any) -> None:
    headers = [(ORIGIN, f"{REPORTS}/1/5".encode()), (RECEIVED, b"1778551200000")]
    record = inbound(REKEYED, payload(), partition=home(), timestamp=1_999_999_999_999, headers=headers)
    (emit,) = intake(home()).begin_turn()(record, state)
    assert read(Incident, emit.value).received_at.timestamp() == 1_778_551_200


def test_both_ways_together_give_one_incident(intake: Any, inbound: Any, state: Any) -> None:
    handle = intake(home()).begin_turn()
    headers = [(ORIGIN, f"{REPORTS}/1/5".encode()), (RECEIVED, b"1778551200000")]
    first = handle(inbound(REPORTS, payload(), partition=home()), state)
    second = handle(inbound(REKEYED, payload(), partition=home(), headers=headers), state)
    assert (len(first), len(second)) == (1, 0)


def test_a_record_passed_on_from_nowhere_is_refused(intake: Any, inbound: Any, state: Any) -> None:
    with pytest.raises(Permanent) as refusal:
        intake(home()).begin_turn()(inbound(REKEYED, payload(), partition=home()), state)
    assert refusal.value.reason is ReasonCode.UNKNOWN_CHANNEL


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, ReasonCode.EMPTY_PAYLOAD),
        (b"", ReasonCode.EMPTY_PAYLOAD),
        (b"{", ReasonCode.UNPARSABLE),
        ("{\"内容\": \"噪音\"}".encode("gb18030"), ReasonCode.WRONG_ENCODING),
        (b"{}", ReasonCode.MISSING_FIELD),
    ],
)  # fmt: skip
def test_bad_input_has_a_reason_of_the_closed_list(
    intake: Any, inbound: Any, state: Any, value: bytes | None, reason: ReasonCode
) -> None:
    processor = intake(0)
    with pytest.raises(Permanent) as refusal:
        processor.begin_turn()(inbound(REPORTS, value), state)
    assert refusal.value.reason is reason
    told = processor.counts.tally
    assert told.value("incidentbus_reports_rejected_total", channel="hotline-12345", reason=reason.value) == 1


def test_an_occurrence_in_the_future_is_kept_aside_and_flagged(intake: Any, inbound: Any, state: Any) -> None:
    later = payload(发生时间="2031-01-01 08:00:00")
    (emit,) = intake(home()).begin_turn()(inbound(REPORTS, later, partition=home()), state)
    incident = read(Incident, emit.value)
    assert incident.report.occurred_at is None
    assert incident.report.attributes["occurred-at-as-given"].startswith("2031-01-01T08:00")
    assert Flag.TIME_IN_FUTURE in incident.flags


def test_a_bare_record_is_accepted_and_flagged(intake: Any, inbound: Any, state: Any) -> None:
    (emit,) = intake(home()).begin_turn()(inbound(REPORTS, payload(), partition=home()), state)
    assert Flag.NO_ENVELOPE in read(Incident, emit.value).flags


def test_a_channel_that_sends_anothers_form_keeps_its_own_code(held: HeldRuleset, inbound: Any, state: Any) -> None:
    board = TOPICS.channel_reports("mailbox")
    at = partition_of_id(incident_id("mailbox", "A1"), TOPICS.spine)
    processor = Intake(at, TOPICS, {board: "mailbox"}, {"mailbox": CODEC}, held, TurnCounts())
    (emit,) = processor.begin_turn()(inbound(board, payload(), partition=at), state)
    incident = read(Incident, emit.value)
    assert (incident.report.channel, incident.id) == ("mailbox", incident_id("mailbox", "A1"))


def test_without_a_ruleset_the_turn_waits(intake: Any) -> None:
    with pytest.raises(Temporary) as waiting:
        intake(0, HeldRuleset()).begin_turn()
    assert waiting.value.reason is ReasonCode.NO_RULESET


def test_a_channel_cannot_have_its_own_report_decided_again(intake: Any, inbound: Any, state: Any) -> None:
    wrong = (home() + 1) % TOPICS.spine
    forged = [(REINTERPRET, b"dir-9"), (ORIGIN, b"nowhere/0/0"), (RECEIVED, b"1"), ("note", b"kept")]
    (emit,) = intake(wrong).begin_turn()(inbound(REPORTS, payload(), partition=wrong, headers=forged), state)
    told = [name for name, _ in emit.headers]
    assert sorted(told) == sorted(["note", ORIGIN, RECEIVED])
    assert dict(emit.headers)[ORIGIN] == f"{REPORTS}/{wrong}/0".encode()


@pytest.mark.parametrize("stamp", [b"9" * 18, b"9" * 4000, b"99999999999999", b"-1", b"x"])
def test_a_stamp_that_no_broker_gives_is_refused(intake: Any, inbound: Any, state: Any, stamp: bytes) -> None:
    headers = [(ORIGIN, f"{REPORTS}/0/0".encode()), (RECEIVED, stamp)]
    with pytest.raises(Permanent) as refusal:
        intake(home()).begin_turn()(inbound(REKEYED, payload(), partition=home(), headers=headers), state)
    assert refusal.value.reason is ReasonCode.UNKNOWN_CHANNEL


def test_reinterpreting_ignores_what_was_seen_once_per_directive(intake: Any, inbound: Any, state: Any) -> None:
    handle = intake(home()).begin_turn()
    handle(inbound(REPORTS, payload(), partition=home()), state)
    asked = [(ORIGIN, f"{REPORTS}/0/0".encode()), (RECEIVED, b"1778551200000"), (REINTERPRET, b"dir-1")]
    (emit,) = handle(inbound(REKEYED, payload(), partition=home(), headers=asked), state)
    assert Flag.REINTERPRETED in read(Incident, emit.value).flags
    assert handle(inbound(REKEYED, payload(), partition=home(), headers=asked), state) == ()


def _asked(directive: bytes = b"dir-1") -> list[tuple[str, bytes]]:
    return [(ORIGIN, f"{REPORTS}/0/0".encode()), (RECEIVED, b"1778551200000"), (REINTERPRET, directive)]


def test_what_was_understood_anew_is_known_as_it_was_said_then(intake: Any, inbound: Any, state: Any) -> None:
    handle = intake(home()).begin_turn()
    handle(inbound(REPORTS, payload(), partition=home()), state)
    mended = payload(标题="另一种读法")
    (emit,) = handle(inbound(REKEYED, mended, partition=home(), headers=_asked()), state)
    assert dict(emit.headers)["ce_id"] == b"dir-1"
    assert handle(inbound(REPORTS, mended, partition=home(), offset=1), state) == ()
    assert handle(inbound(REPORTS, payload(), partition=home(), offset=2), state) == ()


def test_each_directive_has_its_own_asking_and_the_first_is_counted(intake: Any, inbound: Any, state: Any) -> None:
    processor = intake(home())
    handle = processor.begin_turn()
    for directive, count in ((b"dir-1", 1), (b"dir-2", 1), (b"dir-1", 0)):
        assert len(handle(inbound(REKEYED, payload(), partition=home(), headers=_asked(directive)), state)) == count
    told, name = processor.counts.tally, "incidentbus_directives_total"
    assert told.value(name, kind="reinterpret", result="acted") == 2
    assert told.value(name, kind="reinterpret", result="repeated") == 1


def test_a_report_that_was_never_taken_is_taken_when_it_is_understood_anew(
    intake: Any, inbound: Any, state: Any
) -> None:
    handle = intake(home()).begin_turn()
    (emit,) = handle(inbound(REKEYED, payload(), partition=home(), headers=_asked()), state)
    assert Flag.REINTERPRETED in read(Incident, emit.value).flags
    assert handle(inbound(REPORTS, payload(), partition=home()), state) == ()


def test_understood_anew_a_case_is_decided_once_more_by_each_directive(
    intake: Any, inbound: Any, state: Any, held: HeldRuleset
) -> None:
    take = intake(home()).begin_turn()
    decide = Dispatch(home(), TOPICS, held, TurnCounts()).begin_turn()
    incidents = TOPICS.bus("incidents")
    decided = []
    asked: list[tuple[str, list[tuple[str, bytes]]]] = [(REPORTS, []), (REKEYED, _asked()), (REKEYED, _asked())]
    for topic, headers in asked:
        for emit in take(inbound(topic, payload(), partition=home(), headers=headers), state):
            record = inbound(incidents, emit.value, partition=home(), headers=emit.headers)
            decided += [e for e in decide(record, state) if e.topic == TOPICS.bus("decisions")]
    rounds = [read(Decision, emit.value).round for emit in decided]
    assert rounds == [1, 2]
    assert len({dict(emit.headers)["ce_id"] for emit in decided}) == 2
