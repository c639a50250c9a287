"""Row 5: the embedded broker killed with `kill -9` under load, and started again on the same data.

One node, one copy: what was acknowledged lies in the kernel's page cache, which outlives the process.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from connectors.kafka.embedded import EmbeddedBroker, start_broker
from incidentbus.demo.fleet import Worker
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import BROKER_STALL, Ground, Load, Scenario

BETWEEN = (3.0, 7.0)
"""Seconds of recovered flow before the next kill."""


def cache_dir() -> Path:
    """Return where Kafka's jars are kept between runs."""
    return Path(os.environ.get("INCIDENTBUS_CACHE_DIR", Path.home() / ".cache" / "incidentbus"))


@asynccontextmanager
async def a_broker_of_its_own(directory: Path) -> AsyncIterator[Ground]:
    """Open a broker that nobody else relies on."""
    broker = await asyncio.to_thread(start_broker, directory / "broker", cache_dir=cache_dir(), leash=True, quick=True)
    try:
        yield Ground(broker.bootstrap, kept={"broker": broker})
    finally:
        await asyncio.to_thread(broker.stop)


async def kill_a_worker_or_the_broker(
    field: Field, victims: Sequence[Worker], begin_anew: Callable[[], object]
) -> None:
    """Kill one of the workers and begin another; every third time kill the broker instead, and restart it."""
    if field.times % 3 == 2:
        broker = cast("EmbeddedBroker", field.ground.kept["broker"])
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.restart)
        field.did(f"kill -9 of the broker, restarted as {broker.pid}")
    else:
        victim = field.chance.choice(victims)
        field.kill(victim)
        field.did(f"kill -9 {victim.process.pid}")
        begin_anew()


async def kill_broker(field: Field) -> None:
    """Kill and restart, each time as soon as the flow has recovered."""
    broker = cast("EmbeddedBroker", field.ground.kept["broker"])
    await field.flowing()
    while field.times < field.least or not field.publisher.enough:
        await asyncio.sleep(field.chance.uniform(*BETWEEN))
        pid = broker.pid
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.restart)
        field.did(f"kill -9 {pid}, restarted as {broker.pid}")
        await field.flowing()


SCENARIO = Scenario(
    number=5, name="embedded broker killed, restarted", counted="kills", least=4, quick_least=2, act=kill_broker,
    stall=BROKER_STALL, load=Load(rate=500, quick_rate=500), ground=a_broker_of_its_own,
)  # fmt: skip
