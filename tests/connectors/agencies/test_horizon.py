"""Both stores remember exactly what the horizon says, by a slow model; the one on disk does so over restarts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.agencies.client import Horizon, InMemory, Letter, NowhereToPut, SqliteStore
from contracts.codes import ReasonCode

IDS = st.sampled_from([f"asg-{n}" for n in range(8)])
STAMPS = st.integers(0, 40)
HORIZONS = st.builds(
    Horizon, st.integers(0, 6), st.none() | st.integers(0, 20).map(lambda ms: timedelta(milliseconds=ms))
)


class Model:
    """All that was ever handled, in order; slow and plain."""

    def __init__(self, horizon: Horizon) -> None:
        self.horizon = horizon
        self.handled: list[tuple[str, int]] = []

    def knows(self, id_: str) -> bool:
        newest = max((stamp for _, stamp in self.handled), default=0)
        recent = self.handled[-self.horizon.count :] if self.horizon.count else []
        span = self.horizon.span
        return any(
            each == id_ and (span is None or timedelta(milliseconds=newest - stamp) <= span) for each, stamp in recent
        )

    def remember(self, id_: str, stamp: int) -> None:
        if not self.knows(id_):
            self.handled.append((id_, stamp))


@contextmanager
def sqlite_store(horizon: Horizon) -> Iterator[SqliteStore]:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "taken.db", horizon) as store:
        yield store


@given(HORIZONS, st.lists(st.tuples(IDS, STAMPS), max_size=30))
def test_memory_knows_what_the_model_knows(horizon: Horizon, steps: list[tuple[str, int]]) -> None:
    store, model = InMemory(horizon), Model(horizon)
    for id_, stamp in steps:
        assert store.knows(id_) == model.knows(id_)
        store.remember(id_, stamp)
        model.remember(id_, stamp)
        assert all(store.knows(each) == model.knows(each) for each, _ in steps)
        assert len(store._known) <= horizon.count


@settings(max_examples=25, deadline=None)
@given(HORIZONS, st.lists(st.tuples(IDS, STAMPS), max_size=15), st.integers(0, 15))
def test_the_file_knows_what_memory_knows_and_over_a_restart(
    horizon: Horizon, steps: list[tuple[str, int]], restart: int
) -> None:
    memory = InMemory(horizon)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "taken.db"
        store = SqliteStore(path, horizon)
        for number, (id_, stamp) in enumerate(steps):
            if number == restart:
                store.close()
                store = SqliteStore(path, horizon)
            store.remember(id_, stamp)
            memory.remember(id_, stamp)
            assert all(store.knows(each) == memory.knows(each) for each, _ in steps)
        store.close()
        with closing(sqlite3.connect(path)) as base:
            assert base.execute("SELECT count(*) <= ? FROM handled", (horizon.count,)).fetchone() == (1,)


def letter(offset: int = 3, assignment: str | None = "asg-1") -> Letter:
    headers = (("ce_id", b"asg-1"), ("x", None))
    return Letter("t", 0, offset, 7, b"k", b"\xff\x00", headers, ReasonCode.PROCESSOR_FAILED, "OSError", assignment, 2)


def test_a_letter_is_kept_whole_and_once_and_its_assignment_is_known(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "taken.db") as store:
        store.set_aside(letter())
        store.set_aside(letter())
        store.set_aside(letter(4, None))
    with SqliteStore(tmp_path / "taken.db") as store:
        assert list(store.letters()) == [letter(), letter(4, None)]
        assert store.knows("asg-1")
        store.discard(letter())
        assert [each.offset for each in store.letters()] == [4]
        assert store.knows("asg-1")


def test_memory_refuses_a_letter() -> None:
    with pytest.raises(NowhereToPut, match="t/0/3: processor_failed"):
        InMemory().set_aside(letter())


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "taken.db") as store:
        store.remember("asg-1", 1)
        assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}


def test_a_file_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "taken.db")) as base:
        base.execute("PRAGMA user_version = 2")
    with pytest.raises(ValueError, match="newer release"):
        SqliteStore(tmp_path / "taken.db")


def test_two_processes_may_share_the_file(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "taken.db") as one, SqliteStore(tmp_path / "taken.db") as other:
        one.remember("asg-1", 1)
        assert other.knows("asg-1")
        other.remember("asg-2", 2)
        assert one.knows("asg-2")


def test_a_change_that_fails_is_undone_whole(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "taken.db") as store:
        store._base.execute(
            "CREATE TRIGGER full BEFORE INSERT ON handled BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        with pytest.raises(sqlite3.Error, match="disk is full"):
            store.set_aside(letter())
        assert list(store.letters()) == []
        store._base.execute("DROP TRIGGER full")
        store.set_aside(letter())
        assert store.knows("asg-1")
