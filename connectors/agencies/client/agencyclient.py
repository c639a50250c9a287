"""The client itself: an agency's assignments one after another, and its facts on their way. The room says the promise.

Notices lie on the same topic, behind the assignment that they speak of: there is one iteration over both, and one over
assignments alone, but none over notices alone, for it would have to pass assignments over.
Breaking off (an error in the loop, `break`, a cancellation, Ctrl-C) handles nothing: the assignment in hand comes again
at the next iteration or the next start. Whoever breaks off on purpose says `await client.done(assignment)` before.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar, cast

from connectors.agencies.client.horizon import Horizon, InMemory
from connectors.agencies.client.kafkaside import open_source
from connectors.agencies.client.letters import Letter, Store
from connectors.agencies.client.localstore import SqliteStore
from connectors.agencies.client.reading import Message, message_of
from connectors.agencies.client.retrying import Retry
from connectors.agencies.client.taking import Counts, Drained, Source, Taking
from connectors.agencies.client.telling import outgoing
from connectors.kafka.clients import Connection
from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.assignment import Assignment
from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.feedback import Feedback
from contracts.notice import AssignmentNotice
from contracts.topics import Topics

IN_A_ROW: Final = 5
Handler = Callable[[Assignment], Awaitable[None]]
"""An agency's work on one assignment. It may be called again with the same one after an error or a crash."""
NoticeHandler = Callable[[AssignmentNotice], Awaitable[None]]
"""What an agency makes of a notice; the same holds of it."""
Publish = Callable[[Outgoing], Awaitable[object]]


M = TypeVar("M", bound=Message)


class Iteration(Generic[M]):
    """One run through what an agency is sent; it has no end of its own."""

    def __init__(self, taking: Taking, *, notices: bool) -> None:
        self._taking = taking
        self._run = taking.begin(notices=notices)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> M:
        try:
            return cast("M", await self._taking.next(self._run))
        except Drained:
            raise StopAsyncIteration from None


class AgencyClient:
    """One agency's connection; made by `connect`. For one task: assignments are handled one at a time, in order."""

    def __init__(
        self,
        agency: str,
        topics: Topics,
        source: Source,
        publish: Publish,
        store: Store,
        counts: Counts,
        in_a_row: int = IN_A_ROW,
    ) -> None:
        self.counts: Final = counts
        self._agency = agency
        self._topics = topics
        self._publish = publish
        self._store = store
        self._taking = Taking(source, agency, store, counts, in_a_row)

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        *,
        agency: str,
        bootstrap: str,
        group: str | None = None,
        security: Mapping[str, Any] | None = None,
        prefix: str = "",
        store: Store | Path | None = None,
        horizon: Horizon | None = None,
        in_a_row: int = IN_A_ROW,
    ) -> AsyncIterator[Self]:
        """Connect as `agency`, by its code.

        `group` is by default the one that the bus's ACLs give to this agency, `<prefix>agency.<code>`; `security` as
        `connectors.kafka.clients.security` makes it. `store`: a path keeps handled ids (within `horizon`) and letters
        in an SQLite file there; absent, ids are in memory and the client stops at what can't be handled. After
        `in_a_row` letters with nothing handled between it stops too. Committed records alone are read: there is no
        setting for it. Raises `NoSuchTopic`, or aiokafka's errors when nobody answers.
        """
        topics = Topics(prefix=prefix)
        connection = Connection(bootstrap, client_id=f"agency.{agency}", security=security or {})
        name = group or f"{prefix}agency.{agency}"
        counts = Counts()
        async with AsyncExitStack() as stack:
            kept = _kept(store, horizon, stack)
            publisher = await stack.enter_async_context(open_publisher(connection))
            topic = topics.agency_assignments(agency)
            source = await stack.enter_async_context(open_source(connection, topic, name, counts))
            yield cls(agency, topics, source, publisher.publish, kept, counts, in_a_row)

    def assignments(self) -> Iteration[Assignment]:
        """Iterate over the assignments that are new, from the first that is not handled. Ends an earlier iteration.

        Asking for the next one says that the last is handled. Notices that lie between are passed over, for good:
        whoever wants them too asks for `messages`.
        """
        return Iteration(self._taking, notices=False)

    def messages(self) -> Iteration[Message]:
        """Iterate as `assignments` does, over assignments and notices in the order in which they were told."""
        return Iteration(self._taking, notices=True)

    async def done(self, message: Message) -> None:
        """Say now that this one is handled; said again it changes nothing.

        Raises `ValueError` for what is not in hand: an earlier iteration's, say, which comes again.
        """
        if self._taking.holds(message):
            await self._taking.finish()
        elif not self._taking.settled(message):
            raise ValueError(f"{message.id} is not in hand")

    async def set_aside(self, message: Message, detail: str, *, tries: int = 1) -> None:
        """Put this one among the letters, as one that can't be handled. `detail` must not hold personal data.

        Raises `NowhereToPut` without a lasting store, `TooManySetAside`, `ValueError` for what is not in hand.
        """
        await self._aside(message, ReasonCode.PROCESSOR_FAILED, detail, tries)

    async def _aside(self, message: Message, reason: ReasonCode, detail: str, tries: int) -> None:
        if not self._taking.holds(message):
            raise ValueError(f"{message.id} is not in hand")
        await self._taking.set_aside(reason, detail, tries)

    async def run(
        self, handler: Handler, retry: Retry | None = None, *, on_notice: NoticeHandler | None = None
    ) -> None:
        """Handle assignments until cancelled: tried again after errors, put aside when `retry` gives up.

        Notices go to `on_notice`, in the same order and under the same promise; without it they are passed over.
        """
        if on_notice is None:
            async for assignment in self.assignments():
                await self._attempt(assignment, retry or Retry(), handler, None)
        else:
            async for message in self.messages():
                await self._attempt(message, retry or Retry(), handler, on_notice)

    async def _attempt(self, message: Message, retry: Retry, handler: Handler, on_notice: NoticeHandler | None) -> None:
        for tried in itertools.count(1):
            try:
                await _handed(message, handler, on_notice)
            except Exception as error:
                pause = await self.failed(message, error, tried, retry)
            else:
                return  # asking for the next says that it is handled
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def failed(self, message: Message, error: Exception, tried: int, retry: Retry) -> float | None:
        """Judge a handler's error: return the seconds to wait, or put the message aside and return None."""
        pause = retry.pause(tried, error)
        if pause is None:
            reason, detail = _told(error)
            await self._aside(message, reason, detail, tried)
        else:
            self.counts.retries += 1
        return pause

    async def tell(self, feedback: Feedback) -> None:
        """Tell the bus a fact, made by `facts`; returns when every replica has it. Telling it again is the same fact.

        Raises `Temporary` when it isn't known to have arrived, `ValueError` for another agency's feedback.
        """
        await self._publish(outgoing(self._topics, feedback, self._agency))
        self.counts.told += 1

    def letters(self) -> Sequence[Letter]:
        """Return what was put aside, oldest first."""
        return self._store.letters()

    async def redrive(self, handler: Handler, *, on_notice: NoticeHandler | None = None) -> int:
        """Hand each letter to its handler once more, oldest first, and forget those it handles; returns how many.

        The first error goes to the caller, and its letter stays. What can't be read stays too, and so do notices where
        there is no `on_notice`.
        """
        handled = 0
        for letter, message in self.readable_letters(notices=on_notice is not None):
            await _handed(message, handler, on_notice)
            self._store.discard(letter)
            handled += 1
        return handled

    def readable_letters(self, *, notices: bool = False) -> Sequence[tuple[Letter, Message]]:
        """Return the letters that are assignments, and with `notices` these too, with what they say."""
        told = [letter for letter in self._store.letters() if letter.assignment is not None]
        read = [(letter, message_of(letter, self._agency)) for letter in told]
        return [each for each in read if notices or isinstance(each[1], Assignment)]

    def discard(self, letter: Letter) -> None:
        """Forget a letter: it was handled in another way."""
        self._store.discard(letter)


async def _handed(message: Message, handler: Handler, on_notice: NoticeHandler | None) -> None:
    if isinstance(message, Assignment):
        await handler(message)
    elif on_notice is not None:
        await on_notice(message)


def _told(error: Exception) -> tuple[ReasonCode, str]:
    """Return reason and detail. Only the type of a foreign error is kept: its message may quote what it choked on."""
    if isinstance(error, Permanent):
        return error.reason, error.detail
    return ReasonCode.PROCESSOR_FAILED, type(error).__name__


def _kept(store: Store | Path | None, horizon: Horizon | None, stack: AsyncExitStack) -> Store:
    if isinstance(store, Path):
        return stack.enter_context(SqliteStore(store, horizon))
    return InMemory(horizon) if store is None else store
