"""Rows side by side, each in a process of its own with brokers of its own: shorter, and no measure of stalls."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from tests.faults.harness.outcome import Outcome

LEAVES_WITHIN = 30.0
_OUTCOME = TypeAdapter(Outcome)


def write_outcome(outcome: Outcome, file: Path) -> None:
    """Leave what came of a row for the process that asked for it."""
    file.write_bytes(_OUTCOME.dump_json(outcome))


async def run_side_by_side(
    numbers: Sequence[int], arguments: Sequence[str], jobs: int, say: Callable[[str], None]
) -> list[Outcome]:
    """Run rows, `jobs` at a time, and return what came of each, by number; cancelled, it ends those under way."""
    waiting, outcomes = list(numbers), []
    with TemporaryDirectory(prefix="faults-") as home:

        async def take_rows() -> None:
            while waiting:
                number = waiting.pop(0)
                outcomes.append(await _run_one(number, arguments, Path(home) / f"{number}.json", say))

        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(take_rows())
    return sorted(outcomes, key=lambda outcome: outcome.number)


async def _run_one(number: int, arguments: Sequence[str], file: Path, say: Callable[[str], None]) -> Outcome:
    command = (sys.executable, "-m", "tests.faults", "--rows", str(number), "--outcome", str(file), *arguments)
    # a session of its own: of Ctrl-C it hears once, from here
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, start_new_session=True)
    try:
        assert child.stdout is not None
        async for line in child.stdout:
            say(line.decode().rstrip())
        await child.wait()
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGINT)
            await asyncio.wait_for(child.wait(), LEAVES_WITHIN)
    if not file.exists():
        return Outcome(number, "", problems=[f"ended with {child.returncode}, without an outcome"])
    return _OUTCOME.validate_json(file.read_bytes())
