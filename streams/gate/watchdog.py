"""Ends a process that makes no progress. It is a thread of its own, for a loop that is stuck cannot watch itself."""

import threading
import time
from collections.abc import Callable


class Watchdog:
    """Expects a `beat` from everyone it knows within `limit_s`; else calls `exit_process` with a sentence, once."""

    def __init__(
        self,
        limit_s: float,
        exit_process: Callable[[str], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        every_s: float = 1.0,
    ) -> None:
        self._limit_s = limit_s
        self._exit = exit_process
        self._monotonic = monotonic
        self._every_s = min(every_s, limit_s / 4)
        self._beats: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gate-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Cease to watch."""
        self._stopped.set()

    def beat(self, who: str) -> None:
        """Note that `who` makes progress; the first beat makes it known."""
        self._beats[who] = self._monotonic()

    def forget(self, who: str) -> None:
        """Expect nothing of `who` any more."""
        self._beats.pop(who, None)

    def overdue(self) -> str | None:
        """Say who has been silent for too long, or None."""
        now = self._monotonic()
        for who, at in list(self._beats.items()):
            if now - at > self._limit_s:
                return f"{who} has made no progress for {now - at:.0f} s"
        return None

    def _watch(self) -> None:
        while not self._stopped.wait(self._every_s):
            if (sentence := self.overdue()) is not None:
                self._exit(sentence)
                return
