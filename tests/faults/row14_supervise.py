"""Row 14: cases are followed while workers and the broker are killed (`kill -9`), and while deadlines pass.

Workers run all four stages. Simulated agencies acknowledge, return, forget and resolve; the workers' clock is hurried
by half a day now and then, so that steps of ladders fall due all along. The fourth witness judges facts and steps.
"""

import asyncio
from contextlib import suppress
from typing import cast

from tests.faults.harness.field import Field
from tests.faults.harness.followed import Followed
from tests.faults.harness.following import EVERY_S, Following
from tests.faults.harness.scenario import Load, Scenario
from tests.faults.row05_broker_killed import a_broker_of_its_own, kill_a_worker_or_the_broker

STAGES = "intake,dispatch,feedback,supervise"
BETWEEN = (2.0, 6.0)
DAYS, QUICK_DAYS = 40, 10
SETTLE_S = 60.0
_AT_ONCE = 0.3


async def follow(field: Field) -> None:
    """Start the witness, then workers of all stages under a clock that can be hurried."""
    following = Following(field)
    field.kept["following"] = following
    await following.start()
    for _ in range(field.scenario.workers):
        _start(field, following)


def _start(field: Field, following: Following) -> None:
    field.fleet.start(STAGES, INCIDENTBUS_FAULT_CLOCK=str(following.clock_file))


async def kill_followers(field: Field) -> None:
    """Kill workers, and the broker every third time; hurry time all along and to its end; then judge."""
    following = cast("Following", field.kept["following"])
    await field.flowing()
    field.publisher.release()  # what comes of the reports goes on for days
    hurrying = asyncio.create_task(_hurry(following))
    try:
        while field.times < field.least or not field.publisher.enough:
            await asyncio.sleep(field.chance.uniform(*BETWEEN))
            await kill_a_worker_or_the_broker(field, field.fleet.workers, lambda: _start(field, following))
            if not field.publisher.enough:
                await field.flowing()
    finally:
        hurrying.cancel()
        with suppress(asyncio.CancelledError):
            await hurrying
    await _to_the_end(field, following)
    judged = await following.settle(SETTLE_S)
    await following.stop()
    field.kept["followed"] = judged
    field.note(judged.line())
    field.say(f"   {judged.line()} days={following.ahead / 86_400:.1f}")


async def _hurry(following: Following) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        following.hurry()


async def _to_the_end(field: Field, following: Following) -> None:
    """Let the rest of the days pass, a step at a time."""
    until = (QUICK_DAYS if field.quick else DAYS) * 86_400.0
    while following.ahead < until:
        following.hurry()
        await asyncio.sleep(_AT_ONCE)


def findings(field: Field) -> list[str]:
    """Return what the fourth witness found, or that it didn't come to it."""
    judged = field.kept.get("followed")
    if not isinstance(judged, Followed):
        return ["the fourth witness did not come to its verdict"]
    told = [] if judged.clean else [judged.line(), *judged.lost[:2], *judged.twice[:2], *judged.disordered[:2]]
    return told if judged.steps and judged.facts else [*told, "no step fell due, or no fact was told"]


SCENARIO = Scenario(
    number=14, name="followed: workers, broker killed", counted="kills", least=12, quick_least=3, act=kill_followers,
    load=Load(rate=100, quick_rate=100, anew=0), ground=a_broker_of_its_own, prepare=follow, also=findings, stall=None,
    share=0.1,
)  # fmt: skip
