"""A cancellation reaches work that swallows it."""

import asyncio

import pytest

from incidentbus import interrupting
from incidentbus.interrupting import insistently


async def test_what_the_work_returns_is_returned() -> None:
    assert await insistently(asyncio.sleep(0, "done")) == "done"


async def test_what_the_work_raises_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await insistently(fails())


async def test_work_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "AGAIN_SECONDS", 0.01)
    swallowed = 0

    async def deaf() -> str:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)
        return "heard nothing"

    task = asyncio.create_task(insistently(deaf()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert swallowed == 3
    assert task.cancelled()


async def test_work_that_fails_on_its_way_out_is_still_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "AGAIN_SECONDS", 0.01)

    async def falls() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("while leaving")

    task = asyncio.create_task(insistently(falls()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
