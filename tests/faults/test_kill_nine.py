"""`kill -9`, again and again, under load: nothing is lost, nothing comes twice, no case goes backwards.

20,000 numbers at 500/s, two workers with eight tasks, a kill every 4 s: row 1 of the fault table on the tests' own
broker, with a session time-out of 3 s so that it takes a minute. The verdict is the witnesses'.
"""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.faults.aborted import aborted_runs
from tests.faults.harness.field import Field
from tests.faults.harness.running import run_row
from tests.faults.harness.scenario import Ground, Load, Scenario, Size, fixed

NUMBERS, PER_SECOND, KILL_EVERY, KILLS_AT_LEAST = 20_000, 500, 4.0, 8


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_kill_nine_under_load_loses_nothing_and_repeats_nothing(
    broker: Any, tmp_path: Path, record_property: Any
) -> None:
    seen: dict[str, int] = {}

    async def kill_nine(field: Field) -> None:
        while not field.publisher.enough:
            await asyncio.sleep(KILL_EVERY)
            victim = field.chance.choice(field.fleet.workers)
            field.kill(victim)
            field.did(f"kill -9 {victim.process.pid}")
            field.start()
        seen["aborted"] = await aborted_runs(field)

    def later_rounds(field: Field) -> list[str]:
        bodies = (orjson.loads(each.value or b"{}") for each in field.watch.seen("assignments"))
        seen["later_rounds"] = sum(body["round"] > 1 for body in bodies)
        return []

    scenario = Scenario(
        number=0, name="kill -9", counted="kills", least=KILLS_AT_LEAST, act=kill_nine, also=later_rounds, stall=None,
        load=Load(rate=PER_SECOND), environment={"INCIDENTBUS_SESSION_TIMEOUT": "3"},
    )  # fmt: skip
    ground = fixed(Ground(broker.bootstrap))
    outcome = await run_row(scenario, Size(NUMBERS, quick=False), ground, tmp_path / "row", print)
    record_property("faults", f"{outcome.line()} {seen}")
    print(outcome.line(), seen)
    assert (outcome.lost, outcome.duplicates, outcome.disordered, outcome.orphans) == (0, 0, 0, 0)
    assert outcome.problems == []
    assert outcome.times >= KILLS_AT_LEAST
    assert seen["aborted"] > 0
    assert seen["later_rounds"] > 0
