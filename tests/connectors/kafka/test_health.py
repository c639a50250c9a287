"""What the doctor asks of a cluster."""

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition

from connectors.kafka import health
from connectors.kafka.clients import Connection, consumer, producer
from connectors.kafka.publisher import Outgoing, open_publisher


@pytest.fixture
def connection(broker) -> Connection:
    return Connection(broker.bootstrap)


async def test_a_sound_cluster_says_so(connection, broker):
    told = await health.cluster_health(connection)
    assert told.brokers == (broker.bootstrap,)
    assert told.controller == 1
    assert told.sound
    assert told.topics >= 1


async def test_nobody_there_is_an_error_that_the_command_line_knows():
    with pytest.raises(KafkaConnectionError):
        await health.cluster_health(Connection("127.0.0.1:1"))


async def test_lag_is_what_a_group_has_still_to_read(connection, make_topics, topic_name, fresh_name):
    [topic] = await make_topics(topic_name(), partitions=2)
    group = fresh_name("agency.police")
    async with open_publisher(connection) as publisher:
        await publisher.publish_many(Outgoing(topic, None, b"v", partition=n % 2) for n in range(10))
    async with consumer(connection, group_id=group) as client:
        client.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])
        await client.commit({TopicPartition(topic, 0): 3, TopicPartition(topic, 1): 5})
    told = await health.group_lag(connection, [group])
    assert [(each.partition, each.committed, each.end, each.lag) for each in told] == [(0, 3, 5, 2), (1, 5, 5, 0)]
    assert group in await health.consumer_groups(connection)
    assert {each.group for each in await health.group_lag(connection)} >= {group}


async def test_a_group_that_never_committed_has_no_lag_to_tell(connection, fresh_name):
    assert await health.group_lag(connection, [fresh_name("nobody")]) == []


async def test_an_open_transaction_is_not_lag(connection, make_topics, topic_name, fresh_name):
    [topic] = await make_topics(topic_name())
    group = fresh_name("reader")
    async with consumer(connection, group_id=group) as client:
        client.assign([TopicPartition(topic, 0)])
        await client.commit({TopicPartition(topic, 0): 0})
    async with producer(connection, transactional_id=fresh_name("open")) as client:
        await client.begin_transaction()
        await client.send_and_wait(topic, b"not yet")
        [told] = await health.group_lag(connection, [group])
        await client.abort_transaction()
    assert told.lag == 0


def test_disk_is_told_for_a_folder_that_is_yet_to_be(tmp_path):
    told = health.disk(tmp_path / "not" / "yet")
    assert told.path == tmp_path
    assert 0 < told.free <= told.total
