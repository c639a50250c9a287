"""Timing in rounds: every case in turn, round after round, so that what slows the machine down slows them all.

Seconds are CPU of this process, so a neighbour's turn is not counted. A case is timed in small pieces and the least of
each piece is summed up: a piece is short enough to meet the machine undisturbed in some round.
"""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any, Final

from incidentbus.memory import keep_freed_memory, settle_collector

PIECE: Final = 250
"""Incidents of one piece."""


class Timed:
    """One thing to do with each of many items."""

    def __init__(self, work: Callable[[Sequence[Any]], object], items: Sequence[Any]) -> None:
        self._work = work
        self._pieces = [items[n : n + PIECE] for n in range(0, len(items), PIECE)]
        self._least = [float("inf")] * len(self._pieces)
        self._count = len(items)

    def round(self) -> None:
        """Go through all items once."""
        for n, piece in enumerate(self._pieces):
            began = process_time()
            self._work(piece)
            self._least[n] = min(self._least[n], process_time() - began)

    @property
    def seconds(self) -> float:
        """Return the least seconds an item."""
        return sum(self._least) / self._count


def alternate(cases: Sequence[Timed], rounds: int) -> None:
    """Time all cases in turn, `rounds` times, as a worker lives: memory kept, its ruleset set aside."""
    keep_freed_memory()
    settle_collector()
    for _ in range(rounds):
        for case in cases:
            case.round()
    gc.unfreeze()


def least(work: Callable[[], object], times: int) -> float:
    """Return the least seconds that something takes."""
    took = []
    for _ in range(times):
        gc.collect()
        began = process_time()
        work()
        took.append(process_time() - began)
    return min(took)


def megabytes(work: Callable[[], object]) -> tuple[Any, float]:
    """Return what `work` makes, and the memory that it holds in the end: what Python allocated meanwhile and kept."""
    gc.collect()
    tracemalloc.start()
    made = work()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, held / 1e6
