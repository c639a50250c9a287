"""What is in hand is lost by nothing: by no way of breaking off, by no disk and no commit that fails."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.agencies.client import Counts, Horizon, InMemory, SqliteStore
from connectors.agencies.client.simulated import SimulatedBus
from connectors.agencies.client.taking import Taking
from contracts.assignment import Assignment
from contracts.serde import read

GOLDEN = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "assignments" / "lead.json"
LEAD = read(Assignment, GOLDEN.read_bytes())
SOME = [replace(LEAD, id=f"asg-{n}", incident=f"inc-{n}") for n in range(6)]


class Broken(Exception):
    """What an agency's own work raises here."""


def _fail() -> None:
    raise Broken


ENDS = st.sampled_from(["ok", "ok", "done", "error", "break", "restart", "lost commit", "repeat"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=10), st.lists(ENDS, max_size=25))
def test_each_is_handled_once_and_in_order_however_the_loop_ends(numbers: list[int], ends: list[str]) -> None:
    handled, store = asyncio.run(_worked(numbers, ends))
    assert handled == list(dict.fromkeys(SOME[number].id for number in numbers))
    assert all(store.knows(id_) for id_ in handled)


async def _worked(numbers: list[int], ends: list[str]) -> tuple[list[str], InMemory]:
    bus, store, handled, left = SimulatedBus(LEAD.agency), InMemory(Horizon()), list[str](), list(reversed(ends))
    bus.assign(*(SOME[number] for number in numbers))
    while True:
        async with bus.connect(store) as client:
            end = ""
            while end not in ("restart", "all"):
                end = await _one_loop(bus, client, handled, left)
        if end == "all":
            return handled, store


async def _one_loop(bus: SimulatedBus, client: Any, handled: list[str], left: list[str]) -> str:
    try:
        async for each in client.assignments():
            end = left.pop() if left else "ok"
            if end == "error":
                _fail()
            if end in ("break", "restart"):
                return end
            handled.append(each.id)
            if end == "done":
                await client.done(each)
                return end
            if end == "lost commit":
                bus.lose_commits(1)
            if end == "repeat":
                bus.redeliver(bus.committed)  # the one in hand
    except Broken:
        return "error"
    return "all"


async def test_a_newer_iteration_ends_the_older_one() -> None:
    bus = SimulatedBus(LEAD.agency)
    bus.assign(*SOME)
    async with bus.connect() as client:
        older = client.assignments()
        assert await anext(older) == SOME[0]
        newer = client.assignments()
        with pytest.raises(RuntimeError, match="another iteration"):
            await anext(older)
        assert await anext(newer) == SOME[0]


class Noting:
    """A source of one record after another that notes, or refuses, what is committed."""

    def __init__(self, book: list[str]) -> None:
        self.bus = SimulatedBus(LEAD.agency)
        self.bus.assign(*SOME)
        self.book = book
        self.refuses = False
        self.place = 0

    async def record(self) -> Any:
        self.place += 1
        return self.bus._log[self.place - 1]

    async def commit(self, record: Any) -> None:
        if self.refuses:
            raise ConnectionError
        self.book.append(f"committed {record.offset}")

    def passed(self, record: Any) -> None:
        self.book.append(f"passed {record.offset}")

    async def rewind(self) -> None:
        self.book.append("rewound")
        self.place = 0


class NotingStore(InMemory):
    """A store that notes what it remembers."""

    def __init__(self, book: list[str]) -> None:
        super().__init__()
        self.book = book

    def remember(self, id_: str, stamp_ms: int) -> None:
        super().remember(id_, stamp_ms)
        self.book.append(f"remembered {id_}")


async def test_it_is_remembered_before_it_is_committed_and_a_commit_that_fails_repeats_nothing() -> None:
    book: list[str] = []
    source = Noting(book)
    taking = Taking(source, LEAD.agency, NotingStore(book), Counts(), 5)
    run = taking.begin()
    assert await taking.next(run) == SOME[0]
    assert await taking.next(run) == SOME[1]
    assert book == ["remembered asg-0", "committed 0"]
    source.refuses = True
    with pytest.raises(ConnectionError):
        await taking.next(run)
    source.refuses = False
    book.clear()
    assert await taking.next(run) == SOME[2]
    assert book == ["rewound", "passed 0", "passed 1"]


async def test_a_disk_that_fails_commits_nothing_and_keeps_it_in_hand(tmp_path: Path) -> None:
    book: list[str] = []
    with SqliteStore(tmp_path / "taken.db") as store:
        taking = Taking(Noting(book), LEAD.agency, store, Counts(), 5)
        run = taking.begin()
        await taking.next(run)
        store._base.execute(
            "CREATE TRIGGER full BEFORE INSERT ON handled BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        with pytest.raises(sqlite3.Error, match="disk is full"):
            await taking.next(run)
        assert book == []
        assert taking.holds(SOME[0])
        store._base.execute("DROP TRIGGER full")
        assert await taking.next(run) == SOME[1]
        assert book == ["committed 0", "rewound", "passed 0"]
