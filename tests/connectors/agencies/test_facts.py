"""What an agency tells has an id made of what it says, and the form of the contract's own example."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.agencies.client import Retry, facts
from connectors.agencies.client.telling import outgoing
from contracts.assignment import Assignment
from contracts.codes import FactKind, Notice, ReasonCode, ReturnReason, Satisfaction
from contracts.errors import Permanent, Temporary
from contracts.feedback import Feedback
from contracts.serde import read
from contracts.topics import Topics
from streams.processors.feedback import BUS_TELLS

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples"
LEAD = read(Assignment, (EXAMPLES / "assignments" / "lead.json").read_bytes())
AT = datetime(2026, 5, 12, 10, 30, tzinfo=UTC)
EVERY = [
    facts.acknowledged(LEAD, AT),
    facts.responded(LEAD, AT),
    facts.in_progress(LEAD, AT),
    facts.in_progress(LEAD, AT, telling="2"),
    facts.in_progress(LEAD, AT, "2"),
    *(facts.returned(LEAD, reason, AT) for reason in ReturnReason),
    facts.returned(LEAD, ReturnReason.WRONG_PLACE, AT, suggested_agency="police"),
    facts.extension_requested(LEAD, AT + timedelta(days=1), AT),
    facts.extension_requested(LEAD, AT + timedelta(days=2), AT),
    facts.resolved(LEAD, AT),
    facts.resolved(LEAD, AT, "已停工"),
    facts.transferred(LEAD, "police-110", "110-7", AT),
    facts.linked(LEAD, "police-110", "110-7", AT),
    facts.linked(LEAD, "city-platform", "110-7", AT),
    *(facts.notified(LEAD, notice, AT) for notice in Notice),
    facts.verified(LEAD, AT),
    *(facts.followed_up(LEAD, satisfaction, AT) for satisfaction in Satisfaction),
    facts.reopened(LEAD, AT),
    facts.review_requested(LEAD, AT),
    facts.reviewed(LEAD, AT),
    facts.withdrawn(LEAD, AT),
]


def test_what_says_another_thing_has_another_id() -> None:
    assert len({fact.id for fact in EVERY}) == len(EVERY)


@pytest.mark.parametrize("fact", EVERY, ids=lambda fact: fact.fact.value)
def test_every_fact_survives_the_wire_and_names_its_assignment(fact: Feedback) -> None:
    record = outgoing(Topics(), fact, LEAD.agency)
    assert read(Feedback, record.value or b"") == fact
    assert (fact.assignment, fact.incident, fact.agency) == (LEAD.id, LEAD.incident, LEAD.agency)


@given(st.integers(-(10**8), 10**8), st.text(max_size=40))
def test_the_moment_of_telling_is_no_part_of_the_id(seconds: int, note: str) -> None:
    told = facts.resolved(LEAD, AT + timedelta(seconds=seconds), note)
    assert told.id == facts.resolved(LEAD, AT, note).id
    assert (told.at == AT) == (seconds == 0)


def test_until_is_the_same_instant_in_whichever_zone() -> None:
    beijing = timezone(timedelta(hours=8))
    until = AT + timedelta(days=3)
    here, there = (facts.extension_requested(LEAD, each, AT) for each in (until, until.astimezone(beijing)))
    assert here.id == there.id


def test_the_record_has_the_form_of_the_contracts_example() -> None:
    golden = json.loads((EXAMPLES / "agency-feedback" / "acknowledged.record.json").read_text("utf-8"))
    record = outgoing(Topics(), facts.acknowledged(LEAD, AT), LEAD.agency)
    headers = {name: (raw or b"").decode() for name, raw in record.headers}
    assert (record.topic, (record.key or b"").decode()) == (golden["topic"], golden["key"])
    assert headers | {"ce_id": golden["headers"]["ce_id"]} == golden["headers"]
    told = json.loads(record.value or b"")
    example = json.loads((EXAMPLES / "agency-feedback" / "acknowledged.json").read_text("utf-8"))
    assert told == example | {"id": headers["ce_id"], "assignment": LEAD.id}


def test_nobody_speaks_for_another_agency() -> None:
    with pytest.raises(ValueError, match="urban cannot speak for"):
        outgoing(Topics(), facts.acknowledged(LEAD, AT), "urban")


def test_a_ground_outside_the_closed_list_is_refused() -> None:
    with pytest.raises(ValueError, match="too_much_work"):
        facts.returned(LEAD, "too_much_work", AT)  # type: ignore[arg-type]


def test_an_exercise_is_told_as_an_exercise() -> None:
    assert facts.acknowledged(replace(LEAD, exercise=True), AT).exercise


def test_pauses_grow_to_their_ceiling_and_end_with_the_tries() -> None:
    retry = Retry(tries=6, first=0.5, factor=2, ceiling=3)
    pauses = [retry.pause(tried, OSError()) for tried in range(1, 7)]
    assert pauses == [0.5, 1.0, 2.0, 3, 3, None]
    assert sum(filter(None, (Retry().pause(n, OSError()) for n in range(1, 9)))) == 63.5


def test_errors_with_a_word_of_their_own_are_heard() -> None:
    assert Retry().pause(1, Permanent(ReasonCode.INVALID_VALUE)) is None
    assert Retry().pause(1, Temporary(ReasonCode.BROKER_UNAVAILABLE, delay=7)) == 7
    assert Retry().pause(3, Temporary(ReasonCode.BROKER_UNAVAILABLE, delay=0.1)) == 2


def test_the_hundred_thousandth_try_has_a_pause_too() -> None:
    assert Retry(tries=10**6).pause(10**5, OSError()) == 60


def test_who_took_the_report_in_speaks_of_the_case_without_an_assignment() -> None:
    centre = facts.Matter(LEAD.incident, "command-centre")
    told = facts.followed_up(centre, Satisfaction.SATISFIED, AT)
    assert (told.incident, told.agency, told.assignment) == (LEAD.incident, "command-centre", None)
    assert told.satisfaction is Satisfaction.SATISFIED
    others = [facts.Matter(LEAD.incident, "petition"), facts.Matter("inc-other", "command-centre"), LEAD]
    assert told.id not in {facts.followed_up(each, Satisfaction.SATISFIED, AT).id for each in others}


def test_the_sdk_makes_every_fact_that_an_agency_may_tell_and_no_other() -> None:
    told = {fact.fact for fact in EVERY}
    # a return is told as such, and taken for a request where the rules want it approved
    assert told == set(FactKind) - BUS_TELLS - {FactKind.RETURN_REQUESTED}
