"""The moments at which everything in `make bench-rules` is decided."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

NOW: Final = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
"""A working day, ten in the morning in the county."""

TOGETHER: Final = 100
"""Incidents that have one stamp: the broker stamps a batch of records, and a turn of intake appends hundreds to each
partition under load (`make bench-gate` prints how many a turn takes)."""


def stamps() -> Iterator[datetime]:
    """Yield the broker's stamp of each incident in turn: batches of `TOGETHER`, a tenth of a second apart."""
    for batch in count():
        yield from (NOW + batch * timedelta(milliseconds=100) for _ in range(TOGETHER))
