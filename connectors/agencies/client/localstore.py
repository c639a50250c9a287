"""The store on the agency's own disk: one SQLite file with the ids that were handled and the letters put aside.

Each change is on the disk before it returns (a few ms). Processes on one machine may share the file.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

from connectors.agencies.client.horizon import Horizon
from connectors.agencies.client.letters import Letter
from contracts.codes import ReasonCode
from contracts.ports import Headers

_VERSION: Final = 1
_BUSY_SECONDS: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS handled (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
                                    stamp INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS newest (one INTEGER PRIMARY KEY CHECK (one = 1), stamp INTEGER NOT NULL);
INSERT OR IGNORE INTO newest VALUES (1, 0);
CREATE TABLE IF NOT EXISTS letters (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,
    part INTEGER NOT NULL, place INTEGER NOT NULL, stamp INTEGER NOT NULL, key BLOB, value BLOB, headers TEXT NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, assignment TEXT, tries INTEGER NOT NULL, UNIQUE (topic, part, place));
"""
_KNOWN: Final = """
SELECT number, handled.stamp, (SELECT seq FROM sqlite_sequence WHERE name = 'handled'), newest.stamp
FROM handled, newest WHERE id = ?
"""
_LETTER: Final = "INSERT OR IGNORE INTO letters VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteStore:
    """Remembers over restarts, and keeps letters. The file holds personal data and is its owner's alone (mode 600).

    Raises `sqlite3.Error` where the disk fails, and then nothing is taken for handled; `ValueError` for a file that a
    newer release has written.
    """

    def __init__(self, path: Path, horizon: Horizon | None = None) -> None:
        self._horizon = horizon or Horizon()
        path.touch(mode=0o600)
        # the blocking client opens it on one thread and closes it on another, one at a time
        self._base = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(path)
        except BaseException:
            self._base.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        with self._change():
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise ValueError(f"{path}: written by a newer release (version {version}, known is {_VERSION})")
            for statement in _SCHEMA.split(";\n"):
                self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {_VERSION}")

    def _change(self) -> "_Change":
        return _Change(self._base)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def knows(self, id_: str) -> bool:
        """Return whether this assignment was handled or put aside, within the horizon."""
        kept = self._base.execute(_KNOWN, (id_,)).fetchone()
        return kept is not None and self._horizon.covers(*kept)

    def remember(self, id_: str, stamp_ms: int) -> None:
        """Keep an id; what is known already keeps its place."""
        with self._change():
            self._remember(id_, stamp_ms)

    def _remember(self, id_: str, stamp_ms: int) -> None:
        if self.knows(id_):
            return
        done = self._base.execute("INSERT OR REPLACE INTO handled (id, stamp) VALUES (?, ?)", (id_, stamp_ms))
        self._base.execute("UPDATE newest SET stamp = MAX(stamp, ?)", (stamp_ms,))
        self._base.execute("DELETE FROM handled WHERE number <= ?", ((done.lastrowid or 0) - self._horizon.count,))

    def set_aside(self, letter: Letter) -> None:
        """Keep a letter and its assignment's id in one transaction; the same place on a topic is kept once."""
        with self._change():
            self._base.execute(_LETTER, _row(letter))
            if letter.assignment is not None:
                self._remember(letter.assignment, letter.timestamp)

    def letters(self) -> Sequence[Letter]:
        """Return the letters that are kept, oldest first."""
        with closing(self._base.execute("SELECT * FROM letters ORDER BY number")) as rows:
            return [_letter(row) for row in rows]

    def discard(self, letter: Letter) -> None:
        """Forget a letter that was handled after all."""
        where = (letter.topic, letter.partition, letter.offset)
        with self._change():
            self._base.execute("DELETE FROM letters WHERE topic = ? AND part = ? AND place = ?", where)


class _Change:
    """One transaction: writers take turns from its beginning, and it is whole or not at all."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        self._base.execute("BEGIN IMMEDIATE")

    def __exit__(self, failed: object, *_: object) -> None:
        self._base.execute("ROLLBACK" if failed else "COMMIT")


def _row(letter: Letter) -> tuple[Any, ...]:
    headers = json.dumps([[name, None if raw is None else raw.hex()] for name, raw in letter.headers])
    return (
        letter.topic, letter.partition, letter.offset, letter.timestamp, letter.key, letter.value, headers,
        letter.reason.value, letter.detail, letter.assignment, letter.tries,
    )  # fmt: skip


def _letter(row: tuple[Any, ...]) -> Letter:
    _, topic, partition, offset, stamp, key, value, told, reason, detail, assignment, tries = row
    headers: Headers = [(name, None if raw is None else bytes.fromhex(raw)) for name, raw in json.loads(told)]
    return Letter(
        topic, partition, offset, stamp, key, value, tuple(headers), ReasonCode(reason), detail, assignment, tries
    )
