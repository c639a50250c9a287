"""A deployment of its own for each test: a topic prefix that no other has, on the run's broker."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer import Typer
from typer.testing import CliRunner, Result

from connectors.kafka.clients import Connection
from connectors.kafka.embedded import EmbeddedBroker
from contracts.ports import Emit
from contracts.topics import Topics, TopicSpec
from incidentbus.settings import load_settings


@dataclass(frozen=True)
class Deployment:
    """Where a test's topics are, and how to fill them. Not to be used from within a running loop."""

    connection: Connection
    topics: Topics

    def create(self, *specs: TopicSpec) -> None:
        """Create topics as the registry declares them."""
        asyncio.run(self._create(specs))

    async def _create(self, specs: tuple[TopicSpec, ...]) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.connection.bootstrap)
        await admin.start()
        try:
            new = [NewTopic(s.name, self.topics.partitions_of(s), 1, topic_configs=s.configs()) for s in specs]
            response = await admin.create_topics(new)
        finally:
            await admin.close()
        assert not [error for error in response.topic_errors if error[1]]

    def put(self, *emits: Emit) -> list[int]:
        """Publish records and return their offsets."""
        return asyncio.run(self._put(emits))

    async def _put(self, emits: tuple[Emit, ...]) -> list[int]:
        async with AIOKafkaProducer(bootstrap_servers=self.connection.bootstrap) as producer:
            sent = [
                await producer.send(
                    emit.topic, emit.value, emit.key, partition=emit.partition, headers=list(emit.headers),
                    timestamp_ms=emit.timestamp,
                )
                for emit in emits
            ]  # fmt: skip
            return [(await future).offset for future in sent]

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end."""
        return asyncio.run(coroutine)


@pytest.fixture
def deployment(
    broker: EmbeddedBroker, fresh_name: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    prefix = f"{fresh_name('county')}."
    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", broker.bootstrap)
    monkeypatch.setenv("INCIDENTBUS_TOPIC_PREFIX", prefix)
    monkeypatch.setenv("INCIDENTBUS_PARTITIONS", "2")
    load_settings.cache_clear()
    yield Deployment(Connection(broker.bootstrap), load_settings().topics())
    load_settings.cache_clear()


Invoke = Callable[..., Result]


@pytest.fixture
def invoke() -> Invoke:
    """`invoke(app, "list", "--json")` runs a command in this process."""

    def run(app: Typer, *words: str) -> Result:
        result = CliRunner().invoke(app, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
