"""How long a handled assignment's id is remembered, and the store that remembers in memory. No clock is asked.

Time is that of the records' own stamps: what was handled is judged by the newest stamp seen, not by the wall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.agencies.client.letters import Letter, NowhereToPut


@dataclass(frozen=True, slots=True)
class Horizon:
    """An id is known while it is among the `count` handled last and, where `span` is given, no older than that.

    Its age is the newest record's stamp minus its own record's. 200,000 ids of 32 characters take some 50 MB in
    memory and 20 MB in a file. A `count` of 0 remembers nothing.
    """

    count: int = 200_000
    span: timedelta | None = None

    def covers(self, number: int, stamp_ms: int, last: int, newest_ms: int) -> bool:
        """Return whether the `number`th handled is known, when `last` were and the newest stamp is `newest_ms`."""
        if number <= last - self.count:
            return False
        return self.span is None or newest_ms - stamp_ms <= self.span / timedelta(milliseconds=1)


class InMemory:
    """Remembers until the process ends, and keeps no letters: what can't be handled stops the client."""

    def __init__(self, horizon: Horizon | None = None) -> None:
        self._horizon = horizon or Horizon()
        self._known: dict[str, tuple[int, int]] = {}
        self._last = 0
        self._newest = 0

    def knows(self, id_: str) -> bool:
        """Return whether this assignment was handled within the horizon."""
        kept = self._known.get(id_)
        return kept is not None and self._horizon.covers(*kept, self._last, self._newest)

    def remember(self, id_: str, stamp_ms: int) -> None:
        """Keep an id; what is known already keeps its place."""
        if self.knows(id_):
            return
        self._last += 1
        self._newest = max(self._newest, stamp_ms)
        self._known.pop(id_, None)  # so that the dictionary's order is that of handling
        self._known[id_] = (self._last, stamp_ms)
        while len(self._known) > self._horizon.count:
            del self._known[next(iter(self._known))]

    def set_aside(self, letter: Letter) -> None:
        """Refuse: a letter in memory would be lost at the next start, its offset committed."""
        raise NowhereToPut(
            f"{letter.topic}/{letter.partition}/{letter.offset}: {letter.reason.value} ({letter.detail}); "
            "give the client a store on disk to put such things aside"
        )

    def letters(self) -> Sequence[Letter]:
        """Return none."""
        return ()

    def discard(self, letter: Letter) -> None:
        """Do nothing: there are none."""
