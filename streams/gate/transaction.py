"""One transaction: outputs, changelog and offsets together, or none of it.

Every batch is awaited before the commit: aiokafka commits whether or not a batch was taken (hole A). The offsets are on
their way meanwhile (ADR 0127): they mean nothing before the commit. What can be undone for certain is aborted; what
cannot be known (a commit without an answer) or trusted (a fence, the unnamed) loses the task.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import aiokafka.errors as kafka_errors
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import TopicPartition

from contracts.ports import Clock, Emit
from streams.gate.cluster import Timeouts
from streams.gate.errors import GateError, Interrupted, Refused, TaskLost
from streams.gate.faults import FaultHook, Point, strike
from streams.gate.group_commit import GenerationFenced, GroupMetadata
from streams.gate.outputs import BATCH_LIMIT, TopicBook
from streams.gate.producer import TaskProducer

_FENCED = (
    kafka_errors.ProducerFenced,
    kafka_errors.InvalidProducerEpoch,
    kafka_errors.InvalidProducerIdMapping,
    kafka_errors.InvalidTxnState,
    kafka_errors.OutOfOrderSequenceNumber,
    AssertionError,  # what aiokafka's state machine raises once it has been fenced
)


class _BatchRefused(GateError):
    """The broker answered a batch with an error that is not a fence."""


class _Sent(NamedTuple):
    """A batch that was handed over, and the broker's answer to come."""

    tp: TopicPartition
    records: int
    answer: "asyncio.Future[Any]"


_Failure = tuple[TopicPartition, BaseException]

_REFUSED = (_BatchRefused, kafka_errors.TopicAuthorizationFailedError)


@dataclass(frozen=True, slots=True)
class Transactions:
    """Writes what a task's turns decided."""

    producer: TaskProducer
    book: TopicBook
    timeouts: Timeouts
    partition: int
    faults: FaultHook | None = None
    clock: Clock | None = None
    """What records are stamped by that bring no stamp; the client's own clock without it."""

    async def commit(self, emits: Sequence[Emit], offsets: Mapping[TopicPartition, int], group: GroupMetadata) -> None:
        """Commit it all.

        Raises `Refused` or `Interrupted` when it was aborted for certain, `TaskLost` when the task cannot go on.
        """
        delivered: Counter[TopicPartition] = Counter()
        try:
            async with asyncio.timeout(self.timeouts.transaction_step_s):
                await self._fill(emits, offsets, group, delivered)
        except Exception as error:
            await self._abort(error, delivered)
        try:
            async with asyncio.timeout(self.timeouts.transaction_step_s):
                await self._at("before_commit")
                await self.producer.commit_transaction()
        except Exception as error:
            raise TaskLost("fenced" if isinstance(error, _FENCED) else "unknown_outcome", _name(error)) from error
        await self._at("committed")

    async def _fill(
        self,
        emits: Sequence[Emit],
        offsets: Mapping[TopicPartition, int],
        group: GroupMetadata,
        delivered: Counter[TopicPartition],
    ) -> None:
        await self.producer.begin()
        await self._at("begun")
        sent: list[_Sent] = []
        unsent = await self._send(emits, sent)
        await self._at("sent")
        if unsent is not None:
            await self._answers(sent, delivered)
            raise unsent
        failed, unadded = await asyncio.gather(
            self._deliver(sent, delivered), self._add(offsets, group), return_exceptions=True
        )  # both in any case: nothing is undone while anything is on its way
        if isinstance(failed, BaseException):
            raise failed
        if failed:
            raise self.producer.abortable_error() or _worst(failed)
        if unadded is not None:
            raise unadded
        await self._at("offsets")

    async def _add(self, offsets: Mapping[TopicPartition, int], group: GroupMetadata) -> None:
        if offsets:
            await self.producer.add_offsets(offsets, group)

    async def _deliver(self, sent: Sequence["_Sent"], delivered: Counter[TopicPartition]) -> list[_Failure]:
        failed = await self._answers(sent, delivered)
        if not failed:
            await self._at("delivered")
        return failed

    async def _answers(self, sent: Sequence["_Sent"], delivered: Counter[TopicPartition]) -> list[_Failure]:
        """Await every batch that was sent, also where a later one could not be; return those that failed.

        What the broker has taken must be known before an abort, or the sequence numbers are set back too far: the next
        batch would be answered as one that was taken already, and be written nowhere.
        """
        answers = await asyncio.gather(*(each.answer for each in sent), return_exceptions=True)
        failed = []
        for each, answer in zip(sent, answers, strict=True):
            if isinstance(answer, BaseException):
                failed.append((each.tp, answer))
            else:
                delivered[each.tp] += each.records
        return failed

    async def _send(self, emits: Sequence[Emit], sent: list["_Sent"]) -> kafka_errors.KafkaError | None:
        """Hand the batches over one by one, noting each; return why one could not be, if so."""
        try:
            batches = list(self._pack(emits))
            await self.producer.announce({tp for tp, _ in batches})
            for tp, batch in batches:
                records = batch.record_count()
                answer = await self.producer.send_batch(batch, tp.topic, partition=tp.partition)
                sent.append(_Sent(tp, records, answer))
        except kafka_errors.KafkaError as error:
            return error
        return None

    def _pack(self, emits: Sequence[Emit]) -> Iterator[tuple[TopicPartition, BatchBuilder]]:
        """Yield full batches as they fill, the rest at the end: the order within a partition is kept."""
        filling: dict[tuple[str, int], BatchBuilder] = {}
        now = None if self.clock is None else self.clock.now_ms()
        for topic, partition, key, value, headers, given in emits:
            timestamp = now if given is None else given
            batch = filling.get((topic, partition))
            if batch is None:
                batch = filling[topic, partition] = self._new_batch(topic)
            if batch.append(timestamp=timestamp, key=key, value=value, headers=list(headers)) is None:
                yield TopicPartition(topic, partition), batch
                batch = filling[topic, partition] = self._new_batch(topic)
                batch.append(timestamp=timestamp, key=key, value=value, headers=list(headers))
        for where, batch in filling.items():
            yield TopicPartition(*where), batch

    def _new_batch(self, topic: str) -> BatchBuilder:
        limits = self.book.get(topic)
        return self.producer.new_batch(BATCH_LIMIT if limits is None else min(BATCH_LIMIT, limits.max_bytes))

    async def _abort(self, error: Exception, delivered: Mapping[TopicPartition, int]) -> NoReturn:
        """Undo the transaction if that is possible, and say what it means for the task."""
        if isinstance(error, _FENCED):
            raise TaskLost("fenced", _name(error)) from error
        if isinstance(error, TimeoutError):
            raise TaskLost("timeout", "the broker did not answer") from error
        if not isinstance(error, kafka_errors.KafkaError | _BatchRefused):
            raise TaskLost("defect", _name(error)) from error
        try:
            async with asyncio.timeout(self.timeouts.transaction_step_s):
                await self.producer.abort(delivered)
        except Exception as second:
            raise TaskLost("fenced" if isinstance(second, _FENCED) else "timeout", _name(second)) from second
        if isinstance(error, GenerationFenced):
            raise TaskLost("generation", str(error)) from error
        raise (Refused if isinstance(error, _REFUSED) else Interrupted)(_name(error)) from error

    async def _at(self, point: Point) -> None:
        await strike(self.faults, point, self.partition)


def _worst(failed: Sequence[_Failure]) -> BaseException:
    """A refusal explains the gaps in sequence behind it, so it is the one to name."""
    for tp, error in failed:
        if isinstance(error, kafka_errors.BrokerResponseError) and not isinstance(error, _FENCED):
            return _BatchRefused(f"{tp.topic}: {type(error).__name__}")
    return failed[0][1]


def _name(error: BaseException) -> str:
    return str(error) if isinstance(error, GateError) else type(error).__name__
