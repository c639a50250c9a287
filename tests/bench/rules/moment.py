"""The moment at which everything in `make bench-rules` is decided."""

from datetime import UTC, datetime
from typing import Final

NOW: Final = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
"""A working day, ten in the morning in the county."""
