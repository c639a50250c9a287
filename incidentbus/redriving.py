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

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from connectors.kafka.clients import Connection, producer
from contracts.deadletter import original
from contracts.handling import DeadLetterHandling, HandlingAction
from contracts.ports import Emit
from contracts.topics import Topics
from incidentbus.readmodel.deadletters import HANDLING, Letter, Wanted, handlings, letters

REDRIVEN: Final = "incidentbus_redriven"
"""Header of a record that was put back: where its dead letter lies. Not a CloudEvents attribute, for a bare record with
one attribute would be a malformed event."""
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
    async with _sole_operator(connection, topics) as client:
        done = await handlings(connection, topics)
        chosen: list[Letter] = []
        async with aclosing(letters(connection, topics, wanted, done)) as found:
            async for letter in found:
                why_not = _why_not(letter, act)
                if why_not:
                    dealt.refused.append((letter, why_not))
                else:
                    chosen.append(letter)
                if limit is not None and len(chosen) >= limit:
                    break
        for some in _portions(chosen):
            await _commit(client, topics, some, act)
            dealt.done += some
    return dealt


def _why_not(letter: Letter, act: Act) -> str:
    if act.action is HandlingAction.REDRIVEN and letter.dead.truncated:
        return "only its head was kept: it was larger than the topic of dead letters takes"
    return ""


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
async def _sole_operator(connection: Connection, topics: Topics) -> AsyncIterator[AIOKafkaProducer]:
    id_ = f"{topics.prefix}dead-letter-handling"
    try:
        async with producer(connection, transactional_id=id_, transaction_timeout_ms=_TRANSACTION_MS) as client:
            yield client
    except ProducerFenced as error:
        raise SomebodyElse from error


async def _commit(client: AIOKafkaProducer, topics: Topics, some: Sequence[Letter], act: Act) -> None:
    try:
        await client.begin_transaction()
        try:
            await _write(client, [emit for letter in some for emit in _emits(letter, topics, act)])
        except ProducerFenced:
            raise  # nothing to abort: whoever fenced us has done that
        except BaseException:
            await client.abort_transaction()
            raise
        await client.commit_transaction()
    except AssertionError as error:  # what aiokafka's transaction calls raise when the producer is fenced already
        raise SomebodyElse from error


async def _write(client: AIOKafkaProducer, emits: Iterable[Emit]) -> None:
    """Send and wait for every acknowledgement: what was not acknowledged must not be committed."""
    sent: list[asyncio.Future[object]] = []
    try:
        for emit in emits:
            headers = list(emit.headers)
            sent.append(await client.send(emit.topic, emit.value, emit.key, partition=emit.partition, headers=headers))
    finally:
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def _emits(letter: Letter, topics: Topics, act: Act) -> Iterable[Emit]:
    if act.action is HandlingAction.REDRIVEN:
        emit = original(letter.dead)
        headers = [(name, value) for name, value in emit.headers if name != REDRIVEN]
        yield emit._replace(headers=[*headers, (REDRIVEN, str(letter.position).encode())])
    handling = DeadLetterHandling(letter=str(letter.position), action=act.action, by=act.by, at=act.at, why=act.why)
    yield handling.emit(topics.bus(HANDLING))
