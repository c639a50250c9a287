"""A network that can be made to fail: TCP paths on loopback, each from a port of ours to one of the broker's.

It runs as a process of its own (`Network`), for the event loop of a test is busy when its bytes should flow; it is told
what to do line by line and ends when its standard input does. It knows nothing of Kafka. A path
is `healed` (the default), `cut`, `half_open`, `delayed` or `limited`; what that means stands at `Path`.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

_CHUNK: Final = 65_536
_SLICE: Final = 4_096  # of a limited path: its connections take turns
_IN_FLIGHT: Final = 256  # chunks that a delayed direction holds before it reads no more
_Flying = asyncio.Queue[tuple[float, bytes]]  # when it is due, and what; nothing is the end
_ROOT: Final = FilePath(__file__).resolve().parents[2]


@dataclass(slots=True)
class Direction:
    """One way of a path: how long a byte takes and how many pass in a second, all connections together."""

    delay_s: float = 0.0
    bytes_per_s: float = 0.0
    _free_at: float = 0.0

    async def pass_on(self, due: float, data: bytes, writer: asyncio.StreamWriter) -> None:
        """Write what is due at `due`, no faster than the direction allows."""
        loop = asyncio.get_running_loop()
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        for at in range(0, len(data), _SLICE if self.bytes_per_s else len(data)):
            piece = data[at : at + _SLICE] if self.bytes_per_s else data[at:]
            if self.bytes_per_s:
                self._free_at = max(loop.time(), self._free_at) + len(piece) / self.bytes_per_s
                await asyncio.sleep(self._free_at - loop.time())
            writer.write(piece)
            await writer.drain()


@dataclass(slots=True)
class Path:
    """From a port of ours to the broker's.

    `cut`: open connections are reset on both sides, new ones as they come. `half_open`: whatever is sent is taken and
    goes nowhere, an end of a connection too; those connections stay so for good, for bytes of theirs are gone, but what
    is opened after `heal` goes through. `delayed`: a byte arrives so many seconds later, in each direction.
    `limited`: so many bytes in a second, in each direction, all connections together.
    """

    port: int
    target: int
    up: Direction = field(default_factory=Direction)
    down: Direction = field(default_factory=Direction)
    cut: bool = False
    swallowing: bool = False
    _open: "set[_Link]" = field(default_factory=set)

    async def listen(self) -> None:
        """Take connections until the process ends."""
        await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    def tell(self, condition: str, amount: float = 0.0) -> int:
        """Put the path into a condition, in place of any other; returns how many connections are open."""
        self.cut, self.swallowing = condition == "cut", condition == "half_open"
        for way in (self.up, self.down):
            way.delay_s = amount if condition == "delayed" else 0.0
            way.bytes_per_s = amount if condition == "limited" else 0.0
        count = len(self._open)
        for link in list(self._open):
            if self.cut:
                link.reset()
            link.dead |= self.swallowing
        return count

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link([writer], dead=self.swallowing)
        self._open.add(link)
        try:
            if self.cut:
                return
            upstream = await asyncio.open_connection("127.0.0.1", self.target)
            link.writers.append(upstream[1])
            async with asyncio.TaskGroup() as both:
                both.create_task(link.carry(reader, upstream[1], self.up))
                both.create_task(link.carry(upstream[0], writer, self.down))
        except* OSError:  # whoever broke it, both sides hear of it
            pass
        finally:
            link.reset()
            self._open.discard(link)


@dataclass(eq=False, slots=True)
class _Link:
    """One connection through a path. A dead one carries nothing any more, not even that its other end has closed."""

    writers: list[asyncio.StreamWriter]
    dead: bool = False

    def reset(self) -> None:
        """Break it, both sides are told by RST. One that ended in good order has nothing left to break."""
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction) -> None:
        """Carry bytes one way until their source ends, then end its target."""
        loop = asyncio.get_running_loop()
        flying: _Flying = asyncio.Queue(_IN_FLIGHT)
        async with asyncio.TaskGroup() as pair:
            pair.create_task(self._land(flying, writer, way))
            while data := await reader.read(_CHUNK):
                if not self.dead:
                    await flying.put((loop.time() + way.delay_s, data))
            await flying.put((loop.time() + way.delay_s, b""))

    async def _land(self, flying: _Flying, writer: asyncio.StreamWriter, way: Direction) -> None:
        while (taken := await flying.get())[1]:
            if not self.dead:
                await way.pass_on(*taken, writer)
        if self.dead:
            await asyncio.Event().wait()  # until the other side gives up too, or the process ends
        writer.write_eof()


class Network:
    """The process that holds the paths, as a test sees it: `paths` are (our port, the broker's port) by name."""

    def __init__(self, paths: Mapping[str, tuple[int, int]]) -> None:
        command = [sys.executable, "-m", "tests.faults.proxy", json.dumps(paths)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, cwd=_ROOT, start_new_session=True, **pipes)
        self._answer()

    def cut(self, *names: str) -> int:
        """Reset the connections of these paths and refuse new ones; returns how many were open."""
        return self._tell(names, "cut")

    def half_open(self, *names: str) -> int:
        """Swallow whatever comes, and say nothing."""
        return self._tell(names, "half_open")

    def delay(self, *names: str, seconds: float) -> int:
        """Let every byte take so long."""
        return self._tell(names, "delayed", seconds)

    def limit(self, *names: str, bits_per_s: float) -> int:
        """Let no more through than that."""
        return self._tell(names, "limited", bits_per_s / 8)

    def heal(self, *names: str) -> int:
        """Carry again as if nothing had been."""
        return self._tell(names, "healed")

    def stop(self) -> None:
        """End the process, every connection with it."""
        if self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.wait(10)
            self._process.stdout.close()

    def _tell(self, names: Sequence[str], condition: str, amount: float = 0.0) -> int:
        if self._process.poll() is None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps([names, condition, amount]).encode() + b"\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        stdout = self._process.stdout
        line = stdout.readline() if stdout is not None and not stdout.closed else b""
        if line:
            return int(line)
        raise BrokenPipeError("the network has ended")


async def _run(wanted: Mapping[str, Sequence[int]]) -> None:
    paths = {name: Path(port, target) for name, (port, target) in wanted.items()}
    for path in paths.values():
        await path.listen()
    print(len(paths), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        names, *condition = json.loads(line)
        print(sum(paths[name].tell(*condition) for name in names), flush=True)
    os._exit(0)  # connections under way end with the process, not one by one


if __name__ == "__main__":
    asyncio.run(_run(json.loads(sys.argv[1])))
