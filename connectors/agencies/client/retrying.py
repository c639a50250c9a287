"""How often and after how long an agency's work is tried again. Pure: it says how long to wait and never waits."""

from dataclasses import dataclass

from contracts.errors import Permanent, Temporary


@dataclass(frozen=True, slots=True)
class Retry:
    """Tries in all, and the pauses between them in seconds: `first`, then `factor` times as long, up to `ceiling`.

    The default waits 64 seconds in all. Those behind wait too: nothing overtakes within an agency's partition.
    """

    tries: int = 8
    first: float = 0.5
    factor: float = 2.0
    ceiling: float = 60.0

    def pause(self, tried: int, error: Exception) -> float | None:
        """Return how long to wait after the `tried`th failure, None to give up.

        `Permanent` is given up at once. `Temporary` says itself how long it wants at least. Any other error of the
        handler may pass too (an agency's own database raises its own kind) and is tried again.
        """
        if isinstance(error, Permanent) or tried >= self.tries:
            return None
        wanted = error.delay if isinstance(error, Temporary) else 0.0
        # the exponent is bounded: a float has no 2^2000
        return max(wanted, min(self.ceiling, self.first * self.factor ** min(tried - 1, 60)))
