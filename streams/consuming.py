"""Faust's consumer put right: it reads committed records only, and nothing is taken while it is sought elsewhere.

Faust ends a recovery by letting the inputs flow, seeking them to what was committed, and emptying its queues, in this
order and beside a fetcher that goes on taking. What the fetcher took in between lies in the emptied queues; where the
group had committed nothing yet, no seek brings it back. It is never read, and the next commit goes past it. Here the
flow stops before the seek and goes on where Faust resumes it, behind the emptying; a seek waits until no record is in
anybody's hands; and an input of which nothing was committed is sought to its beginning (ADR 0177).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, cast

from aiokafka import AIOKafkaConsumer
from faust.transport.consumer import ensure_TP
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport, ensure_aiokafka_TP
from faust.types.tuples import TP, Message

READ_COMMITTED: Final = "read_committed"


class CommittedConsumerThread(AIOKafkaConsumerThread):
    """Faust's consumer, which sees what was committed and nothing else."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = READ_COMMITTED  # before it starts; Faust has a setting for transactions only
        return consumer

    async def behind(self, tps: Sequence[TP]) -> dict[str, int]:
        """Return by topic how many offsets lie between what was taken of these partitions and their ends."""
        told: dict[str, int] = await self.call_thread(self._behind, tps)
        return told

    async def _behind(self, tps: Sequence[TP]) -> dict[str, int]:
        consumer, told = self._ensure_consumer(), dict.fromkeys((tp.topic for tp in tps), 0)
        for tp in map(ensure_aiokafka_TP, tps):
            end, at = consumer.highwater(tp), await consumer.position(tp)
            told[tp.topic] += max(0, (end or 0) - at)
        return told


class CommittedConsumer(Consumer):
    """Runs in a thread of its own, as Faust's does; who reads and who seeks take turns."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn = asyncio.Lock()
        self._reader: asyncio.Task[Any] | None = None

    def _new_consumer_thread(self) -> CommittedConsumerThread:
        return CommittedConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Yield what comes within `timeout` seconds; the turn ends when the last of it was taken on."""
        if not self.flow_active:
            await self.wait(cast("Any", self.can_resume_flow))  # outside the turn: who seeks resumes it
        async with self._turn:
            if not self.flow_active:
                return
            self._reader = asyncio.current_task()
            try:
                async for each in super().getmany(timeout):
                    yield each
            finally:
                self._reader = None

    async def perform_seek(self) -> None:
        """Seek every input to its first record that wasn't committed; nothing flows from here until it is resumed."""
        if asyncio.current_task() is self._reader:
            return  # the flow was stopped while it read: what it let go is sought before the flow goes on
        self.stop_flow()
        async with self._turn:
            committed = {ensure_TP(tp): offset or 0 for tp, offset in (await self.seek_to_committed()).items()}
            inputs = {tp: offset for tp, offset in committed.items() if not self._is_changelog_tp(tp)}
            if fresh := [ensure_aiokafka_TP(tp) for tp, offset in inputs.items() if not offset]:
                await self._thread.seek_to_beginning(*fresh)
            self._read_offset.update({tp: offset or None for tp, offset in inputs.items()})
            self._committed_offset.update({tp: offset for tp, offset in inputs.items() if offset})

    async def behind(self) -> dict[str, int]:
        """Return by input topic how many offsets there are that have not been taken, as the last fetches told."""
        inputs = [tp for tp in map(ensure_TP, self.assignment()) if not self._is_changelog_tp(tp)]
        return await cast("CommittedConsumerThread", self._thread).behind(inputs)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek a table's changelog, while nobody reads."""
        async with self._turn:
            await super().seek_wait(partitions)


class CommittedTransport(Transport):
    """Makes such consumers."""

    Consumer = CommittedConsumer
