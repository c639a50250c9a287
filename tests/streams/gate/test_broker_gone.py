"""A producer whose broker has died: it asks now and then, and once it is dropped nothing of it goes on."""

import asyncio
import logging
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from connectors.kafka.embedded import start_broker
from streams.gate.cluster import Cluster, Timeouts
from streams.gate.producer import RECONNECT_S, TaskProducer

TOPIC = "bus.gone.v1"
LOOKED_S = 2.0
ASKING = 3  # a connection for metadata, one for the partition's leader, one for the coordinator


@pytest.mark.broker
async def test_a_producer_without_a_broker_asks_now_and_then_and_not_at_all_once_it_is_dropped(
    tmp_path: Path, cache_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await asyncio.to_thread(start_broker, tmp_path, cache_dir=cache_dir, leash=True, quick=True)
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
        await admin.close()
        producer = TaskProducer(Cluster(broker.bootstrap), "gone-0", Timeouts(retry_ms=5))
        await producer.start()
        await producer.begin()
        await producer.send_and_wait(TOPIC, b"before", partition=0)
        await asyncio.to_thread(broker.kill)
        batch = producer.new_batch(1_000)
        batch.append(key=None, value=b"after", timestamp=None)
        unheard = await producer.send_batch(batch, TOPIC, partition=0)
        await asyncio.sleep(0.5)
        with caplog.at_level(logging.ERROR, logger="aiokafka"):
            caplog.clear()
            await asyncio.sleep(LOOKED_S)
            asked = sum("Unable connect" in each.message for each in caplog.records)
            assert 1 <= asked <= ASKING * LOOKED_S / RECONNECT_S
            await producer.shut(0.3)
            assert producer._sender.sender_task.done()
            caplog.clear()
            await asyncio.sleep(0.5)
            assert [each.message for each in caplog.records] == []
        left = [task.get_coro().__qualname__ for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert [name for name in left if "Sender" in name] == []
        unheard.cancel()
    finally:
        await asyncio.to_thread(broker.stop)
