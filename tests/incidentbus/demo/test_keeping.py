"""A demo that is left running says how it is used, keeps others out, and is stopped for good."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.incidentbus.demo.test_demo import COMMAND, environment, ours


def run(directory: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *flags], env=environment(directory), capture_output=True, text=True, timeout=150, check=False
    )


@pytest.mark.broker
@pytest.mark.timeout(240)
def test_what_is_left_running_says_so_and_can_be_stopped(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    try:
        first = run(directory, "--keep")
        assert first.returncode == 0, first.stdout[-1500:] + first.stderr[-1500:]
        assert ours(directory)
        again = run(directory)
        assert (again.returncode, "--stop" in again.stderr) == (2, True)
        assert len(re.findall(r"http://127.0.0.1:\d+/metrics", first.stdout)) == 3
    finally:
        stopped = run(directory, "--stop")
    assert stopped.returncode == 0
    assert ours(directory) == []
