"""Row 13: the disk under the broker fills, and is freed again.

The broker's data lie on a small tmpfs; a ballast file takes what is left of it. Kafka cannot write, gives up its only
log directory and ends (or is killed where it hangs on); the ballast goes and the broker starts on the same data.
Mounting needs root: without, the row is skipped and says so.
"""

import asyncio
import errno
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from connectors.kafka.embedded import EmbeddedBroker, start_broker
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import BROKER_STALL, Ground, Load, Scenario
from tests.faults.row05_broker_killed import cache_dir

DISK_MB = 2_048
ENDS_WITHIN = 3.0
"""Seconds for a broker that cannot write to end by itself, before whoever watches over it kills it."""
LARGEST = 1 << 28


def why_not() -> str | None:
    """Say why a small file system can't be mounted here, or None."""
    with tempfile.TemporaryDirectory() as place:
        if problem := _mount(Path(place), 1):
            return f"no small file system can be mounted: {problem}"
        _unmount(Path(place))
    return None


def _mount(place: Path, megabytes: int) -> str:
    try:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return done.stderr.strip() or "mount failed" if done.returncode else ""


def _unmount(place: Path) -> None:
    subprocess.run(["umount", "-l", str(place)], capture_output=True, timeout=10, check=True)


@asynccontextmanager
async def on_a_small_disk(directory: Path) -> AsyncIterator[Ground]:
    """Open a broker whose data lie on a disk of their own, which is not large."""
    disk = directory / "broker" / "data"
    disk.mkdir(parents=True)
    if problem := _mount(disk, DISK_MB):
        raise OSError(problem)
    try:
        broker = await asyncio.to_thread(
            start_broker, directory / "broker", cache_dir=cache_dir(), leash=True, quick=True
        )
        try:
            yield Ground(broker.bootstrap, kept={"broker": broker, "ballast": disk.parent / "data" / "ballast"})
        finally:
            await asyncio.to_thread(broker.stop)
    finally:
        _unmount(disk)


def fill(ballast: Path) -> int:
    """Take every byte that the disk has left, to the last; returns how many the ballast has."""
    size = LARGEST
    with ballast.open("ab") as file:
        while size:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2
        return os.fstat(file.fileno()).st_size


async def fill_disk(field: Field) -> None:
    """Fill, wait until the broker has ended, free, start again."""
    broker, ballast = cast("EmbeddedBroker", field.ground.kept["broker"]), cast("Path", field.ground.kept["ballast"])
    await field.flowing()
    while field.times < field.least or not field.publisher.enough:
        await asyncio.sleep(3.0)
        taken = await asyncio.to_thread(fill, ballast)
        began = time.monotonic()
        while broker.running and time.monotonic() - began < ENDS_WITHIN:
            await asyncio.to_thread(fill, ballast)  # whatever it gave back
            await asyncio.sleep(0.1)
        how = f"killed after {ENDS_WITHIN:.0f} s" if broker.running else f"ended {time.monotonic() - began:.1f} s later"
        await asyncio.to_thread(broker.kill)
        ballast.unlink()
        field.did(f"{taken >> 20} MiB taken, nothing left; broker {how}")
        await asyncio.to_thread(broker.restart)
        await field.flowing()


SCENARIO = Scenario(
    number=13, name="the broker's disk fills", counted="times", least=1, quick_least=1, act=fill_disk,
    stall=BROKER_STALL, load=Load(rate=500, quick_rate=700), ground=on_a_small_disk, unless=why_not,
)  # fmt: skip
