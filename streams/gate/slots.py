"""How many turns of a stage are under way at once, so that a turn takes more with it the busier its worker is.

A transaction costs what its batches cost, hardly what its records cost. With every task beginning a turn as soon as a
record is there, eight tasks make eight small transactions side by side, each slower for the others; with few at once,
what comes while a task waits goes with its turn. Nothing rests on it: who has waited long enough goes on without a
slot, so that transactions that hang hold nobody up who could go on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

AT_ONCE: Final = 2
"""One thinks while the broker has the other's transaction; 1, 3, 4 and no bound were slower (ADR 0184)."""
PATIENCE_S: Final = 2.0


class Slots:
    """`at_once` slots, given in the order they are asked for."""

    def __init__(self, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    @asynccontextmanager
    async def one(self, parked: "asyncio.Future[Any]") -> AsyncIterator[None]:
        """Hold a slot; without one once `parked` is done, or after `patience_s`."""
        got = asyncio.ensure_future(self._free.acquire())
        try:
            await asyncio.wait({got, parked}, timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED)
            yield
        finally:
            if not got.cancel() and not got.cancelled():
                self._free.release()
