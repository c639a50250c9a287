"""The first witness: numbers what it sends, and keeps what was acknowledged and when.

What was not acknowledged is sent again, as a channel would; whether it came twice is for intake to notice. A producer
that can't go on (a broker gone for too long) is made anew.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.kafka.clients import Connection
from contracts.topics import Topics
from incidentbus.witness import Ledger
from tests.faults.harness.scenario import Load
from tests.faults.harness.tellings import Telling

PATIENCE_MS = 120_000
BEFORE_BEGIN = 0.1
BEHIND = 20_000
"""At most so many records wait for their acknowledgement."""


class Publisher:
    """Publishes a few a second until `begin`, then at its rate until `count` are out and `release` was called."""

    def __init__(self, connection: Connection, topics: Topics, load: Load, rate: int, count: int, seed: int) -> None:
        self.ledger = Ledger()
        self.acknowledged: dict[str, float] = {}
        """External id → monotonic time of its first acknowledgement."""
        self.bodies: dict[str, set[bytes]] = {}
        """External id → every body that was acknowledged of it."""
        self.number = 0
        self.trouble = 0
        self._connection, self._topics, self._load = connection, topics, load
        self._rate, self._count = rate, count
        self._chance = Random(seed)
        self._began, self._released = asyncio.Event(), asyncio.Event()
        self._waiting: deque[tuple[Telling, asyncio.Future[Any]]] = deque()
        self._again: deque[Telling] = deque()
        self._producer: AIOKafkaProducer | None = None

    @property
    def enough(self) -> bool:
        """Whether the count is out."""
        return self.number >= self._count

    def begin(self) -> None:
        """Let it go at its rate."""
        self._began.set()

    def release(self) -> None:
        """Let it end once the count is out."""
        self._released.set()

    async def run(self) -> None:
        """Publish, then wait for every acknowledgement."""
        try:
            while not self._began.is_set():
                await self.next()
                await self._hear()
                await asyncio.sleep(BEFORE_BEGIN)
            began = time.monotonic() - self.number / self._rate
            while not (self.enough and self._released.is_set()):
                await self.next()
                if self.number % 20 == 0:
                    await self._hear()
                    await asyncio.sleep(max(0.0, began + self.number / self._rate - time.monotonic()))
            await self.heard()
        finally:
            await self._drop()

    async def next(self) -> None:
        """Send what takes the next number's place."""
        for telling in self._load.tellings(self.number, self._chance):
            await self.send(telling)
        self.number += 1

    async def heard(self) -> None:
        """Wait until all that was sent is acknowledged."""
        while self._waiting or self._again:
            await self._hear(all_=True)

    async def send(self, telling: Telling) -> None:
        """Hand one record to the producer."""
        key = telling.external_id.encode() if telling.external_id else None
        topic = self._topics.channel_reports(telling.channel)
        try:
            producer = await self._ready()
            sent = await producer.send(
                topic, telling.payload, key=key, partition=telling.partition, headers=list(telling.headers)
            )
        except KafkaError:
            await self._retry(telling)
        else:
            self._waiting.append((telling, sent))

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            made = AIOKafkaProducer(
                **self._connection.options(), acks="all", enable_idempotence=True, linger_ms=5,
                request_timeout_ms=PATIENCE_MS,
            )  # fmt: skip
            try:
                await made.start()
            except KafkaError:
                await made.stop()
                raise
            self._producer = made
        return self._producer

    async def _hear(self, all_: bool = False) -> None:
        """Take the acknowledgements that are there, in the order of sending; with `all_`, wait for them."""
        while self._waiting and (all_ or self._waiting[0][1].done() or len(self._waiting) > BEHIND):
            telling, sent = self._waiting.popleft()
            try:
                placed = await sent
            except KafkaError:
                await self._retry(telling)
            else:
                self._note(telling, (placed.topic, placed.partition, placed.offset))
        for _ in range(len(self._again)):
            await self.send(self._again.popleft())

    def _note(self, telling: Telling, place: tuple[str, int, int]) -> None:
        if telling.external_id is not None:
            self.acknowledged.setdefault(telling.external_id, time.monotonic())
            self.bodies.setdefault(telling.external_id, set()).add(telling.payload)
        if telling.judged:
            self.ledger.note(telling.channel, telling.external_id, place)

    async def _retry(self, telling: Telling) -> None:
        """Send it again later, through a new producer."""
        self.trouble += 1
        self._again.append(telling)
        await self._drop()
        await asyncio.sleep(0.5)

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(10):
                    await producer.stop()
