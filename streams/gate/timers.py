"""What falls due of a task's state, and when: a heap of (millisecond, key) beside it.

The state is the truth and the heap an index: an entry counts only while its key's value still says the same
millisecond. So nothing need ever be taken out of its middle; what has become stale is dropped when it comes up, and the
heap is made anew from the state when the stale outnumber the live. An entry is kept as one bytes object, eight bytes of
the moment before the key, which sorts as the pair does and is smaller (ADR 0179). What is drawn for a turn is put back
unless the turn is committed.
"""

import asyncio
from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Final

from streams.gate.stage import Timers as DueOf
from streams.gate.state import Changes

Entry = tuple[int, bytes]
"""The millisecond at which something of a key falls due, and the key."""

SLICE: Final = 20_000  # keys between two breaths of the loop while a heap is built
FEW: Final = 1_000  # stale entries that are not worth a rebuilding
FIRST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 300.0
_MOMENT: Final = 8


def _packed(due: int, key: bytes) -> bytes:
    return due.to_bytes(_MOMENT) + key


def _entry(packed: bytes) -> Entry:
    return int.from_bytes(packed[:_MOMENT]), packed[_MOMENT:]


class Timers:
    """The due times of one task, in milliseconds since the epoch; `…_s` are seconds of the loop's clock."""

    def __init__(self, due_of: DueOf) -> None:
        self.due_of = due_of
        self._heap: list[bytes] = []
        self._drawn: list[bytes] = []
        self._live = 0
        self._resting: set[bytes] = set()
        self._attempts: dict[bytes, int] = {}
        self._wakes: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        """Return how many keys wait for something."""
        return self._live

    async def build(self, state: Mapping[bytes, bytes], progress: Callable[[], None]) -> None:
        """Make the heap anew from a state that nobody writes meanwhile."""
        entries: list[bytes] = []
        due_of, keys = self.due_of, iter(state)
        while part := list(islice(keys, SLICE)):
            entries += [_packed(due, key) for key in part if (due := due_of(state[key])) is not None]
            progress()
            await asyncio.sleep(0)
        heapify(entries)
        self._heap, self._live = entries, len(entries)

    @property
    def untidy(self) -> bool:
        """Whether it is time to build it anew."""
        return len(self._heap) - self._live > max(self._live, FEW)

    def first(self, state: Mapping[bytes, bytes]) -> int | None:
        """Return the millisecond at which the next timer falls due; those that rest do not count."""
        heap = self._heap
        while heap:
            due, key = entry = _entry(heap[0])
            if self.holds(entry, state.get(key)):
                return due
            heappop(heap)
        return None

    def holds(self, entry: Entry, value: bytes | None) -> bool:
        """Say whether an entry still stands, its key's value being `value`."""
        due, key = entry
        return value is not None and key not in self._resting and self.due_of(value) == due

    # for a turn

    def peek(self) -> Entry | None:
        """Return the earliest entry, whether it still stands or not."""
        return _entry(self._heap[0]) if self._heap else None

    def draw(self) -> None:
        """Take the earliest entry out, to be put back if the turn comes to nothing."""
        self._drawn.append(heappop(self._heap))

    def put_back(self) -> None:
        """The turn was given up: everything falls due as before."""
        for packed in self._drawn:
            heappush(self._heap, packed)
        self._drawn.clear()

    def committed(self, state: Mapping[bytes, bytes], changes: Changes) -> None:
        """Hear what a committed turn changed, before it is merged into `state`."""
        drawn = {packed[_MOMENT:] for packed in self._drawn}
        self._drawn.clear()
        for key, value in changes.items():
            old = self._due(state.get(key))
            new = self._due(value)
            gone = key in drawn or key in self._resting
            self._resting.discard(key)
            self._attempts.pop(key, None)
            self._live += (new is not None) - (old is not None)
            if new is not None and (gone or new != old):
                heappush(self._heap, _packed(new, key))

    def _due(self, value: bytes | None) -> int | None:
        return None if value is None else self.due_of(value)

    # those that could not be done

    def rest(self, key: bytes, now_s: float, delay_s: float | None = None) -> float:
        """Leave a timer alone for `delay_s`, or for twice as long each time; returns for how long."""
        if delay_s is None:
            attempts = self._attempts[key] = self._attempts.get(key, 0) + 1
            delay_s = min(FIRST_BACKOFF_S * 2.0 ** min(attempts - 1, 16), LONGEST_BACKOFF_S)
        self._resting.add(key)
        heappush(self._wakes, (now_s + delay_s, key))
        return delay_s

    def wake(self, now_s: float, state: Mapping[bytes, bytes]) -> None:
        """Let those fall due again that have rested long enough."""
        while self._wakes and self._wakes[0][0] <= now_s:
            _, key = heappop(self._wakes)
            if key in self._resting:
                self._resting.discard(key)
                if (due := self._due(state.get(key))) is not None:
                    heappush(self._heap, _packed(due, key))

    def wakes_at(self) -> float | None:
        """Return when the next of them has rested enough."""
        return self._wakes[0][0] if self._wakes else None
