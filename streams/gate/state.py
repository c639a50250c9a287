"""A task's state as a turn sees it: what is put lives in an overlay and reaches the state only after the commit.

An aborted turn drops its overlay, so that the retry finds the state as it was (hole G). Within a turn, what a record
put before it failed is taken back too: a dead letter leaves no trace in the state.
"""

from collections.abc import Mapping

Changes = Mapping[bytes, bytes | None]
"""Values by key as the turn leaves them; None for what it deleted."""


class Overlay:
    """The `State` port over a base that it never writes."""

    __slots__ = ("_base", "_kept", "_record")

    def __init__(self, base: Mapping[bytes, bytes]) -> None:
        self._base = base
        self._kept: dict[bytes, bytes | None] = {}
        self._record: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the value as this record sees it."""
        if key in self._record:
            return self._record[key]
        if key in self._kept:
            return self._kept[key]
        return self._base.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` if the record succeeds and the turn commits."""
        if type(key) is not bytes or type(value) is not bytes:
            raise TypeError("state keys and values are bytes")
        self._record[key] = value

    def delete(self, key: bytes) -> None:
        """Forget `key` if the record succeeds and the turn commits."""
        if type(key) is not bytes:
            raise TypeError("state keys are bytes")
        self._record[key] = None

    @property
    def touched(self) -> bool:
        """Whether the record at hand has changed anything."""
        return bool(self._record)

    @property
    def pending(self) -> Changes:
        """What the record at hand has changed so far."""
        return self._record

    def keep(self) -> None:
        """The record succeeded: its changes belong to the turn."""
        if self._record:
            self._kept.update(self._record)
            self._record.clear()

    def undo(self) -> None:
        """The record failed: it changed nothing."""
        self._record.clear()

    @property
    def changes(self) -> Changes:
        """What the turn has changed, the record at hand left out."""
        return self._kept


def merge(base: dict[bytes, bytes], changes: Changes) -> None:
    """Write a committed turn's changes into the state."""
    for key, value in changes.items():
        if value is None:
            base.pop(key, None)
        else:
            base[key] = value
