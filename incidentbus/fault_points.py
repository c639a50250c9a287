"""Fault points: where a test may stop a turn. Off unless the setting `fault_points` names one.

`sent:3` sleeps 3 s at the point `sent`, each time; `before_commit:60:1` does so once; `offsets:kill` ends the process
there as `kill -9` would. docs/gate.md lists the points.
"""

import asyncio
import os
import signal
from typing import Final, cast, get_args

from streams.gate import FaultHook, Point

_POINTS: Final = frozenset(get_args(Point))


def fault_hook(spec: str) -> FaultHook | None:
    """Return the hook that `spec` asks for, or None. Raises `ValueError` where it can't be read."""
    if not spec:
        return None
    point, _, rest = spec.partition(":")
    what, _, times = rest.partition(":")
    counted = not times or times.isdecimal()
    if point not in _POINTS or not (what == "kill" or what.replace(".", "", 1).isdecimal()) or not counted:
        known = ", ".join(sorted(_POINTS))
        raise ValueError(f"INCIDENTBUS_FAULT_POINTS={spec!r}: POINT:SECONDS[:TIMES] or POINT:kill; POINT is {known}")
    return _hook(cast("Point", point), what, int(times) if times else -1)


def _hook(wanted: Point, what: str, times: int) -> FaultHook:
    left = times

    async def hook(point: Point, _partition: int) -> None:
        nonlocal left
        if point != wanted or left == 0:
            return
        left -= 1
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(float(what))

    return hook
