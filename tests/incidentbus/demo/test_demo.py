"""The demo, as a user runs it: to its last line, and cut short by Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

LAST_LINE = re.compile(
    r"demo: reports=(\d+) incidents=(\d+) assignments=(\d+) dead_letters=(\d+) lost=(\d+) duplicates=(\d+) seconds=\d+"
    r" closed=\d+ overdue=\d+ escalated=\d+"
)
COMMAND = [sys.executable, "-m", "incidentbus", "demo"]


def environment(directory: Path) -> dict[str, str]:
    return {**os.environ, "INCIDENTBUS_RUN_DIR": str(directory)}


def ours(directory: Path) -> list[psutil.Process]:
    """Return the processes that belong to a run in `directory`: its broker by its files, its workers by their logs."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        try:
            opened = [each.path for each in process.open_files()] if "incidentbus" in words else []
        except psutil.Error:
            opened = []
        if str(directory) in words or any(path.startswith(str(directory)) for path in opened):
            found.append(process)
    return found


@pytest.mark.broker
@pytest.mark.timeout(180)
def test_a_whole_demo_is_judged_and_what_was_planted_in_it_is_found(tmp_path: Path) -> None:
    directory = tmp_path / "a run"  # a path with a blank
    stale = directory / "broker" / "data" / "left-behind"  # by an earlier run: nothing of it may count in this one
    stale.mkdir(parents=True)
    done = subprocess.run(
        [*COMMAND, "--selfcheck"], env=environment(directory), capture_output=True, text=True, timeout=170, check=False
    )
    last = LAST_LINE.fullmatch(done.stdout.strip().splitlines()[-1])
    assert last, done.stdout[-2000:] + done.stderr[-2000:]
    reports, incidents, assignments, dead_letters, lost_told, twice_told = map(int, last.groups())
    assert reports >= 400
    assert (lost_told, twice_told, done.returncode) == (1, 1, 1)
    assert incidents > 300
    assert assignments > incidents
    assert dead_letters > 20
    assert ours(directory) == []


@pytest.mark.broker
@pytest.mark.timeout(120)
@pytest.mark.parametrize("after", ["server.properties", "worker-1.log"])
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path, after: str) -> None:
    directory = tmp_path / "run"
    demo = subprocess.Popen(COMMAND, env=environment(directory), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not list(directory.rglob(after)):
        assert time.monotonic() < until
        assert demo.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    demo.send_signal(signal.SIGINT)
    _, told = demo.communicate(timeout=40)
    assert demo.returncode == 1
    assert b"Traceback" not in told, told.decode()
    assert ours(directory) == []
