"""A live cluster brought to the registry, and what it does to drift."""

import asyncio

import pytest

from connectors.kafka import admin
from connectors.kafka.clients import Connection
from connectors.kafka.clients import admin as admin_client
from connectors.kafka.incremental import set_topic_configs
from connectors.kafka.topicplan import Change, differences, wanted_topics
from contracts.topics import DAY_MS, Topics


@pytest.fixture
def connection(broker) -> Connection:
    return Connection(broker.bootstrap)


@pytest.fixture
def topics(fresh_name) -> Topics:
    return Topics(prefix=f"{fresh_name('county')}.", spine=2, agency=1, feedback=1)


# of the registry's topics those that differ in kind: a few partitions are made sooner than a county's
_SOME = (
    "channel.petition.reports.v1",
    "bus.incidents.v1",
    "bus.incidents.v1.dlq",
    "bus.decisions.v1",
    "bus.dispatch-state.v1",
)


async def _differences(connection, topics, agencies=("police",), **how):
    specs = topics.specs(["petition"], agencies)
    some = [spec for spec in specs if spec.owner in agencies or spec.name.removeprefix(topics.prefix) in _SOME]
    wanted = wanted_topics(some, topics, 1)
    return differences(wanted, await admin.find_topics(connection, topics.prefix), topics.prefix, **how)


async def _once_seen(connection, topics):
    """What differs, once the broker shows what its controller has taken."""
    for _ in range(100):
        if told := await _differences(connection, topics):
            return {(each.change, each.what): each for each in told}
        await asyncio.sleep(0.1)
    return {}


async def test_an_empty_cluster_gets_every_topic_and_then_nothing_differs(connection, topics):
    planned = await _differences(connection, topics)
    assert {each.change for each in planned} == {Change.CREATE}
    await admin.apply(connection, planned)
    assert await _differences(connection, topics) == []
    found = await admin.find_topics(connection, topics.prefix)
    assert found[topics.bus("incidents")].partitions == 2
    assert found[topics.bus("incidents")].configs["message.timestamp.type"] == "LogAppendTime"
    assert found[topics.channel_reports("petition")].configs["message.timestamp.type"] == "LogAppendTime"
    assert found[topics.dead_letters(topics.bus("incidents"))].partitions == 2
    assert found[topics.agency_feedback("police")].partitions == 1
    assert found[topics.bus("dispatch-state")].configs["cleanup.policy"] == "compact"


async def test_drift_is_seen_and_cured_and_what_somebody_set_by_hand_stays(connection, topics):
    await admin.apply(connection, await _differences(connection, topics))
    name = topics.bus("incidents")
    async with admin_client(connection) as client:
        await set_topic_configs(client, {name: {"retention.ms": str(DAY_MS), "segment.ms": "600000"}})
    told = await _once_seen(connection, topics)
    assert set(told) == {(Change.CONFIG, "retention.ms"), (Change.OVERRIDE, "segment.ms")}
    await admin.apply(connection, told.values())
    [left] = await _differences(connection, topics)
    assert (left.change, left.what, left.have) == (Change.OVERRIDE, "segment.ms", "600000")
    found = (await admin.find_topics(connection, topics.prefix))[name]
    assert found.configs["retention.ms"] == str(365 * DAY_MS)
    assert found.configs["message.timestamp.type"] == "LogAppendTime"


async def test_a_new_agency_gets_its_topics_and_a_gone_one_keeps_them(connection, topics):
    await admin.apply(connection, await _differences(connection, topics))
    planned = await _differences(connection, topics, agencies=("water-resources",))
    assert {each.change for each in planned} == {Change.CREATE, Change.STRAY}
    await admin.apply(connection, planned)
    assert topics.agency_assignments("police") in await admin.find_topics(connection, topics.prefix)
    [*left] = await _differences(connection, topics, agencies=("water-resources",))
    assert {each.change for each in left} == {Change.STRAY}
    assert not any(each.drift for each in left)


async def test_partitions_grow_while_a_topic_is_empty(connection, topics):
    await admin.apply(connection, await _differences(connection, topics))
    grown = Topics(topics.prefix, spine=3, agency=1, feedback=1)
    planned = await _differences(connection, grown)
    assert {each.change for each in planned} == {Change.PARTITIONS}
    await admin.apply(connection, planned)
    assert await _differences(connection, grown) == []


async def test_a_topic_with_records_does_not_grow_unasked(connection, topics):
    from connectors.kafka.publisher import Outgoing, open_publisher

    await admin.apply(connection, await _differences(connection, topics))
    async with open_publisher(connection) as publisher:
        await publisher.publish(Outgoing(topics.bus("incidents"), b"k", b"v"))
    grown = Topics(topics.prefix, spine=3, agency=1, feedback=1)
    await admin.apply(connection, await _differences(connection, grown))
    found = await admin.find_topics(connection, topics.prefix)
    assert found[topics.bus("incidents")].partitions == 2
    assert found[topics.bus("decisions")].partitions == 3
    await admin.apply(connection, await _differences(connection, grown, grow=True))
    assert await _differences(connection, grown) == []


async def test_a_setting_that_the_broker_refuses_is_raised_with_the_topics_name(connection, make_topics, topic_name):
    from aiokafka.errors import BrokerResponseError

    [topic] = await make_topics(topic_name())
    async with admin_client(connection) as client:
        with pytest.raises(BrokerResponseError, match=topic):
            await set_topic_configs(client, {topic: {"retention.ms": "soon"}})
