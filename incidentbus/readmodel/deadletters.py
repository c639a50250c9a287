"""Dead letters as operators see them: where they lie, why, and what was done about them.

Bytes are never decoded for showing; `outline_of` tells a payload's shape, which is enough to see what was wrong.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiokafka import ConsumerRecord

from connectors.kafka.clients import Connection
from connectors.registry import native_names
from contracts.codes import ReasonCode
from contracts.deadletter import DeadLetter
from contracts.handling import DeadLetterHandling
from contracts.topics import DLQ_SUFFIX, NAME, Topics
from incidentbus.readmodel.reading import Position, existing, read_all
from incidentbus.telemetry.masking import mask_text, outline

HANDLING: Final = "dead-letter-handling"
OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, where it lies, and what was done about it (None: nothing yet)."""

    position: Position
    dead: DeadLetter
    handling: DeadLetterHandling | None = None

    @property
    def state(self) -> str:
        """`open`, `redriven` or `discarded`."""
        return self.handling.action.value if self.handling else OPEN


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are looked for. Everything absent is no condition; `topic` is an input or its dead letters."""

    reason: ReasonCode | None = None
    topic: str | None = None
    since_ms: int | None = None
    positions: frozenset[Position] = frozenset()
    handled: bool = False
    """Whether those already redriven or discarded are wanted too."""

    def holds(self, letter: Letter) -> bool:
        """Say whether a letter is among those wanted."""
        return (
            (self.reason is None or letter.dead.reason is self.reason)
            and (not self.positions or letter.position in self.positions)
            and (self.handled or letter.handling is None)
        )

    def takes(self, name: str, prefix: str) -> bool:
        """Say whether a topic's dead letters are among those wanted."""
        if not (name.startswith(prefix) and name.endswith(DLQ_SUFFIX) and NAME.match(name.removeprefix(prefix))):
            return False
        asked = self.topic.removesuffix(DLQ_SUFFIX) if self.topic else None
        named = asked is None or name.removesuffix(DLQ_SUFFIX) in (asked, prefix + asked)
        return named and (not self.positions or any(position.topic == name for position in self.positions))


async def handlings(connection: Connection, topics: Topics) -> dict[str, DeadLetterHandling]:
    """Return what was done about dead letters, by position; the first word counts."""
    done: dict[str, DeadLetterHandling] = {}
    async for record in read_all(connection, [(topics.bus(HANDLING), 0)]):
        handling = DeadLetterHandling.of(record)
        if handling is not None:
            done.setdefault(handling.letter, handling)
    return done


async def letters(
    connection: Connection, topics: Topics, wanted: Wanted, done: Mapping[str, DeadLetterHandling] | None = None
) -> AsyncGenerator[Letter, None]:
    """Yield the dead letters wanted, each partition's in its order. A record that is no dead letter is passed over."""
    known = await handlings(connection, topics) if done is None else done
    found = await existing(connection, lambda name: wanted.takes(name, topics.prefix))
    partitions = [(name, number) for name, numbers in found.items() for number in numbers]
    async with aclosing(read_all(connection, partitions, since_ms=wanted.since_ms)) as records:
        async for record in records:
            letter = _letter(record, known)
            if letter is not None and wanted.holds(letter):
                yield letter


def _letter(record: ConsumerRecord, known: Mapping[str, DeadLetterHandling]) -> Letter | None:
    position = Position(record.topic, record.partition, record.offset)
    try:
        return Letter(position, DeadLetter.of(record), known.get(str(position)))
    except ValueError:
        return None


def row(letter: Letter) -> dict[str, Any]:
    """Return a letter as one line of a list: nothing of the payload but its length."""
    dead = letter.dead
    return {
        "letter": str(letter.position),
        "state": letter.state,
        "reason": dead.reason.value,
        "stage": dead.stage,
        "topic": dead.topic,
        "partition": dead.partition,
        "offset": dead.offset,
        "detail": mask_text(dead.detail),
        "at_ms": dead.at,
        "bytes": dead.length,
        "truncated": dead.truncated,
    }


def full(letter: Letter) -> dict[str, Any]:
    """Return all that may be shown of a letter: headers and key masked, of the payload its shape alone."""
    dead, handling = letter.dead, letter.handling
    told = row(letter) | {
        "published_ms": dead.timestamp,
        "key": _shown(dead.key),
        "headers": {name: _shown(value) for name, value in dead.headers},
        "payload": outline_of(dead.value),
    }
    if dead.truncated:
        told["sha256"] = dead.sha256
    if handling is not None:
        told |= {"by": handling.by, "handled_ms": handling.at, "why": handling.why}
    return told


def _shown(raw: bytes | None) -> str | None:
    if raw is None:
        return None
    try:
        return mask_text(raw.decode(), 120)
    except UnicodeDecodeError:
        return f"<{len(raw)} bytes>"


def outline_of(payload: bytes | None) -> Any:
    """Return a payload's shape: its fields with lengths, or what kept it from being read; none of its content."""
    if payload is None:
        return "<nothing>"
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return f"<{len(payload)} bytes, not UTF-8 at byte {error.start}>"
    try:
        return outline(orjson.loads(payload), native_names())
    except orjson.JSONDecodeError as error:
        return f"<{len(payload)} bytes, not JSON at character {error.pos}>"
