"""Three brokers on this machine: each a process with its own data, any of them killed and brought back on the same.

Built of what the embedded broker is built of. Every node is broker and controller, topics have three copies of which
two must have a record before it counts. It answers what a fault test asks: who leads, who coordinates, who lags.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError

from connectors.kafka import holding
from connectors.kafka.jars import ensure_jars
from connectors.kafka.launching import (
    BrokerFailed,
    Recipe,
    format_data,
    free_port,
    launch,
    log_tail,
    tie,
    write_configuration,
)
from connectors.kafka.readiness import NotReady, wait_until_ready
from connectors.kafka.serverconfig import cluster_id_for

COPIES: Final = 3
IN_SYNC: Final = 2
_INTERNAL: Final = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
_PAUSE_S: Final = 0.1
_STOP_S: Final = 15.0


@dataclass(slots=True)
class Node:
    """One broker: how it is started, where it listens, and its process while it has one."""

    id: int
    recipe: Recipe
    port: int
    controller_port: int
    process: subprocess.Popen[bytes] | None = None
    leash: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process, on the data that is there; returns at once."""
        descriptor = holding.hold(self.recipe.directory)
        try:
            write_configuration(self.recipe, self.port, self.controller_port)
            format_data(self.recipe)
            self.process = launch(self.recipe, descriptor)
        finally:
            os.close(descriptor)
        self.leash = tie(self.process.pid)

    def end(self, how: signal.Signals) -> None:
        """End the process and wait for it; by force if it takes too long."""
        if self.leash is not None and self.leash.stdin is not None:
            self.leash.kill()
            self.leash.wait()
            self.leash.stdin.close()
            self.leash = None
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ThreeBrokers:
    """A cluster in `directory`. Blocking calls but for the questions, which are coroutines."""

    def __init__(self, directory: Path, *, cache_dir: Path, heap_mb: int = 320) -> None:
        jars = tuple(ensure_jars(cache_dir))
        ports = {number: (free_port(), free_port()) for number in range(1, COPIES + 1)}
        voters = ",".join(f"{number}@127.0.0.1:{controller}" for number, (_, controller) in ports.items())
        self.nodes = {
            number: Node(number, _recipe(directory.resolve(), number, voters, jars, heap_mb), *each)
            for number, each in ports.items()
        }

    @property
    def bootstrap(self) -> str:
        """All three addresses, `127.0.0.1:<port>,…`."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes.values())

    def start(self, timeout: float = 90.0) -> None:
        """Start all three and return when a transaction has gone through, three copies of it. Raises `BrokerFailed`."""
        with ThreadPoolExecutor(COPIES) as pool:  # formatting takes a JVM's start each
            list(pool.map(Node.start, self.nodes.values()))
        try:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, self._ready(timeout)).result()
        except NotReady as error:
            tails = "\n".join(log_tail(node.recipe.directory) for node in self.nodes.values())
            self.stop()
            raise BrokerFailed(f"{error}\n{tails}") from error

    async def _ready(self, timeout: float) -> None:
        every = self.nodes.values()
        for node in every:
            address = f"127.0.0.1:{node.port}"
            await wait_until_ready(address, timeout, lambda: all(each.running for each in every), COPIES)
        await self.in_sync(timeout)

    def stop(self) -> None:
        """End all three."""
        with ThreadPoolExecutor(COPIES) as pool:
            list(pool.map(lambda node: node.end(signal.SIGKILL), self.nodes.values()))

    def kill(self, number: int) -> None:
        """End one at once (`kill -9`); its data stays."""
        self.nodes[number].end(signal.SIGKILL)

    def restart(self, number: int) -> None:
        """Start one again, on the same data and ports; `in_sync` tells when it has caught up."""
        self.nodes[number].end(signal.SIGKILL)
        self.nodes[number].start()

    async def in_sync(self, timeout: float) -> float:
        """Wait until every partition has all its copies in sync; returns after how many seconds."""
        began = time.monotonic()
        behind: list[str] = ["nobody answers"]
        while time.monotonic() < began + timeout:
            try:
                described = await asyncio.wait_for(self._described(), timeout)
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_S)
                continue
            behind = [
                f"{topic['topic']}-{each['partition']}"
                for topic in described
                for each in topic["partitions"]
                if len(each["isr"]) < len(each["replicas"]) or each["leader"] < 0
            ]
            if described and not behind:
                return time.monotonic() - began
            await asyncio.sleep(_PAUSE_S)
        raise NotReady(f"{len(behind)} partitions are not in sync after {timeout:.0f} s, as {behind[0]}")

    async def leaders(self, topics: Iterable[str]) -> Mapping[tuple[str, int], int]:
        """Return which node leads each partition of `topics`."""
        wanted = set(topics)
        return {
            (topic["topic"], each["partition"]): each["leader"]
            for topic in await self._described()
            if topic["topic"] in wanted
            for each in topic["partitions"]
        }

    async def coordinator_of(self, transactional_id: str) -> int:
        """Return the node that coordinates the transactions of `transactional_id` (FindCoordinator)."""
        return await self._coordinator(CoordinationType.TRANSACTION, transactional_id)

    async def coordinator_of_group(self, group: str) -> int:
        """Return the node that coordinates the consumer group `group`."""
        return await self._coordinator(CoordinationType.GROUP, group)

    async def _coordinator(self, kind: CoordinationType, key: str) -> int:
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5_000)
        try:
            await client.bootstrap()
            return int(await client.coordinator_lookup(kind, key))
        finally:
            await client.close()

    async def _described(self) -> list[dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5_000)
        try:
            await admin.start()
            described: list[dict[str, Any]] = await admin.describe_topics()
            return described
        finally:
            await admin.close()


def _recipe(directory: Path, number: int, voters: str, jars: tuple[Path, ...], heap_mb: int) -> Recipe:
    replicated = {
        name: value
        for topic in _INTERNAL
        for name, value in ((f"{topic}.replication.factor", COPIES), (f"{topic}.min.isr", IN_SYNC))
        if name != "offsets.topic.min.isr"  # Kafka has no such setting: it goes by the brokers' own
    }
    overrides = {
        "node.id": number,
        "controller.quorum.voters": voters,
        "default.replication.factor": COPIES,
        "min.insync.replicas": IN_SYNC,
        "unclean.leader.election.enable": "false",
        # three JVMs on two cores: a pause of one is not yet its end
        "controller.quorum.election.timeout.ms": 1_000,
        "controller.quorum.fetch.timeout.ms": 2_000,
        "replica.lag.time.max.ms": 10_000,
        **replicated,
    }
    return Recipe(
        directory / f"broker-{number}", jars, overrides={name: str(value) for name, value in overrides.items()},
        heap_mb=heap_mb, quick=True, cluster_id=cluster_id_for(directory),
    )  # fmt: skip
