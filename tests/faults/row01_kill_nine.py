"""Row 1: `kill -9` of random workers under load; some die in the middle of a transaction, which is counted."""

import asyncio

from tests.faults.aborted import aborted_runs
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario

BETWEEN = (1.0, 9.0)
"""Seconds: from a kill into the rebalance after the one before, to one of a fleet that has recovered."""


async def kill_nine(field: Field) -> None:
    """Kill one of the workers again and again, each time as soon as assignments flow again, and start another."""
    await field.flowing()
    while field.times < field.least or not field.publisher.enough:
        await asyncio.sleep(field.chance.uniform(*BETWEEN))
        victim = field.chance.choice(field.fleet.workers)
        field.kill(victim)
        field.did(f"kill -9 {victim.process.pid}")
        field.start()
        await field.flowing()
    field.note(f"aborted transactions: {await aborted_runs(field)}")


SCENARIO = Scenario(
    number=1, name="kill -9 of random workers", counted="kills", least=12, quick_least=4, act=kill_nine,
    load=Load(rate=2_000, quick_rate=1_000), workers=3,
)  # fmt: skip
