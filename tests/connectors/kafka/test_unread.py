"""How far groups are behind, told by time: on a real broker, with transactions and their markers between."""

import time

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import KafkaConnectionError

from connectors.kafka import unread
from connectors.kafka.clients import Connection, admin, consumer, producer
from connectors.kafka.unread import FRESH_MS, Reading, UnreadLook

HOUR = 3_600_000
NOW = int(time.time() * 1000)
LATER = NOW + HOUR
"""When is looked: the broker stamps markers with its own time, and an hour on they are as old as anything."""


@pytest.fixture
def connection(broker) -> Connection:
    return Connection(broker.bootstrap)


@pytest.fixture
def write(connection, fresh_name):
    """`await write(topic, 3 * HOUR, 2 * HOUR)`: one transaction with records of these ages; returns their offsets."""

    async def put(topic: str, *ages: int, partition: int = 0, commit: bool = True) -> list[int]:
        async with producer(connection, transactional_id=fresh_name("dispatch")) as client:
            await client.begin_transaction()
            sent = [
                await client.send_and_wait(topic, b"assignment", partition=partition, timestamp_ms=NOW - age)
                for age in ages
            ]
            await (client.commit_transaction() if commit else client.abort_transaction())
        return [each.offset for each in sent]

    return put


async def commit(connection: Connection, group: str, topic: str, offset: int, partition: int = 0) -> None:
    async with consumer(connection, group_id=group) as client:
        client.assign([TopicPartition(topic, partition)])
        await client.commit({TopicPartition(topic, partition): offset})


@pytest.fixture
async def reading(make_topics, topic_name, fresh_name) -> Reading:
    [topic] = await make_topics(topic_name(), partitions=2, configs={"retention.ms": "-1"})
    return Reading(fresh_name("agency.police"), topic)


async def test_a_group_that_never_came_has_waited_for_since_the_first_record(connection, reading, write):
    await write(reading.topic, 9 * HOUR, 8 * HOUR)
    await write(reading.topic, 2 * HOUR, partition=1)
    [told] = await UnreadLook(connection).look([reading], LATER)
    assert (told.oldest_ms, told.placed, told.removed) == (NOW - 9 * HOUR, False, 0)
    assert told.offsets == 5  # three records, two markers


async def test_what_waits_is_told_by_the_first_record_after_what_was_committed(connection, reading, write):
    first, second = await write(reading.topic, 9 * HOUR, 8 * HOUR)
    await write(reading.topic, 1 * HOUR)
    look = UnreadLook(connection)
    await commit(connection, reading.group, reading.topic, first + 1)
    [told] = await look.look([reading], LATER)
    assert (told.oldest_ms, told.placed) == (NOW - 8 * HOUR, True)
    await commit(connection, reading.group, reading.topic, second + 1)
    [told] = await look.look([reading], LATER)
    assert told.oldest_ms == NOW - 1 * HOUR


async def test_a_marker_behind_the_last_record_is_nothing_to_take(connection, reading, write):
    [last] = await write(reading.topic, 9 * HOUR)
    await commit(connection, reading.group, reading.topic, last + 1)
    look = UnreadLook(connection)
    [told] = await look.look([reading], NOW + 30 * 24 * HOUR)
    assert (told.offsets, told.oldest_ms) == (1, None)
    await write(reading.topic, 7 * HOUR)
    [told] = await look.look([reading], LATER)
    assert told.oldest_ms == NOW - 7 * HOUR


async def test_what_was_aborted_is_nothing_to_take(connection, reading, write):
    await write(reading.topic, 9 * HOUR, 8 * HOUR, commit=False)
    await commit(connection, reading.group, reading.topic, 0)
    [told] = await UnreadLook(connection).look([reading], LATER)
    assert (told.offsets, told.oldest_ms) == (3, None)


async def test_a_group_that_keeps_up_costs_no_fetch(connection, reading, write, monkeypatch):
    async def no_fetch(*_: object) -> None:
        raise AssertionError("fetched")

    [first, _] = await write(reading.topic, FRESH_MS // 2, FRESH_MS // 3)
    await commit(connection, reading.group, reading.topic, first)
    monkeypatch.setattr(unread, "_first_stamps", no_fetch)
    [told] = await UnreadLook(connection).look([reading], NOW)
    assert (told.offsets, told.oldest_ms) == (3, None)


async def test_what_is_known_is_not_fetched_again_until_the_group_moves(connection, reading, write, monkeypatch):
    first, _ = await write(reading.topic, 9 * HOUR, 8 * HOUR)
    look = UnreadLook(connection)
    await commit(connection, reading.group, reading.topic, first)
    asked: list[int] = []
    real = unread._first_stamps

    async def counted(client, starts, ends):
        asked.append(len(starts))
        return await real(client, starts, ends)

    monkeypatch.setattr(unread, "_first_stamps", counted)
    for _round in range(3):
        [told] = await look.look([reading], LATER)
        assert told.oldest_ms == NOW - 9 * HOUR
    assert asked == [1]
    await commit(connection, reading.group, reading.topic, first + 1)
    [told] = await look.look([reading], LATER)
    assert (told.oldest_ms, asked) == (NOW - 8 * HOUR, [1, 1])


async def test_records_deleted_before_they_were_taken_are_told_and_a_lone_marker_is_not(connection, reading, write):
    offsets = await write(reading.topic, 9 * HOUR, 8 * HOUR, 7 * HOUR)
    await commit(connection, reading.group, reading.topic, offsets[0] + 1)
    tp = TopicPartition(reading.topic, 0)
    look = UnreadLook(connection)
    async with admin(connection) as client:
        await client.delete_records({tp: RecordsToDelete(offsets[2])})
    [told] = await look.look([reading], LATER)
    assert (told.removed, told.oldest_ms) == (0, NOW - 7 * HOUR)
    async with admin(connection) as client:
        await client.delete_records({tp: RecordsToDelete(offsets[2] + 1)})
    [told] = await look.look([reading], LATER)
    assert (told.removed, told.oldest_ms) == (2, None)
    await commit(connection, reading.group, reading.topic, offsets[2])
    [told] = await look.look([reading], LATER)
    assert told.removed == 0


async def test_two_groups_on_one_topic_are_told_each_its_own(connection, reading, write, fresh_name):
    first, _ = await write(reading.topic, 9 * HOUR, 8 * HOUR)
    other = Reading(fresh_name("agency.fire"), reading.topic)
    await commit(connection, reading.group, reading.topic, first + 1)
    told = await UnreadLook(connection).look([reading, other], LATER)
    assert [(each.reading, each.oldest_ms) for each in told] == [(reading, NOW - 8 * HOUR), (other, NOW - 9 * HOUR)]


async def test_a_batch_larger_than_a_fetch_still_tells_its_stamp(connection, make_topics, topic_name, fresh_name):
    topics = await make_topics(topic_name(), topic_name(), topic_name())
    async with producer(connection) as client:
        for number, topic in enumerate(topics, 1):
            await client.send_and_wait(topic, bytes(300_000), timestamp_ms=NOW - number * HOUR)
    readings = [Reading(fresh_name("agency.big"), topic) for topic in topics]
    told = await UnreadLook(connection).look(readings, LATER)
    assert [each.oldest_ms for each in told] == [NOW - number * HOUR for number in (1, 2, 3)]


async def test_topics_that_are_not_there_are_left_out_and_nobody_there_is_an_error(connection, topic_name):
    assert await UnreadLook(connection).look([Reading("g", topic_name())], NOW) == []
    with pytest.raises(KafkaConnectionError):
        await UnreadLook(Connection("127.0.0.1:1")).look([Reading("g", "t")], NOW)
