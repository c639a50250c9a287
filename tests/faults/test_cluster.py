"""Three brokers: a record that was acknowledged outlives the broker that led it, and who led or coordinated moves."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.faults.cluster import COPIES, ThreeBrokers

TOPIC = "bus.tried.v1"


async def moved(cluster: ThreeBrokers, dead: int) -> int:
    """Return who leads the topic's partition once it is no longer `dead`."""
    while True:
        try:
            leader = (await cluster.leaders([TOPIC]))[TOPIC, 0]
        except KafkaError:
            leader = dead
        if leader not in (dead, -1):
            return leader
        await asyncio.sleep(0.1)


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_a_killed_leader_is_followed_by_another_and_comes_back_into_sync(tmp_path: Path, cache_dir: Path) -> None:
    cluster = ThreeBrokers(tmp_path, cache_dir=cache_dir)
    try:
        await asyncio.to_thread(cluster.start)
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, 1, COPIES)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
            await producer.send_and_wait(TOPIC, b"before", partition=0)
        leader = (await cluster.leaders([TOPIC]))[TOPIC, 0]
        coordinated = await cluster.coordinator_of("anybody")
        assert coordinated in cluster.nodes
        await asyncio.to_thread(cluster.kill, leader)
        assert [number for number, node in cluster.nodes.items() if not node.running] == [leader]
        assert await asyncio.wait_for(moved(cluster, leader), 30) != leader
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
            await producer.send_and_wait(TOPIC, b"meanwhile", partition=0)
        await asyncio.to_thread(cluster.restart, leader)
        await cluster.in_sync(60)
        async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest") as consumer:
            consumer.assign([TopicPartition(TOPIC, 0)])
            assert [(await asyncio.wait_for(consumer.getone(), 10)).value for _ in range(2)] == [
                b"before",
                b"meanwhile",
            ]
    finally:
        await asyncio.to_thread(cluster.stop)
    assert not any(node.running for node in cluster.nodes.values())
