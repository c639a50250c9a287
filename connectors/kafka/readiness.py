"""When is a broker ready: when a produce and a transactional commit went through, not after a sleep."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

PROBE_TOPIC: Final = "__ready"
"""Two leading underscores, as Kafka's own internal topics have: nobody's data, and passed over by `topics check`."""

_PAUSE_SECONDS: Final = 0.1


class NotReady(Exception):
    """The broker did not become ready: it died, or the time was up."""


async def wait_until_ready(
    bootstrap: str, timeout: float, alive: Callable[[], bool] = lambda: True, replication: int = 1
) -> float:
    """Return after how many seconds the broker took a plain and a transactional record; raises `NotReady`.

    `replication` is how many copies of the probe's topic there are to be, where it has yet to be made.
    """
    began = time.monotonic()
    failure: BaseException | None = None
    await _until_listening(bootstrap, began + timeout, alive)
    while time.monotonic() < began + timeout and alive():
        try:
            await asyncio.wait_for(_probe(bootstrap, replication), began + timeout - time.monotonic())
        except (KafkaError, OSError, TimeoutError) as error:
            failure = error
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return time.monotonic() - began
    raise NotReady(f"{bootstrap}: {'no commit went through in time' if alive() else 'the broker ended'}") from failure


async def _until_listening(bootstrap: str, until: float, alive: Callable[[], bool]) -> None:
    host, _, port = bootstrap.rpartition(":")
    while time.monotonic() < until and alive():
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            writer.close()
            await writer.wait_closed()
            return


async def _probe(bootstrap: str, replication: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await _ensure_probe_topic(admin, replication)
        await admin.find_coordinator(PROBE_TOPIC)  # makes the group coordinator's own topic too
    finally:
        await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, transactional_id=PROBE_TOPIC, retry_backoff_ms=20, transaction_timeout_ms=10_000
    )
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(PROBE_TOPIC, b"ready", partition=0)
    finally:
        await producer.stop()


async def _ensure_probe_topic(admin: AIOKafkaAdminClient, replication: int) -> None:
    response = await admin.create_topics([NewTopic(PROBE_TOPIC, 1, replication)])
    for _, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise KafkaError(f"topic {PROBE_TOPIC}: error {code}")
