"""Witnesses' readers of topics, each read on in a task of its own for as long as a row lasts."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

from aiokafka.errors import KafkaError

from incidentbus.witness import TopicReader


class Readers:
    """Readers by name; `moved` is the monotonic time at which any last found something."""

    def __init__(self, readers: Mapping[str, TopicReader]) -> None:
        self.readers = readers
        self.moved = time.monotonic()
        self.work: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect and read on until `stop`."""
        for name, reader in self.readers.items():
            await reader.start()
            self.work.append(asyncio.create_task(self._follow(name, reader), name=name))

    async def stop(self) -> None:
        """Read no more; a broker that is away keeps nobody waiting."""
        for task in self.work:
            task.cancel()
        await asyncio.gather(*self.work, return_exceptions=True)
        for reader in self.readers.values():
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(10):
                    await reader.stop()

    async def _follow(self, name: str, reader: TopicReader) -> None:
        while True:
            try:
                new = await reader.catch_up(100)
            except KafkaError:
                await asyncio.sleep(0.2)
                continue
            if new:
                self.moved = time.monotonic()
                self._came(name)
            else:
                await asyncio.sleep(0.01)

    def _came(self, name: str) -> None:
        """Hear that a reader found something."""
