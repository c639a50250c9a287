"""The network that fails on demand, tried with real sockets: every condition does what its name says, and no more."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from connectors.kafka.launching import free_port
from tests.faults.proxy import Network

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Ground(NamedTuple):
    """A network of two paths to one echoing server, and what the server heard last of each connection."""

    network: Network
    near: int
    far: int
    ends: list[str]


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    ends: list[str] = []

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
        yield Ground(network, near, far, ends)
    finally:
        network.stop()
        server.close()
        await asyncio.sleep(0.05)


async def opened(port: int) -> Stream:
    return await asyncio.open_connection("127.0.0.1", port)


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
    stream = await opened(ground.near)
    assert await said(stream, os.urandom(3_000_000)) < 5
    stream[1].write_eof()
    assert await stream[0].read() == b""
    assert await until(ground.ends, 1) == ["closed"]
    stream[1].close()


async def test_a_cut_resets_both_sides_and_refuses_whoever_comes_until_it_is_healed(ground: Ground) -> None:
    stream, other = await opened(ground.near), await opened(ground.far)
    await said(stream, b"before")
    assert ground.network.cut("near") == 1
    with pytest.raises(ConnectionResetError):
        await stream[0].readexactly(1)
    assert await until(ground.ends, 1) == ["reset"]
    late = await opened(ground.near)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await late[0].readexactly(1)
    assert await said(other, b"the other path goes on") < 1
    ground.network.heal("near")
    again = await opened(ground.near)
    assert await said(again, b"after") < 1
    for each in (stream, late, other, again):
        each[1].close()


async def test_a_half_open_path_answers_nothing_and_ends_nothing_and_its_connections_stay_dead(ground: Ground) -> None:
    stream = await opened(ground.near)
    await said(stream, b"before")
    assert ground.network.half_open("near") == 1
    fresh = await opened(ground.near)
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
    again = await opened(ground.near)
    assert await said(again, b"after") < 1
    for each in (stream, again):
        each[1].close()


async def test_a_delayed_path_takes_its_time_each_way_and_loses_no_throughput(ground: Ground) -> None:
    stream = await opened(ground.near)
    ground.network.delay("near", seconds=0.2)
    assert 0.4 <= await said(stream, b"there and back") < 0.9
    assert 0.4 <= await said(stream, os.urandom(2_000_000)) < 3
    ground.network.heal("near")
    assert await said(stream, b"quick again") < 0.2
    stream[1].close()


async def test_a_limited_path_lets_so_much_through_for_all_its_connections_together(ground: Ground) -> None:
    one, two = await opened(ground.near), await opened(ground.near)
    ground.network.limit("near", bits_per_s=1_000_000)
    assert 0.7 <= await said(one, os.urandom(100_000)) < 2.5  # 125,000 bytes a second; up and down overlap
    taken = await asyncio.gather(said(one, os.urandom(60_000)), said(two, os.urandom(60_000)))
    assert 0.8 <= max(taken) < 3
    assert min(taken) > 0.5  # neither goes first
    ground.network.heal("near")
    assert await said(one, os.urandom(100_000)) < 0.5
    for each in (one, two):
        each[1].close()


def test_an_order_to_a_network_that_has_ended_fails() -> None:
    network = Network({"only": (free_port(), free_port())})
    network.stop()
    with pytest.raises(BrokenPipeError):
        network.heal("only")
