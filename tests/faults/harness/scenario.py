"""What a row of the fault table is: what is done, how often at the least, under which load, on which ground.

A row is a file `tests/faults/rowNN_name.py` with a `SCENARIO`; the runner finds it by its name.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.harness.tellings import Telling, ordinary

if TYPE_CHECKING:
    from tests.faults.harness.field import Field

SESSION = 6.0
"""The shipped session time-out; what the goals for stalls are reckoned from."""
STALL = SESSION + 2.0
BROKER_STALL = 15.0


@dataclass(slots=True)
class Ground:
    """Where a row happens. `workers` is the address that the workers are given, where it isn't the witnesses' own."""

    bootstrap: str
    workers: str = ""
    replication: int = 1
    kept: Mapping[str, object] = field(default_factory=dict)
    """Whatever the row's own ground hands to its `act`: brokers, proxies."""


OpenGround = Callable[[Path], AbstractAsyncContextManager[Ground]]
"""Given the row's directory, opens the brokers that it needs and closes them at the end."""


class Size(NamedTuple):
    """How much of a row is run: reports at the least, and whether it is the short form."""

    reports: int
    quick: bool


@dataclass(frozen=True, slots=True)
class Load:
    """What the publisher sends: how many a second, which tellings, and how many cases are decided anew.

    `tellings(number, chance)` returns the records that take that number's place. `anew`: of the cases whose number it
    divides, each is decided anew twice; 0 for none.
    """

    rate: int = 500
    quick_rate: int = 500
    tellings: Callable[[int, Random], "list[Telling]"] = ordinary
    anew: int = 40


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row. `act` is run while the publisher publishes; the publisher goes on until `act` has ended.

    `act` counts what it does with `field.did()`; fewer than `least` (`quick_least` in the short form) fail the row.
    `stall`: the longest time without an assignment while some were due, in seconds; None where it isn't judged.
    `unless` says why the row can't be run here, or None. `prepare` starts the workers in the place of `workers` of this
    tree. `also` is asked after all has settled and gives what else is wrong. `share` of the reports are published where
    each gives rise to much more.
    """

    number: int
    name: str
    least: int
    act: "Callable[[Field], Awaitable[None]]"
    quick_least: int = 1
    counted: str = "times"
    stall: float | None = STALL
    load: Load = Load()
    workers: int = 2
    partitions: int = 4
    environment: Mapping[str, str] = field(default_factory=dict)
    ground: OpenGround | None = None
    settle: float = 90.0
    unless: Callable[[], str | None] = lambda: None
    prepare: "Callable[[Field], Awaitable[None]] | None" = None
    also: "Callable[[Field], Iterable[str]] | None" = None
    share: float = 1.0

    def at_least(self, size: Size) -> int:
        """Return how often its fault must happen at this size."""
        return self.quick_least if size.quick else self.least

    def rate(self, size: Size) -> int:
        """Return reports a second at this size."""
        return self.load.quick_rate if size.quick else self.load.rate


def fixed(ground: Ground) -> OpenGround:
    """Return the ground that is there already."""

    @asynccontextmanager
    async def opened(_: Path) -> AsyncIterator[Ground]:
        yield ground

    return opened
