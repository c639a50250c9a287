"""Fault points strike where and as often as they are told to; a stepped clock is stepped by its file."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from incidentbus.fault_points import SteppedClock, fault_hook


def test_no_setting_is_no_hook() -> None:
    assert fault_hook("") is None


@pytest.mark.parametrize("spec", ["nowhere:1", "sent", "sent:", "sent:slow", "sent:1:often", "offsets:freeze:x"])
def test_what_cannot_be_read_is_refused_with_the_points_that_there_are(spec: str) -> None:
    with pytest.raises(ValueError, match=r"POINT is assigned, before_commit, .*sent"):
        fault_hook(spec)


async def test_a_sleep_happens_as_often_as_it_says() -> None:
    hook = fault_hook("sent:0.05:2")
    assert hook is not None
    began = time.monotonic()
    for _ in range(5):
        await hook("sent", 0)
        await hook("begun", 0)
    assert 0.1 <= time.monotonic() - began < 0.3


@pytest.mark.parametrize(("what", "ended"), [("freeze", "stopped"), ("kill", "killed")])
def test_a_signal_strikes_at_the_nth_passing_of_its_point_alone(what: str, ended: str) -> None:
    child = os.fork()
    if child == 0:
        hook = fault_hook(f"offsets:{what}:2")
        assert hook is not None
        for point in ("offsets", "sent", "offsets"):
            asyncio.run(hook(point, 0))  # type: ignore[arg-type]
        os._exit(0)
    _, status = os.waitpid(child, os.WUNTRACED)
    if ended == "killed":
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        return
    assert os.WIFSTOPPED(status)
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_stepped_clock_follows_its_file_and_is_right_without_one(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path / "clock")

    def off() -> float:
        return clock.now_ms() / 1000 - time.time()

    assert abs(off()) < 1
    (tmp_path / "clock").write_text("-3600", "utf-8")
    assert abs(off() + 3600) < 1
    (tmp_path / "clock").write_text("86400.5", "utf-8")
    assert abs(off() - 86400.5) < 1
    (tmp_path / "clock").write_text("tomorrow", "utf-8")
    assert abs(off()) < 1
