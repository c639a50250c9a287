"""The machine's clock: the one place where the time is asked for. Everywhere else it is an argument."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The wall clock."""

    def now_ms(self) -> int:
        """Return milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000


def utc_now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)
