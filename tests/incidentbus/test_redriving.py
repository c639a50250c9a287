"""Redriving is exactly once, whoever asks at the same time and whatever dies in the middle."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.codes import ReasonCode
from contracts.deadletter import dead_letter
from contracts.handling import DeadLetterHandling, HandlingAction
from contracts.topics import DLQ_SUFFIX
from incidentbus.readmodel.deadletters import Wanted, handlings
from incidentbus.readmodel.reading import read_all
from incidentbus.redriving import Act, SomebodyElse, deal

ACT = Act(HandlingAction.REDRIVEN, "operators", 1_763_980_000_000)
EVERY = Wanted()


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    value: bytes
    timestamp: int = 1_763_980_000_000
    key: bytes | None = b"12345-0001"
    headers: tuple[tuple[str, bytes | None], ...] = ()


@pytest.fixture
def reports(deployment) -> str:
    specs = {spec.name: spec for spec in deployment.topics.specs(["petition"], [])}
    topic = deployment.topics.channel_reports("petition")
    deployment.create(specs[topic], specs[topic + DLQ_SUFFIX], specs[deployment.topics.bus("dead-letter-handling")])
    deployment.put(
        *(
            dead_letter(
                Record(topic, number % 2, number, b"%d" % number), ReasonCode.UNPARSABLE, "", stage="intake", at_ms=1
            )
            for number in range(250)
        )
    )
    return topic


async def put_back(deployment, topic: str) -> Counter[bytes]:
    return Counter([record.value async for record in read_all(deployment.connection, [(topic, 0), (topic, 1)])])


def test_several_operators_at_once_put_each_record_back_once(deployment, reports: str) -> None:
    async def scenario() -> list[Any]:
        one = lambda: deal(deployment.connection, deployment.topics, EVERY, ACT)  # noqa: E731
        told = await asyncio.gather(*(one() for _ in range(4)), return_exceptions=True)
        await one()
        return [error for error in told if isinstance(error, BaseException)]

    errors = deployment.run(scenario())
    assert {type(error) for error in errors} <= {SomebodyElse}
    assert len(errors) < 4
    assert deployment.run(put_back(deployment, reports)) == Counter(b"%d" % number for number in range(250))


def test_an_operator_that_died_in_a_transaction_has_done_nothing(deployment, reports: str) -> None:
    async def scenario() -> int:
        dying = AIOKafkaProducer(
            bootstrap_servers=deployment.connection.bootstrap,
            transactional_id=f"{deployment.topics.prefix}dead-letter-handling",
        )
        await dying.start()
        await dying.begin_transaction()
        await dying.send_and_wait(reports, b"half", partition=0)
        handling = DeadLetterHandling(letter=f"{reports}.dlq/0/0", action=HandlingAction.REDRIVEN, by="x", at=1)
        emit = handling.emit(deployment.topics.bus("dead-letter-handling"))
        await dying.send_and_wait(emit.topic, emit.value, emit.key)
        dealt = await deal(deployment.connection, deployment.topics, EVERY, ACT)
        await dying.stop()
        return len(dealt.done)

    assert deployment.run(scenario()) == 250
    assert deployment.run(put_back(deployment, reports)) == Counter(b"%d" % number for number in range(250))
    assert len(deployment.run(handlings(deployment.connection, deployment.topics))) == 250


def test_what_only_an_observer_could_not_read_is_not_given_to_dispatch_again_and_may_be_discarded(deployment) -> None:
    topics = deployment.topics
    specs = {spec.name: spec for spec in topics.specs([], [])}
    read, own = topics.bus("incidents"), topics.bus("surge-sightings")
    names = (read, read + DLQ_SUFFIX, own, own + DLQ_SUFFIX, topics.bus("dead-letter-handling"))
    deployment.create(*(specs[name] for name in names))
    deployment.put(
        *(
            dead_letter(Record(topic, 0, number, b"%d" % number), ReasonCode.UNPARSABLE, "", stage=stage, at_ms=1)
            for number, (topic, stage) in enumerate([(read, "surge"), (read, "dispatch"), (own, "surge")])
        )
    )
    dealt = deployment.run(deal(deployment.connection, topics, EVERY, ACT))
    ((letter, why),) = dealt.refused
    assert (letter.dead.topic, letter.dead.stage) == (read, "surge")
    assert "discard it" in why
    assert {(each.dead.topic, each.dead.stage) for each in dealt.done} == {(read, "dispatch"), (own, "surge")}
    discarding = Act(HandlingAction.DISCARDED, "operators", ACT.at, "dispatch has it")
    dealt = deployment.run(deal(deployment.connection, topics, EVERY, discarding))
    assert [each.position for each in dealt.done] == [letter.position]
