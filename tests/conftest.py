"""What every test may ask for: a real Kafka broker, one for the whole run, and topics of its own.

Markers say what a test needs: `broker` is put on whatever asks for the broker.
"""

import itertools
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from connectors.kafka.embedded import EmbeddedBroker, start_broker

_COUNTER = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """Where Kafka's jars are kept between runs."""
    return Path(os.environ.get("INCIDENTBUS_CACHE_DIR", Path.home() / ".cache" / "incidentbus"))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedBroker]:
    """One real broker for the run. A test that kills or freezes a broker starts its own instead."""
    home = tmp_path_factory.mktemp("kafka")
    started = start_broker(home, cache_dir=cache_dir, ephemeral=True, leash=True, quick=True)
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Make names that no other test of this run has: groups, transactional ids, topics' prefixes."""
    return lambda stem: f"{stem}-{os.getpid()}-{next(_COUNTER)}"


@pytest.fixture
def topic_name(fresh_name: Callable[[str], str]) -> Callable[..., str]:
    """Make a topic name of the bus's grammar that no other test of this run has."""
    return lambda noun="trial": f"bus.{fresh_name(noun)}.v1"


MakeTopics = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def make_topics(broker: EmbeddedBroker) -> MakeTopics:
    """`await make_topics("a", "b", partitions=4, configs={...})` creates them and returns their names."""

    async def make(*names: str, partitions: int = 1, configs: dict[str, str] | None = None) -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            wanted = [NewTopic(name, partitions, 1, topic_configs=configs or {}) for name in names]
            response = await admin.create_topics(wanted)
        finally:
            await admin.close()
        refused = [(name, message) for name, code, message in response.topic_errors if code]
        assert not refused
        return list(names)

    return make


class Unreadable(str):
    """A header name that goes onto the wire as bytes that are no text; read mended, it is `x-??`."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return b"x-\xff\xfe"


PutUnreadable = Callable[..., Awaitable[None]]


@pytest.fixture
def put_unreadable(broker: EmbeddedBroker) -> PutUnreadable:
    """`await put_unreadable(topic, (key, value), …, headers=…)`: one batch, each record with such a header name."""

    async def put(topic: str, *records: tuple[bytes, bytes | None], headers: Any = (), partition: int = 0) -> None:
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            batch = producer.create_batch()
            batch._builder = _DefaultRecordBatchBuilderPy(2, 0, False, -1, -1, 0, 1 << 20)
            for key, value in records:
                batch.append(key=key, value=value, timestamp=None, headers=[*headers, (Unreadable("x"), b"1")])
            batch.close()
            await (await producer.send_batch(batch, topic, partition=partition))

    return put
