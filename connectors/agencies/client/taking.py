"""One message in hand at a time: taken, passed over if known, handled or put aside, and only then committed.

A message is an assignment or a notice of one; a run that takes assignments alone passes notices over. What a source is
(Kafka, or a simulation) does not enter; nor what the agency does with a message.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from connectors.agencies.client.letters import Store, TooManySetAside, letter_of
from connectors.agencies.client.reading import Message, is_notice, message_of
from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.ports import InboundRecord


class Drained(Exception):
    """A simulated source has no more; a real one waits instead."""


class Source(Protocol):
    """Where records come from, one after another, and where it is noted how far we are."""

    async def record(self) -> InboundRecord:
        """Return the next record, waiting for it."""

    async def commit(self, record: InboundRecord) -> None:
        """Note that this record, and all that was passed over, need not come again."""

    def passed(self, record: InboundRecord) -> None:
        """Let the next commit note this record too."""

    async def rewind(self) -> None:
        """Go back to what is noted: whatever was handed out since comes again."""


@dataclass(slots=True)
class Counts:
    """What a client has done since it was opened."""

    taken: int = 0
    handled: int = 0
    repeats: int = 0
    """Second deliveries of what was handled before, passed over."""
    set_aside: int = 0
    retries: int = 0
    commits_lost: int = 0
    """Commits that a rebalance had made void: those records come again, here or elsewhere."""
    told: int = 0
    passed_over: int = 0
    """Notices that came while assignments alone were asked for."""


class InHand(NamedTuple):
    """What is being handled."""

    record: InboundRecord
    message: Message


class Taking:
    """Takes from a source what a store does not know yet. `in_a_row`: how many may be put aside with none handled."""

    def __init__(self, source: Source, agency: str, store: Store, counts: Counts, in_a_row: int) -> None:
        self._source = source
        self._agency = agency
        self._store = store
        self._counts = counts
        self._in_a_row = in_a_row
        self._aside_in_a_row = 0
        self._hand: InHand | None = None
        self._settled = ""
        self._run = 0
        self._notices = False
        self._astray = False

    def begin(self, *, notices: bool = False) -> int:
        """Begin a run, which ends an earlier one: what is in hand is let go, unhandled, and comes again.

        `notices` says whether it takes these too, or passes them over for good.
        """
        self._run += 1
        self._notices = notices
        self._hand, self._astray = None, self._run > 1
        return self._run

    async def next(self, run: int) -> Message:
        """Finish what is in hand and return the next that is new. Broken off anywhere, it loses nothing.

        Raises `RuntimeError` for a run that another has ended.
        """
        if run != self._run:
            raise RuntimeError("another iteration has begun since")
        try:
            await self.finish()
            if self._astray:
                await self._source.rewind()
                self._astray = False
            return await self._unknown()
        except BaseException:  # a cancellation too: what was fetched and not handed out must come again
            self._astray = True
            raise

    async def _unknown(self) -> Message:
        while True:
            record = await self._source.record()
            if not self._notices and is_notice(record):
                self._counts.passed_over += 1
                self._source.passed(record)
                continue
            try:
                message = message_of(record, self._agency)
            except Permanent as refusal:
                await self._put_aside(record, None, refusal.reason, refusal.detail, 0)
                continue
            if self._store.knows(message.id):
                self._counts.repeats += 1
                self._source.passed(record)
                continue
            self._counts.taken += 1
            self._hand = InHand(record, message)
            return message

    async def finish(self) -> None:
        """Say that what is in hand, if anything, is handled: remembered first, committed then."""
        if self._hand is None:
            return
        record, message = self._hand
        self._store.remember(message.id, record.timestamp)
        self._hand, self._settled = None, message.id
        self._counts.handled += 1
        self._aside_in_a_row = 0
        await self._source.commit(record)

    async def set_aside(self, reason: ReasonCode, detail: str, tries: int) -> None:
        """Put what is in hand among the letters: kept first, committed then. Raises as `Store.set_aside` does."""
        if self._hand is None:
            raise ValueError("nothing is in hand")
        record, message = self._hand
        await self._put_aside(record, message.id, reason, detail, tries)

    async def _put_aside(
        self, record: InboundRecord, message: str | None, reason: ReasonCode, detail: str, tries: int
    ) -> None:
        if self._aside_in_a_row >= self._in_a_row:
            raise TooManySetAside(
                f"{self._aside_in_a_row} in a row were put aside and none handled: not put aside is "
                f"{record.topic}/{record.partition}/{record.offset}, {reason.value} ({detail})"
            )
        self._store.set_aside(letter_of(record, reason, detail, message, tries))
        self._hand, self._settled = None, message or ""
        self._counts.set_aside += 1
        self._aside_in_a_row += 1
        await self._source.commit(record)

    def holds(self, message: Message) -> bool:
        """Return whether this is what is in hand."""
        return self._hand is not None and self._hand.message.id == message.id

    def settled(self, message: Message) -> bool:
        """Return whether this is what was handled or put aside last."""
        return self._settled == message.id
