"""The book of rulesets on Kafka: read whole, and written in one transaction by whoever came last.

All who publish share one transactional id: two approvals at once can't both count, for each reads the book only after
it has fenced the other.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from aiokafka import AIOKafkaProducer

from connectors.kafka.clients import Connection
from contracts.errors import Permanent
from contracts.ports import Emit
from contracts.ruleset import RulesetBundle, RulesetPointer
from contracts.rulesetact import Act, RulesetAct, Standing, standing
from contracts.serde import read
from contracts.topics import Topics
from incidentbus.readmodel.reading import read_all
from incidentbus.redriving import commit, sole_operator, until_visible

TRANSACTIONAL_ID: Final = "ruleset-publishing"
_LIVE: Final = (Act.LIVE, Act.ROLLED_BACK)
M = TypeVar("M", RulesetAct, RulesetPointer, RulesetBundle)


@dataclass
class Book:
    """What the topics say: every act in order, what is in force, and where the acts leave things."""

    acts: list[RulesetAct] = field(default_factory=list)
    pointer: RulesetPointer | None = None

    @property
    def standing(self) -> Standing:
        """Where the acts leave things."""
        return standing(self.acts)

    @property
    def in_force(self) -> str:
        """The digest of what decides now; empty where nothing does."""
        return self.pointer.hash if self.pointer else ""


async def read_book(connection: Connection, topics: Topics) -> Book:
    """Read the book and the pointer as they stand; what can't be read is passed over. Raises aiokafka's errors.

    A pointer that was set before there was a book, or beside it, is entered as the act that it was.
    """
    book = Book()
    async with aclosing(read_all(connection, [(topics.bus("ruleset-acts"), 0)])) as records:
        async for record in records:
            if (act := _readable(RulesetAct, record.value)) is not None:
                book.acts.append(act)
    async with aclosing(read_all(connection, [(topics.bus("ruleset-in-force"), 0)])) as records:
        async for record in records:
            book.pointer = _readable(RulesetPointer, record.value) or book.pointer
            if book.pointer is not None:
                _enter(book, book.pointer)
    return book


def _enter(book: Book, pointer: RulesetPointer) -> None:
    if any(act.hash == pointer.hash and act.act in _LIVE for act in book.acts):
        return
    act = RulesetAct(
        act=Act.LIVE, ruleset="?", version=pointer.version, hash=pointer.hash, at=pointer.set_at, by=pointer.set_by,
        reason=pointer.reason,
    )  # fmt: skip
    where = next((n for n, each in enumerate(book.acts) if each.at > act.at), len(book.acts))
    book.acts.insert(where, act)


def _readable(kind: type[M], value: bytes | None) -> M | None:
    try:
        return read(kind, value) if value else None
    except Permanent:
        return None


async def bundle_of(connection: Connection, topics: Topics, digest: str) -> RulesetBundle | None:
    """Return a ruleset as it was stored under its digest, or None."""
    found: RulesetBundle | None = None
    async with aclosing(read_all(connection, [(topics.bus("rulesets"), 0)])) as records:
        async for record in records:
            if record.key == digest.encode():
                found = _readable(RulesetBundle, record.value) or found
    return found


@dataclass(frozen=True)
class Writing:
    """The sole writer of the book, and the book as it found it."""

    client: AIOKafkaProducer
    connection: Connection
    topics: Topics
    book: Book

    async def write(
        self, act: RulesetAct, bundle: bytes | None = None, pointer_at: tuple[datetime, str] | None = None
    ) -> None:
        """Write an act, with the ruleset it speaks of where that is new, and the pointer where it goes live: or none.

        `pointer_at`: when, and by whom, as the pointer says it.
        """
        bus = self.topics.bus
        emits: list[Emit] = []
        if bundle is not None:
            emits.append(Emit(bus("rulesets"), 0, act.hash.encode(), bundle, ()))
        emits.append(Emit(bus("ruleset-acts"), 0, act.hash.encode(), act.model_dump_json().encode(), ()))
        if pointer_at is not None:
            at, by = pointer_at
            pointer = RulesetPointer(hash=act.hash, version=act.version, set_at=at, set_by=by, reason=act.reason)
            emits.append(Emit(bus("ruleset-in-force"), 0, b"in-force", pointer.model_dump_json().encode(), ()))
        await self._commit(emits)

    async def _commit(self, emits: Sequence[Emit]) -> None:
        await until_visible(self.connection, await commit(self.client, emits))


@asynccontextmanager
async def writing(connection: Connection, topics: Topics) -> AsyncIterator[Writing]:
    """Become the sole writer of the book. Raises `incidentbus.redriving.SomebodyElse` where somebody came after us."""
    async with sole_operator(connection, f"{topics.prefix}{TRANSACTIONAL_ID}") as client:
        yield Writing(client, connection, topics, await read_book(connection, topics))
