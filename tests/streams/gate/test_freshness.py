"""A client whose metadata task fell is not left waiting for metadata for ever."""

import asyncio
import logging
from typing import Any

import pytest

from streams.gate.freshness import AGAIN_S
from streams.gate.mending import MendingConsumer

pytestmark = pytest.mark.broker


@pytest.fixture
async def consumer(broker: Any) -> Any:
    async with MendingConsumer(bootstrap_servers=broker.bootstrap, group_id=None) as made:
        yield made


async def test_an_error_that_aiokafka_does_not_name_ends_neither_the_task_nor_the_wait(
    consumer: MendingConsumer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = consumer._client
    whole = client._metadata_update
    falls = 2

    async def falling(*arguments: Any) -> bool:
        nonlocal falls
        falls -= 1
        if falls >= 0:
            raise RuntimeError("unable to perform operation on a closed transport")
        return bool(await whole(*arguments))

    monkeypatch.setattr(client, "_metadata_update", falling)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            async with asyncio.timeout(10):
                assert await client.force_metadata_update() is False
            await asyncio.sleep(2 * AGAIN_S)
        async with asyncio.timeout(10):
            assert await client.force_metadata_update() is True
    assert [record.message for record in caplog.records].count("metadata task ended, begun anew: RuntimeError") == 2


async def test_a_client_that_is_closed_begins_nothing_anew(broker: Any) -> None:
    consumer = MendingConsumer(bootstrap_servers=broker.bootstrap, group_id=None)
    await consumer.start()
    await asyncio.sleep(0.05)  # aiokafka's own tasks have begun
    task = consumer._client._sync_task
    await consumer.stop()
    assert task.done()
    await asyncio.sleep(2 * AGAIN_S)
    assert consumer._client._sync_task is None
