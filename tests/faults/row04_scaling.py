"""Row 4: 1 → 4 → 2 → 3 workers under load, once with dynamic membership and once with static."""

import asyncio

from tests.faults.harness.field import Field
from tests.faults.harness.scenario import Load, Scenario

STEPS = (4, 2, 3)


async def scale(field: Field) -> None:
    """Scale up and down, then do it again with a fleet whose members are static."""
    await _steps(field, static=False)
    for worker in list(field.fleet.workers):
        field.start(INCIDENTBUS_STATIC_MEMBER=_name(field))
        await field.leave(worker)
        await field.flowing()
    for worker in list(field.fleet.workers[1:]):
        await field.leave(worker)
    await _steps(field, static=True)


async def _steps(field: Field, static: bool) -> None:
    pause = 2.0 if field.quick else 10.0
    for wanted in STEPS:
        await asyncio.sleep(pause)
        while len(field.fleet.workers) < wanted:
            field.start(**({"INCIDENTBUS_STATIC_MEMBER": _name(field)} if static else {}))
        for worker in list(field.fleet.workers[wanted:]):
            await field.leave(worker)
        await field.flowing()
        field.did(f"{wanted} workers, {'static' if static else 'dynamic'} membership")
    await asyncio.sleep(pause)


def _name(field: Field) -> str:
    """Return a name that no other worker has, as a pod's would be."""
    return f"worker-{field.chance.getrandbits(48):012x}"


SCENARIO = Scenario(
    number=4, name="scaling 1 → 4 → 2 → 3", counted="changes", least=6, quick_least=6, act=scale,
    load=Load(rate=500, quick_rate=600), workers=1, partitions=8,
)  # fmt: skip
