"""The same client for programs that don't await: an event loop on a thread of its own, the handler on the caller's.

Ctrl-C in the loop or while it waits handles nothing: what was in hand comes again, as with the other client.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, Final, ParamSpec, TypeVar

from connectors.agencies.client.agencyclient import AgencyClient
from connectors.agencies.client.letters import Letter
from connectors.agencies.client.reading import Message
from connectors.agencies.client.retrying import Retry
from connectors.agencies.client.taking import Counts
from contracts.assignment import Assignment
from contracts.feedback import Feedback
from contracts.notice import AssignmentNotice

P = ParamSpec("P")
T = TypeVar("T")

BlockingHandler = Callable[[Assignment], None]
BlockingNoticeHandler = Callable[[AssignmentNotice], None]
Call = Callable[[Coroutine[Any, Any, Any]], Any]


class BlockingClient:
    """`AgencyClient` without `await`; its methods mean and raise the same. For one thread."""

    def __init__(self, client: AgencyClient, call: Call) -> None:
        self._client = client
        self._call = call

    @property
    def counts(self) -> Counts:
        """What the client has done since it was opened."""
        return self._client.counts

    def assignments(self) -> Iterator[Assignment]:
        """Iterate over the assignments that are new; asking for the next says that the last is handled."""
        iteration = self._call(_begun(self._client.assignments))
        return _each(lambda: self._call(_next(iteration)))

    def messages(self) -> Iterator[Message]:
        """Iterate over assignments and notices, in the order in which they were told."""
        iteration = self._call(_begun(self._client.messages))
        return _each(lambda: self._call(_next(iteration)))

    def done(self, message: Message) -> None:
        """Say now that this one is handled."""
        self._call(self._client.done(message))

    def set_aside(self, message: Message, detail: str) -> None:
        """Put this one among the letters."""
        self._call(self._client.set_aside(message, detail))

    def run(
        self,
        handler: BlockingHandler,
        retry: Retry | None = None,
        *,
        on_notice: BlockingNoticeHandler | None = None,
    ) -> None:
        """Handle assignments, each on this thread, until interrupted; retried and put aside as `retry` says."""
        for message in self.assignments() if on_notice is None else self.messages():
            self._attempt(message, retry or Retry(), handler, on_notice)

    def _attempt(
        self, message: Message, retry: Retry, handler: BlockingHandler, on_notice: BlockingNoticeHandler | None
    ) -> None:
        for tried in itertools.count(1):
            try:
                _handed(message, handler, on_notice)
            except Exception as error:
                pause = self._call(self._client.failed(message, error, tried, retry))
            else:
                return  # asking for the next says that it is handled
            if pause is None:
                return
            time.sleep(pause)

    def tell(self, feedback: Feedback) -> None:
        """Tell the bus a fact; returns when every replica has it."""
        self._call(self._client.tell(feedback))

    def letters(self) -> Sequence[Letter]:
        """Return what was put aside, oldest first."""
        return self._client.letters()

    def redrive(self, handler: BlockingHandler, *, on_notice: BlockingNoticeHandler | None = None) -> int:
        """Hand each letter to its handler once more and forget those it handles; returns how many."""
        handled = 0
        for letter, message in self._client.readable_letters(notices=on_notice is not None):
            _handed(message, handler, on_notice)
            self._client.discard(letter)
            handled += 1
        return handled


def _handed(message: Message, handler: BlockingHandler, on_notice: BlockingNoticeHandler | None) -> None:
    if isinstance(message, Assignment):
        handler(message)
    elif on_notice is not None:
        on_notice(message)


async def _begun(iterate: Callable[[], Any]) -> Any:
    return iterate()


_END: Final = object()


async def _next(iteration: Any) -> Any:
    return await anext(iteration, _END)


def _each(next_: Callable[[], Any]) -> Iterator[Any]:
    return iter(next_, _END)


@contextmanager
def _loop_on_a_thread() -> Iterator[Call]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="agency-client", daemon=True)
    thread.start()

    def call(work: Coroutine[Any, Any, Any]) -> Any:
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C falls upon the one who waits, not on the work
            future.cancel()
            raise

    try:
        yield call
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_wound_up())
        loop.close()


async def _wound_up() -> None:
    """Wait for the end of what an interrupt has cancelled."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def blocking(
    connect: Callable[P, AbstractAsyncContextManager[AgencyClient]],
) -> Callable[P, AbstractContextManager[BlockingClient]]:
    """Return `connect` as one that needs no event loop."""

    @contextmanager
    def connected(*args: P.args, **kwargs: P.kwargs) -> Iterator[BlockingClient]:
        with _loop_on_a_thread() as call:
            opened = connect(*args, **kwargs)
            client = call(_entered(opened))
            try:
                yield BlockingClient(client, call)
            finally:
                call(_left(opened))

    return connected


async def _entered(opened: AbstractAsyncContextManager[T]) -> T:
    return await opened.__aenter__()


async def _left(opened: AbstractAsyncContextManager[Any]) -> None:
    await opened.__aexit__(None, None, None)


connect_blocking = blocking(AgencyClient.connect)
"""`AgencyClient.connect` for programs that don't await: `with connect_blocking(agency=…, bootstrap=…) as client:`"""
