"""What every test may ask for: a real Kafka broker, one for the whole run, and topics of its own.

Markers say what a test needs: `broker` is put on whatever asks for the broker.
"""

import itertools
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

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
