"""The network that fails on demand, tried with real sockets: every condition does what its name says, and no more."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from connectors.kafka.launching import free_port
from tests.faults.proxy import Network

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Ground(NamedTuple):
    """A network of two paths to one echoing server, what the server heard last of each connection, and ours to it."""

    network: Network
    near: int
    far: int
    ends: list[str]
    streams: list[Stream]

    async def opened(self, port: int) -> Stream:
        """A connection through one of the paths, closed with the ground however the test ends."""
        stream = await asyncio.open_connection("127.0.0.1", port)
        self.streams.append(stream)
        return stream

    async def refused(self, port: int) -> bool:
        """Whether a connection through this path is broken: while it is made or with the first byte read of it."""
        try:
            stream = await self.opened(port)
            await asyncio.wait_for(stream[0].readexactly(1), 10)
        except (ConnectionResetError, asyncio.IncompleteReadError):
            return True
        return False


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    ends: list[str] = []
    streams: list[Stream] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            ends.append("closed")
        except ConnectionResetError:
            ends.append("reset")
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    target = server.sockets[0].getsockname()[1]
    near, far = free_port(), free_port()
    network = Network({"near": (near, target), "far": (far, target)})
    try:
        yield Ground(network, near, far, ends, streams)
    finally:
        network.stop()  # it leaves no connection open
        for _, writer in streams:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        server.close()
        await asyncio.sleep(0.05)


async def said(stream: Stream, data: bytes, timeout: float = 10.0) -> float:
    """Send `data`, read it back, and return the seconds that took."""
    reader, writer = stream
    began = time.monotonic()
    writer.write(data)
    answer = await asyncio.wait_for(reader.readexactly(len(data)), timeout)
    assert answer == data
    return time.monotonic() - began


async def until(ends: list[str], count: int) -> list[str]:
    for _ in range(100):
        if len(ends) >= count:
            break
        await asyncio.sleep(0.02)
    return ends


async def test_a_healed_path_carries_every_byte_and_the_end(ground: Ground) -> None:
    stream = await ground.opened(ground.near)
    await said(stream, os.urandom(3_000_000))
    stream[1].write_eof()
    assert await stream[0].read() == b""
    assert await until(ground.ends, 1) == ["closed"]


async def test_a_cut_resets_both_sides_and_refuses_whoever_comes_until_it_is_healed(ground: Ground) -> None:
    stream, other = await ground.opened(ground.near), await ground.opened(ground.far)
    await said(stream, b"before")
    assert ground.network.cut("near") == 1
    with pytest.raises(ConnectionResetError):
        await stream[0].readexactly(1)
    assert await until(ground.ends, 1) == ["reset"]
    assert await ground.refused(ground.near)
    await said(other, b"the other path goes on")
    ground.network.heal("near")
    await said(await ground.opened(ground.near), b"after")


async def test_a_half_open_path_answers_nothing_and_ends_nothing_and_its_connections_stay_dead(ground: Ground) -> None:
    stream = await ground.opened(ground.near)
    await said(stream, b"before")
    assert ground.network.half_open("near") == 1
    fresh = await ground.opened(ground.near)
    for each in (stream, fresh):
        with pytest.raises(TimeoutError):
            await said(each, b"into the void", 0.3)
    ground.network.heal("near")
    with pytest.raises(TimeoutError):
        await said(stream, b"still nothing", 0.3)
    fresh[1].close()
    stream[1].write_eof()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream[0].read(), 0.3)
    assert ground.ends == []  # the server has not heard that anybody left
    await said(await ground.opened(ground.near), b"after")


async def test_a_delayed_path_takes_its_time_each_way_and_loses_no_throughput(ground: Ground) -> None:
    stream = await ground.opened(ground.near)
    ground.network.delay("near", seconds=0.2)
    assert await said(stream, b"there and back") >= 0.4
    assert 0.4 <= await said(stream, os.urandom(2_000_000)) < 10  # a chunk at a time would be 12 s
    ground.network.heal("near")
    assert await said(stream, b"quick again") < 0.4


async def test_a_limited_path_lets_so_much_through_for_all_its_connections_together(ground: Ground) -> None:
    one, two = await ground.opened(ground.near), await ground.opened(ground.near)
    ground.network.limit("near", bits_per_s=1_000_000)
    assert await said(one, os.urandom(100_000)) >= 0.7  # 125,000 bytes a second; up and down overlap
    taken = await asyncio.gather(said(one, os.urandom(60_000)), said(two, os.urandom(60_000)))
    assert max(taken) >= 0.8
    assert min(taken) > 0.5  # neither goes first
    ground.network.heal("near")
    assert await said(one, os.urandom(100_000)) < 0.7


def test_an_order_to_a_network_that_has_ended_fails() -> None:
    network = Network({"only": (free_port(), free_port())})
    network.stop()
    with pytest.raises(BrokenPipeError):
        network.heal("only")
