"""The fault table's rows, small: each does its fault as often as in the short form, with few reports.

Minutes long, so that they run when asked for alone: `pytest -m fault_rows tests/faults`.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.__main__ import rows
from tests.faults.harness.running import run_row
from tests.faults.harness.scenario import Ground, Size, fixed
from tests.faults.harness.watch import longest_stall

REPORTS = 3_000
ROWS = rows()


def test_the_table_has_rows_by_number_each_with_a_least_number_of_times() -> None:
    assert all(scenario.number == number for number, scenario in ROWS.items())
    assert set(ROWS) >= {1, 2, 3, 4, 8, 9, 10, 11, 12}
    assert all(0 < scenario.quick_least <= scenario.least for scenario in ROWS.values())


def test_a_stall_is_the_longest_time_without_a_lead_while_one_was_due() -> None:
    acknowledged = {"a": 0.0, "b": 1.0, "c": 10.0, "d": 10.5}
    assert longest_stall(acknowledged, {"a": 0.5, "b": 1.5, "c": 13.0, "d": 13.0}) == 3.0
    assert longest_stall(acknowledged, {"a": 0.5, "b": 11.0, "c": 11.0, "d": 11.0}) == 10.0
    assert longest_stall(acknowledged, {"a": 5.0}) == 0.0, "until the first lead there were no workers to speak of"
    assert longest_stall(acknowledged, {}) == 0.0


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.fault_rows
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", sorted(ROWS))
async def test_a_row_holds(number: int, broker: Any, tmp_path: Path) -> None:
    ground = fixed(Ground(broker.bootstrap))
    outcome = await run_row(ROWS[number], Size(REPORTS, quick=True), ground, tmp_path / "row", print)
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert outcome.clean, outcome.line()
    assert [each for each in outcome.problems if not each.startswith("stall of ")] == []
