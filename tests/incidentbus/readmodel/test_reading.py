"""Bounded reading of topics, against a real broker."""

import asyncio
import re
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from connectors.kafka.clients import Connection
from connectors.kafka.embedded import EmbeddedBroker
from incidentbus.readmodel.reading import Position, existing, read_all
from incidentbus.witness import TopicReader
from streams.gate.mending import MendingConsumer


@pytest.fixture
def connection(broker: EmbeddedBroker) -> Connection:
    return Connection(broker.bootstrap, "test-reading")


async def values(connection: Connection, topic: str, partitions: int, **options) -> list[bytes]:
    every = ((topic, number) for number in range(partitions))
    return [record.value async for record in read_all(connection, every, **options)]


async def test_what_was_committed_is_read_once_and_what_was_aborted_not_at_all(
    connection: Connection, make_topics, topic_name: Callable[[], str], fresh_name: Callable[[str], str]
) -> None:
    (topic,) = await make_topics(topic_name(), partitions=3)
    producer = AIOKafkaProducer(bootstrap_servers=connection.bootstrap, transactional_id=fresh_name("reading"))
    await producer.start()
    try:
        async with producer.transaction():
            for number in range(30):
                await producer.send(topic, b"committed %d" % number, partition=number % 3)
        await producer.begin_transaction()
        for number in range(3):
            await producer.send_and_wait(topic, b"aborted", partition=number)
        await producer.abort_transaction()
    finally:
        await producer.stop()
    read = await values(connection, topic, 3)
    assert sorted(read) == sorted(b"committed %d" % number for number in range(30))


async def test_what_comes_in_during_the_reading_is_left_for_the_next(
    connection: Connection, make_topics, topic_name: Callable[[], str]
) -> None:
    (topic,) = await make_topics(topic_name())
    async with AIOKafkaProducer(bootstrap_servers=connection.bootstrap) as producer:
        await producer.send_and_wait(topic, b"before")
        read = []
        async for record in read_all(connection, [(topic, 0)]):
            read.append(record.value)
            await producer.send_and_wait(topic, b"during")
    assert read == [b"before"]


async def test_an_empty_or_missing_topic_has_no_records(
    connection: Connection, make_topics, topic_name: Callable[[], str]
) -> None:
    (topic,) = await make_topics(topic_name())
    assert await values(connection, topic, 1) == []
    assert await values(connection, topic_name(), 1) == []
    assert await existing(connection, lambda name: name == topic) == {topic: [0]}


async def test_what_is_older_than_asked_is_left_out(
    connection: Connection, make_topics, topic_name: Callable[[], str]
) -> None:
    (topic,) = await make_topics(topic_name())
    async with AIOKafkaProducer(bootstrap_servers=connection.bootstrap) as producer:
        for moment in (1_000, 2_000, 3_000):
            await producer.send_and_wait(topic, b"%d" % moment, timestamp_ms=1_700_000_000_000 + moment)
    seen: list[tuple[int, int]] = []
    since = 1_700_000_000_000 + 2_000
    read = await values(connection, topic, 1, since_ms=since, progress=lambda *step: seen.append(step))
    assert read == [b"2000", b"3000"]
    assert seen[-1] == (2, 2)
    assert await values(connection, topic, 1, since_ms={(topic, 0): since + 10_000}) == []


async def test_nobody_there_is_an_error_of_the_connection() -> None:
    with pytest.raises(KafkaConnectionError):
        await values(Connection("127.0.0.1:1"), "bus.nothing.v1", 1)


def test_a_position_is_written_and_read_the_same_way() -> None:
    position = Position("bus.incidents.v1.dlq", 3, 17)
    assert Position.parse(str(position)) == position
    for wrong in ("", "topic", "topic/1", "topic/1/x", "topic/-1/2", "a/b/c/1"):
        with pytest.raises(ValueError, match="is expected"):
            Position.parse(wrong)


async def test_header_names_that_are_no_text_hide_no_record_of_any_partition(
    connection: Connection, make_topics, topic_name, put_unreadable
) -> None:
    [topic] = await make_topics(topic_name(), partitions=3)
    async with AIOKafkaProducer(bootstrap_servers=connection.bootstrap) as producer:
        for number in range(40):
            await producer.send_and_wait(topic, b"plain", partition=number % 2)
    await put_unreadable(topic, (b"k", b"one"), (b"k", b"two"), partition=1)
    await put_unreadable(topic, (b"k", b"three"), partition=2)
    every = [record async for record in read_all(connection, [(topic, p) for p in range(3)])]
    assert len(every) == 43
    assert [r.offset for r in every if r.partition == 1] == list(range(22))
    assert {r.headers for r in every if r.value in (b"one", b"three")} == {(("x-??", b"1"),)}
    reader = TopicReader(re.escape(topic), connection.options(), MendingConsumer)
    await reader.start()
    try:
        async with asyncio.timeout(10):
            while len(reader.seen) < 43:
                await reader.catch_up()
    finally:
        await reader.stop()
    assert reader.seen[-1].headers.keys() <= {"x-??"}
