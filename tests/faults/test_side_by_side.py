"""Rows side by side: what a child says of its row arrives whole, and one that ends without a word fails its row."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.harness import side_by_side
from tests.faults.harness.outcome import Outcome
from tests.faults.harness.side_by_side import run_side_by_side, write_outcome

CHILD = """#!/bin/sh
# -m tests.faults --rows N --outcome FILE
echo "   row $4 goes on"
case $4 in
  1) cat "{kept}" > "$6" ;;
  2) exit 7 ;;
  3) trap 'exit 130' INT; echo "   $$" ; while true; do sleep 0.05; done ;;
esac
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Stand in for the interpreter; returns what row 1 comes to."""
    outcome = Outcome(
        1, "kill -9", times=4, least=4, reports=15_000, stall=1.5, stall_limit=8.0, notes=["12:00 killed"]
    )
    write_outcome(outcome, tmp_path / "kept.json")
    script = tmp_path / "python"
    script.write_text(CHILD.format(kept=tmp_path / "kept.json"))
    script.chmod(0o755)
    monkeypatch.setattr(side_by_side.sys, "executable", str(script))
    return outcome


async def test_outcomes_come_back_by_number_and_a_silent_end_is_a_failure(child: Outcome) -> None:
    said: list[str] = []
    first, second = await run_side_by_side([2, 1], [], 2, said.append)
    assert first == child
    assert first.passed
    assert second.number == 2
    assert not second.passed
    assert "ended with 7" in second.line()
    assert sorted(said) == ["   row 1 goes on", "   row 2 goes on"]


async def test_cancelled_it_ends_what_it_began(child: Outcome) -> None:
    said: list[str] = []
    running = asyncio.create_task(run_side_by_side([3], [], 2, said.append))
    async with asyncio.timeout(10):
        while len(said) < 2:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(said[1]), 0)
