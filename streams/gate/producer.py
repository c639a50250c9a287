"""A task's transactional producer: aiokafka's, with what it lacks to keep a promise.

Four things are put right. Offsets go out under the group's generation (`group_commit`). After an abortable error
aiokafka forgets which partitions it had touched, takes the transaction for an empty one and never sends the abort, so
that the next commit would publish what was to be aborted: here it remembers. And after a batch that the broker refused,
aiokafka's sequence numbers have run ahead of the broker's: here they are set back once the abort is through.
And while no broker answers, aiokafka asks for connections as quickly as it retries requests, hundreds of times a second
for each worker, and goes on when it has been closed: here it waits in between, and what was dropped connects no more.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.structs import TopicPartition

from streams.gate.cluster import Cluster, Timeouts
from streams.gate.freshness import keep_fresh
from streams.gate.group_commit import GroupMetadata, GroupSender

NO_COMPRESSION = 0
RECONNECT_S = 0.1


class _TaskTransactions(TransactionManager):  # type: ignore[misc]
    """Keeps the record of what a failed transaction touched until its abort has reached the broker."""

    _txn_partitions: set[TopicPartition]
    _txn_consumer_group: str | None

    def error_transaction(self, exc: BaseException) -> None:
        touched, group = set(self._txn_partitions), self._txn_consumer_group
        super().error_transaction(exc)
        self._txn_partitions |= touched
        self._txn_consumer_group = group


class _Door:
    """Through which a client gets its connections: patient while nobody answers, shut for good once it is dropped."""

    def __init__(self, client: Any) -> None:
        self._connect = client._get_conn
        self.shut = False
        client._get_conn = self.connect

    async def connect(self, node_id: Any, **how: Any) -> Any:
        """Return a connection, or None after a while."""
        if self.shut:
            raise asyncio.CancelledError  # of whatever request still tried: nobody waits for it any more
        connection = await self._connect(node_id, **how)
        if connection is None:
            await asyncio.sleep(RECONNECT_S)
        return connection


class TaskProducer(AIOKafkaProducer):  # type: ignore[misc]
    """One per task, fenced by its transactional id. `start` fences the predecessor and settles what it left open."""

    def __init__(self, cluster: Cluster, transactional_id: str, timeouts: Timeouts) -> None:
        super().__init__(
            bootstrap_servers=cluster.bootstrap,
            client_id=f"{cluster.client_id}-{transactional_id}",
            transactional_id=transactional_id,
            transaction_timeout_ms=timeouts.transaction_ms,
            acks="all",
            linger_ms=0,
            **cluster.security,
        )
        self._txn_manager = _TaskTransactions(transactional_id, timeouts.transaction_ms)
        self._message_accumulator._txn_manager = self._txn_manager
        self._sender = GroupSender(
            self.client,
            acks=-1,
            txn_manager=self._txn_manager,
            retry_backoff_ms=timeouts.retry_ms,
            message_accumulator=self._message_accumulator,
            request_timeout_ms=self._request_timeout_ms,
        )
        self._sequences_at_begin: dict[TopicPartition, int] = {}
        self._door = _Door(self.client)
        # of its connections alone: a batch must not expire before its transaction has, or its numbers were used in vain
        self.client._request_timeout_ms = timeouts.request_ms

    async def start(self) -> None:
        """Connect and fence the predecessor, as aiokafka's own does, and keep the metadata fresh."""
        await super().start()
        keep_fresh(self.client)

    def new_batch(self, max_bytes: int) -> BatchBuilder:
        """Return an empty batch that takes records up to `max_bytes`, the limit of the topic it is for."""
        return BatchBuilder(max_bytes, NO_COMPRESSION, is_transactional=True)

    async def begin(self) -> None:
        """Begin a transaction."""
        await self.begin_transaction()
        self._sequences_at_begin = dict(self._txn_manager._sequence_numbers)

    async def announce(self, partitions: Collection[TopicPartition]) -> None:
        """Add to the transaction, in one request, the partitions that batches are about to be sent to.

        Else aiokafka adds the first batch's partition alone, sends it alone, and only then asks for the others. Raises
        `KafkaError` for a topic that there is not.
        """
        for topic in {tp.topic for tp in partitions}:
            await self.client._wait_on_metadata(topic)
        for tp in partitions:
            self._txn_manager.maybe_add_partition_to_txn(tp)

    async def add_offsets(self, offsets: Mapping[TopicPartition, int], group: GroupMetadata) -> None:
        """Add the inputs' next offsets to the transaction, under the generation that owned them."""
        self._sender.group_metadata = group
        await self.send_offsets_to_transaction(dict(offsets), group.group_id)

    def abortable_error(self) -> BaseException | None:
        """Return what put the transaction in a state where it can only be aborted, if anything has."""
        waiter = self._txn_manager.wait_for_transaction_end()
        return waiter.exception() if waiter.done() and not waiter.cancelled() else None

    async def abort(self, delivered: Mapping[TopicPartition, int]) -> None:
        """Abort the transaction; `delivered` counts the records that the broker took, by partition."""
        self.abortable_error()  # asked for, so that asyncio does not report it as never retrieved
        await self.abort_transaction()
        for tp, at in self._txn_manager._sequence_numbers.items():
            began = self._sequences_at_begin.get(tp, 0)
            if at != began:
                self._txn_manager._sequence_numbers[tp] = began + delivered.get(tp, 0)

    async def shut(self, bound_s: float) -> None:
        """Close, whatever state it is in: a fenced producer raises from its own `stop`, a cut-off one never ends."""
        try:
            async with asyncio.timeout(bound_s):
                if self._txn_manager.is_in_transaction():
                    await self.abort_transaction()  # else it blocks readers until a successor comes, or for 15 s
                await self.stop()
        except (TimeoutError, KafkaError, AssertionError):
            await self._drop(bound_s)
        self._hear_failures()

    def _hear_failures(self) -> None:
        """Ask every future that a fence may have failed, or asyncio reports it as never retrieved."""
        waiting = [self._txn_manager.wait_for_transaction_end()]
        for batches in self._message_accumulator._batches.values():
            for batch in batches:
                waiting += (batch.future, batch._drain_waiter)
        for future in waiting:
            if future is not None and future.done() and not future.cancelled():
                future.exception()

    async def _drop(self, bound_s: float) -> None:
        self._door.shut = self._closed = True
        task: asyncio.Task[Any] | None = self._sender.sender_task
        if task is not None:
            task.cancel()
        with contextlib.suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(bound_s):
                await self.client.close()
                # requests under way wait for what nobody will bring any more: metadata, batches to be taken
                if (metadata := self.client._md_update_fut) is not None:
                    metadata.cancel()
                self._message_accumulator.fail_all(KafkaError("the producer was dropped"))
                if task is not None:
                    await asyncio.wait([task])
