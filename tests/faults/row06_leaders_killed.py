"""Row 6: three brokers, topics with three copies of which two must have a record; leaders are killed in turn.

In turn means: who leads a partition of the flow, who coordinates the transactions of a task, who coordinates the group.
One at a time, each only when the one before it has caught up: two failures at once are more than three brokers promise
to outlive.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from tests.faults.cluster import COPIES, ThreeBrokers
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import BROKER_STALL, Ground, Load, Scenario
from tests.faults.row05_broker_killed import cache_dir

DEAD_FOR = 5.0
"""Seconds that a broker is gone: long enough that its leaderships move (3 s) and the flow goes on without it."""
IN_SYNC_WITHIN = 90.0


@asynccontextmanager
async def three_brokers(directory: Path) -> AsyncIterator[Ground]:
    """Open a cluster."""
    cluster = ThreeBrokers(directory / "cluster", cache_dir=cache_dir())
    try:
        await asyncio.to_thread(cluster.start)
        yield Ground(cluster.bootstrap, replication=COPIES, kept={"cluster": cluster})
    finally:
        await asyncio.to_thread(cluster.stop)


async def kill_leaders(field: Field) -> None:
    """Kill whoever has the next of the roles, and bring it back when the flow has gone on without it."""
    cluster = cast("ThreeBrokers", field.ground.kept["cluster"])
    prefix, partition = field.settings.runtime_prefix, 0
    roles: list[tuple[str, Callable[[int], Awaitable[int]]]] = [
        ("transactions of dispatch", lambda p: cluster.coordinator_of(f"{prefix}dispatch-{p}")),
        ("leads incidents", lambda p: _leader(cluster, field, "incidents", p)),
        ("transactions of intake", lambda p: cluster.coordinator_of(f"{prefix}intake-{p}")),
        ("group of dispatch", lambda _: cluster.coordinator_of_group(f"{prefix}dispatch")),
        ("leads decisions", lambda p: _leader(cluster, field, "decisions", p)),
        ("leads dispatch's changelog", lambda p: _leader(cluster, field, "dispatch-state", p)),
    ]
    await field.flowing()
    while field.times < field.least or not field.publisher.enough:
        name, found = roles[field.times % len(roles)]
        number = await found(partition)
        await asyncio.to_thread(cluster.kill, number)
        field.did(f"broker {number}: {name} {partition}")
        await asyncio.sleep(DEAD_FOR)
        await field.flowing()
        await asyncio.to_thread(cluster.restart, number)
        field.note(f"all in sync {await cluster.in_sync(IN_SYNC_WITHIN):.1f} s after the start")
        partition = (partition + 1) % field.settings.partitions


async def _leader(cluster: ThreeBrokers, field: Field, noun: str, partition: int) -> int:
    topic = field.settings.topics().bus(noun)
    return (await cluster.leaders([topic]))[topic, partition]


SCENARIO = Scenario(
    number=6, name="three brokers, leaders killed", counted="kills", least=6, quick_least=2, act=kill_leaders,
    stall=BROKER_STALL, load=Load(rate=500, quick_rate=500, anew=200), ground=three_brokers, settle=120.0,
)  # fmt: skip
