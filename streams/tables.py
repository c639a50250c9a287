"""Faust tables over changelogs that the registry declares: Faust creates no topic of ours and names none.

A table is a cache of its changelog, in memory; what may be lost must not stand here (DESIGN D4).
"""

from typing import Any, Final

import faust
from faust.tables import Table

RAW: Final[dict[str, Any]] = {
    "key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"
}  # fmt: skip
"""Bytes as they are: what stands in them is the processors' affair."""


class DeclaredTable(Table[bytes, bytes]):
    """A table of bytes by bytes whose changelog has the name that the registry gave it."""

    def __init__(self, app: faust.App, *, name: str, changelog: str, partitions: int) -> None:
        self._changelog = changelog
        super().__init__(app, name=name, partitions=partitions, key_type=bytes, value_type=bytes)

    def _changelog_topic_name(self) -> str:
        return self._changelog


def declared_table(app: faust.App, name: str, changelog: str, partitions: int) -> DeclaredTable:
    """Return a table of this app, kept on the topic `changelog`."""
    table = DeclaredTable(app, name=name, changelog=changelog, partitions=partitions)
    app.tables.add(table)
    return table
