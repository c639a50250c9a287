"""Row 3: a worker frozen (SIGSTOP) beyond its session time-out with a full batch in hand, then thawed: a zombie.

It stops itself at one of five points of a transaction, the others take its tasks over, and then it goes on where it
stood: with outputs, offsets or a commit that are no longer its to send.
"""

import asyncio

from incidentbus.demo.fleet import Worker
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import SESSION, Load, Scenario

POINTS = ("begun", "sent", "delivered", "offsets", "before_commit")
MARGIN = 2.5
TIMES = 4


async def zombies(field: Field) -> None:
    """Freeze and thaw, two workers at a time beside one that never freezes, until each point had its turns."""
    points = [point for _ in range(1 if field.quick else TIMES) for point in POINTS]
    victims = list(field.fleet.workers[1:])
    for worker in victims:
        await field.leave(worker)
    await asyncio.gather(*(_freeze_one_after_the_other(field, points[number::2]) for number in range(2)))


async def _freeze_one_after_the_other(field: Field, points: list[str]) -> None:
    for point in points:
        await _freeze(field, point)


async def _freeze(field: Field, point: str) -> None:
    nth = field.chance.randrange(3, 15)
    worker = field.start(INCIDENTBUS_FAULT_POINTS=f"{point}:freeze:{nth}")
    await field.until(lambda: field.frozen(worker), 60.0, f"a worker freezes at {point}")
    await asyncio.sleep(SESSION + MARGIN)
    field.thaw(worker)
    field.did(f"{worker.process.pid} frozen at passing {nth} of {point} for {SESSION + MARGIN} s")
    await asyncio.sleep(2.0)  # what it still holds, it tries to send now
    await _let_go(field, worker)


async def _let_go(field: Field, worker: Worker) -> None:
    if worker in field.fleet.workers:  # a zombie may have ended by itself and been replaced
        await field.leave(worker)


SCENARIO = Scenario(
    number=3, name="zombies: frozen and thawed", counted="zombies", least=len(POINTS) * TIMES, quick_least=len(POINTS),
    act=zombies, load=Load(rate=400, quick_rate=400), workers=3,
)  # fmt: skip
