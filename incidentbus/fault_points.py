"""Fault points: where a test may strike a worker, and the clock that it may step. Off unless a setting names them.

`sent:3` sleeps 3 s at the point `sent`, each time; `before_commit:60:1` does so once. `offsets:kill` ends the process
there as `kill -9` would, `offsets:kill:7` at the seventh passing; `offsets:freeze:7` stops it there (SIGSTOP) until
somebody sends SIGCONT. docs/faults.md lists the points.
"""

import asyncio
import os
import signal
from pathlib import Path
from typing import Final, cast, get_args

from incidentbus.clock import SystemClock
from streams.gate import FaultHook, Point

_POINTS: Final = frozenset(get_args(Point))
_SIGNALS: Final = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


def fault_hook(spec: str) -> FaultHook | None:
    """Return the hook that `spec` asks for, or None. Raises `ValueError` where it can't be read."""
    if not spec:
        return None
    point, _, rest = spec.partition(":")
    what, _, times = rest.partition(":")
    counted = not times or times.isdecimal()
    if point not in _POINTS or not (what in _SIGNALS or what.replace(".", "", 1).isdecimal()) or not counted:
        known = ", ".join(sorted(_POINTS))
        raise ValueError(
            f"INCIDENTBUS_FAULT_POINTS={spec!r}: POINT:SECONDS[:TIMES], POINT:kill[:NTH] or POINT:freeze[:NTH]; "
            f"POINT is {known}"
        )
    if what in _SIGNALS:
        return _signalled(cast("Point", point), _SIGNALS[what], int(times) if times else 1)
    return _slept(cast("Point", point), float(what), int(times) if times else -1)


def _slept(wanted: Point, seconds: float, times: int) -> FaultHook:
    left = times

    async def hook(point: Point, _partition: int) -> None:
        nonlocal left
        if point != wanted or left == 0:
            return
        left -= 1
        await asyncio.sleep(seconds)

    return hook


def _signalled(wanted: Point, signal_: signal.Signals, nth: int) -> FaultHook:
    passed = 0

    async def hook(point: Point, _partition: int) -> None:
        nonlocal passed
        if point != wanted:
            return
        passed += 1
        if passed == nth:
            os.kill(os.getpid(), signal_)  # to the process itself: it is done when this returns

    return hook


class SteppedClock:
    """The machine's clock as somebody stepped it: `file` holds the seconds to add, read at each asking."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._machine = SystemClock()

    def now_ms(self) -> int:
        """Return milliseconds since the epoch, UTC, stepped. A file that can't be read steps nothing."""
        try:
            stepped = float(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            stepped = 0.0
        return self._machine.now_ms() + int(stepped * 1000)
