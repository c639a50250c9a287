"""Redriving and discarding dead letters, each at most once, whoever asks and however often.

The record goes back to its input in the same Kafka transaction that notes it as redriven, so there is never one without
the other. All operators share one transactional id: whoever begins later fences whoever began before, and reads what
was done only then; so two at once cannot both redrive the same letter.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import ProducerFenced
from aiokafka.structs import RecordMetadata

from connectors.kafka.clients import Connection, consumer, producer
from contracts.deadletter import original
from contracts.handling import DeadLetterHandling, HandlingAction
from contracts.ports import Emit
from contracts.topics import OBSERVERS, Topics
from incidentbus.readmodel.deadletters import HANDLING, Letter, Wanted, handlings, letters

REDRIVEN: Final = "incidentbus_redriven"
"""Header of a record that was put back: where its dead letter lies. Not a CloudEvents attribute, for a bare record with
one attribute would be a malformed event."""
_LOOKS: Final = 200
_LOOK_SECONDS: Final = 0.02
_AT_ONCE: Final = 100
_TRANSACTION_MS: Final = 10_000  # an open transaction of a dead operator holds up intake no longer
_BYTES_AT_ONCE: Final = 8 << 20


class SomebodyElse(Exception):
    """Another operator has begun to deal with dead letters: what this one had not committed did not happen."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done with letters, by whom, when (ms since the epoch), and why."""

    action: HandlingAction
    by: str
    at: int
    why: str = ""


@dataclass(slots=True)
class Dealt:
    """What came of it: letters dealt with, and those that could not be, with the reason."""

    done: list[Letter] = field(default_factory=list)
    refused: list[tuple[Letter, str]] = field(default_factory=list)


async def deal(connection: Connection, topics: Topics, wanted: Wanted, act: Act, limit: int | None = None) -> Dealt:
    """Redrive or discard the open letters wanted, at most `limit`, oldest of each partition first.

    Raises `SomebodyElse`, or aiokafka's errors where the broker fails; what was committed until then is done.
    """
    dealt = Dealt()
    async with sole_operator(connection, f"{topics.prefix}dead-letter-handling") as client:
        done = await handlings(connection, topics)
        chosen: list[Letter] = []
        async with aclosing(letters(connection, topics, wanted, done)) as found:
            async for letter in found:
                why_not = _why_not(letter, act, topics)
                if why_not:
                    dealt.refused.append((letter, why_not))
                else:
                    chosen.append(letter)
                if limit is not None and len(chosen) >= limit:
                    break
        written: dict[TopicPartition, int] = {}
        for some in _portions(chosen):
            written |= await commit(client, [emit for letter in some for emit in _emits(letter, topics, act)])
            dealt.done += some
    await until_visible(connection, written)
    return dealt


def _why_not(letter: Letter, act: Act, topics: Topics) -> str:
    if act.action is not HandlingAction.REDRIVEN:
        return ""
    if letter.dead.truncated:
        return "not all of it was kept: it was larger than the topic of dead letters takes"
    if letter.dead.stage in OBSERVERS and letter.dead.topic == topics.bus("incidents"):
        return "only an observer could not read it: dispatch has taken it and would be given it twice; discard it"
    return ""


def _put_back(letter: Letter) -> Emit:
    """Return the record as it goes back; its mark is shorter than what the letter's own headers took, so it fits."""
    emit = original(letter.dead)
    headers = [(name, value) for name, value in emit.headers if name != REDRIVEN]
    return emit._replace(headers=[*headers, (REDRIVEN, str(letter.position).encode())])


def _portions(chosen: Iterable[Letter]) -> Iterator[list[Letter]]:
    portion: list[Letter] = []
    size = 0
    for letter in chosen:
        length = len(letter.dead.value or b"")
        if portion and (len(portion) == _AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(letter)
        size += length
    if portion:
        yield portion


@asynccontextmanager
async def sole_operator(connection: Connection, id_: str) -> AsyncIterator[AIOKafkaProducer]:
    """Open the producer that all operators share by its transactional id: whoever comes later fences the others.

    Raises `SomebodyElse` where that happens to this one.
    """
    ours: list[AIOKafkaProducer] = []
    try:
        async with producer(connection, transactional_id=id_, transaction_timeout_ms=_TRANSACTION_MS) as client:
            ours.append(client)
            yield client
    except ProducerFenced as error:
        raise SomebodyElse from error
    finally:
        for client in ours:
            _look_at_end(client)


def _look_at_end(client: AIOKafkaProducer) -> None:
    """Look at what ended a fenced producer's sender and batches: aiokafka doesn't, and asyncio would complain later."""
    waiting = client._message_accumulator
    batches = [*waiting._pending_batches, *(batch for queue in waiting._batches.values() for batch in queue)]
    waiters = (batch._drain_waiter for batch in batches)
    for ended in (client._sender.sender_task, client._txn_manager._transaction_waiter, *waiters):
        if ended is not None and ended.done() and not ended.cancelled():
            ended.exception()


async def commit(client: AIOKafkaProducer, emits: Sequence[Emit]) -> dict[TopicPartition, int]:
    """Write records in one transaction; return the last offset in each partition. Raises `SomebodyElse`."""
    try:
        await client.begin_transaction()
        try:
            written = await _write(client, emits)
        except ProducerFenced:
            raise  # nothing to abort: whoever fenced us has done that
        except BaseException:
            await client.abort_transaction()
            raise
        await client.commit_transaction()
    except AssertionError as error:  # what aiokafka's transaction calls raise when the producer is fenced already
        raise SomebodyElse from error
    return written


async def _write(client: AIOKafkaProducer, emits: Iterable[Emit]) -> dict[TopicPartition, int]:
    """Send and wait for every acknowledgement: what was not acknowledged must not be committed.

    Returns the last offset written in each partition.
    """
    sent: list[asyncio.Future[RecordMetadata]] = []
    try:
        for emit in emits:
            headers = list(emit.headers)
            sent.append(await client.send(emit.topic, emit.value, emit.key, partition=emit.partition, headers=headers))
    finally:
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
    written: dict[TopicPartition, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        written[outcome.topic_partition] = outcome.offset
    return written


async def until_visible(connection: Connection, written: dict[TopicPartition, int]) -> None:
    """Wait until whoever reads what is committed sees it: the broker writes its markers after it answered the commit.

    Gives up after some seconds: somebody else's open transaction may stand before ours.
    """
    if not written:
        return
    async with consumer(connection) as reader:
        reader.assign(list(written))
        reader.pause(*written)
        for _ in range(_LOOKS):
            ends = await reader.end_offsets(list(written))
            if all(ends[tp] > offset for tp, offset in written.items()):
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _emits(letter: Letter, topics: Topics, act: Act) -> Iterable[Emit]:
    if act.action is HandlingAction.REDRIVEN:
        yield _put_back(letter)
    handling = DeadLetterHandling(letter=str(letter.position), action=act.action, by=act.by, at=act.at, why=act.why)
    yield handling.emit(topics.bus(HANDLING))
