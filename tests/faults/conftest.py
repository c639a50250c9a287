"""A deployment of its own on the tests' broker: topics under a prefix, a ruleset in force, real worker processes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.clients import Connection
from incidentbus.clock import utc_now
from incidentbus.demo.fleet import Fleet, Worker
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from incidentbus.witness import Ledger, TopicReader, Verdict, judge
from streams.gate.mending import MendingConsumer


@dataclass
class Deployment:
    """What a fault test works on, and what its witness has seen."""

    settings: Settings
    fleet: Fleet
    ledger: Ledger = field(default_factory=Ledger)
    readers: dict[str, TopicReader] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        return Connection(self.settings.bootstrap_servers, "witness")

    async def watch(self) -> None:
        """Start the witness's readers: every agency's topic, the decisions, the dead letters."""
        prefix = self.settings.topic_prefix.replace(".", r"\.")
        patterns = {
            "assignments": r"agency\..+\.assignments\.v1",
            "decisions": r"bus\.decisions\.v1",
            "dead": r".+\.dlq",
        }
        for name, pattern in patterns.items():
            self.readers[name] = TopicReader(prefix + pattern, self.connection.options(), MendingConsumer)
            await self.readers[name].start()

    async def catch_up(self) -> int:
        return sum([await reader.catch_up(100) for reader in self.readers.values()])

    def verdict(self) -> Verdict:
        return judge(self.ledger, *(self.readers[name].seen for name in ("assignments", "decisions", "dead")))

    async def settle(self, seconds: float, quiet: float = 2.0) -> Verdict:
        """Read on until all is accounted for and nothing more comes for `quiet` seconds, or the time is up."""
        until, moved = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < until:
            if await self.catch_up():
                moved = time.monotonic()
            elif time.monotonic() - moved > quiet and not self.verdict().lost:
                break
        return self.verdict()

    def replace(self, worker: Worker, **environment: str) -> Worker:
        """Kill a worker as a power cut would, and start another in its place."""
        worker.process.kill()
        worker.process.wait()
        self.fleet.workers.remove(worker)
        return self.fleet.start(**environment)


@pytest.fixture
def deployment_settings(broker: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    prefix = f"f{os.getpid()}-{abs(hash(request.node.name)) % 10_000}."
    return Settings(
        bootstrap_servers=broker.bootstrap, topic_prefix=prefix, partitions=4, session_timeout=3.0, run_dir=tmp_path
    )


@pytest.fixture
def fleet(deployment_settings: Settings, tmp_path: Path) -> Iterator[Fleet]:
    settings = deployment_settings
    environment = {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "INCIDENTBUS_TOPIC_PREFIX": settings.topic_prefix,
        "INCIDENTBUS_PARTITIONS": str(settings.partitions),
        "INCIDENTBUS_SESSION_TIMEOUT": str(settings.session_timeout),
        "INCIDENTBUS_METRICS_PORT": "0",
        "INCIDENTBUS_LOG_FORMAT": "json",
    }
    made = Fleet(environment, tmp_path / "logs")
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
async def deployment(deployment_settings: Settings, fleet: Fleet) -> AsyncIterator[Deployment]:
    settings = deployment_settings
    made = Deployment(settings, fleet)
    await publish(settings.ruleset_dir, made.connection, settings.topics(), 1, Author("tests"), utc_now())
    await made.watch()
    try:
        yield made
    finally:
        for reader in made.readers.values():
            await reader.stop()
        await asyncio.to_thread(fleet.stop)
