"""Row 10: the machine's clock steps back an hour and forth a day, by the clock that is handed to the workers."""

import asyncio

from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario

BACK, FORTH = -3_600.0, 86_400.0


async def step(field: Field) -> None:
    """Step the clock of workers at work, and start and kill some while it is wrong."""
    file = field.directory / "clock"
    for worker in list(field.fleet.workers):
        field.start(INCIDENTBUS_FAULT_CLOCK=str(file))
        await field.leave(worker)
    await field.flowing()
    for seconds in (BACK, FORTH):
        file.write_text(str(seconds), "utf-8")
        await asyncio.sleep(3.0 if field.quick else 15.0)
        victim = field.fleet.workers[0]
        field.kill(victim)
        field.start(INCIDENTBUS_FAULT_CLOCK=str(file))
        await field.flowing()
        await asyncio.sleep(5.0 if field.quick else 15.0)
        field.did(f"the clock stands {seconds:+} s off")
    file.write_text("0", "utf-8")


SCENARIO = Scenario(
    number=10, name="the clock steps", counted="steps", least=2, quick_least=2, act=step, stall=None,
    load=Load(rate=1_000, quick_rate=800),
)  # fmt: skip
