"""How long the broker may keep an empty fetch waiting: briefly while records come, longer once none do.

While a fetch waits at the broker, aiokafka begins no other there, and a partition whose records were being handled when
it began has to wait it out; so it must be short while a stage is at work. Nothing is at stake when nothing comes, and
each fetch names every partition anew: ten a second for each stage are most of what an idle worker costs.
"""

from collections.abc import Callable
from typing import Any, Final

QUIET_S: Final = 2.0
"""How long nothing must have come before a stage is taken to be idle."""
IDLE_WAIT_MS: Final = 1_000


class Attention:
    """Sets a consumer's wait. `monotonic` is the loop's clock, in seconds."""

    def __init__(self, consumer: Any, busy_wait_ms: int, monotonic: Callable[[], float]) -> None:
        self._consumer = consumer
        self._busy_wait_ms = busy_wait_ms
        self._monotonic = monotonic
        self._came_at = monotonic()
        self.idle = False

    def came(self) -> None:
        """Note that records came."""
        self._came_at = self._monotonic()
        if self.idle:
            self._set(idle=False)

    def look(self) -> None:
        """Find out whether the stage has become idle."""
        if not self.idle and self._monotonic() - self._came_at > QUIET_S:
            self._set(idle=True)

    def _set(self, *, idle: bool) -> None:
        fetcher = self._consumer._fetcher
        if fetcher is not None:  # it has none before it has started
            self.idle = idle
            fetcher._fetch_max_wait_ms = IDLE_WAIT_MS if idle else self._busy_wait_ms
