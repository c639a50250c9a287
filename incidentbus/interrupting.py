"""Ctrl-C that is heard: a cancellation that a library swallowed on its way is given again."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")
AGAIN_SECONDS: Final = 1.0  # long enough for a client to close


async def insistently(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; once we are cancelled, cancel it every `AGAIN_SECONDS` until it has ended.

    `asyncio.run` turns the first Ctrl-C into one cancellation. Python 3.11's `wait_for` loses it where its future is
    done at that moment, and Kafka clients wait so all along: the work would go on to its end as if nothing had been
    said. Put only work here that may be cut short more than once; what must be ended in good order belongs outside.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=AGAIN_SECONDS)
        if not task.cancelled():
            task.exception()  # retrieved: what it failed with on its way out is nobody's question any more
        raise
