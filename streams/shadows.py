"""A ruleset in shadow: decides beside the one in force, is watched, and leaves at its first misstep. It writes nothing.

What it costs is measured decision by decision on a clock that the assembly hands in (CPU of the thread, so that a busy
machine accuses nobody). Every decision earns `ALLOWANCE` and pays what it took; who is in debt is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contracts.rulesetact import DropReason
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Ruleset

ALLOWANCE: Final = 0.000_25
"""Seconds of CPU that a decision in shadow may take on average."""
SAVED_UP: Final = 0.25
"""Seconds that can be saved up: what the first decisions take while nothing is remembered yet, and collections."""

_READ_BY_INTAKE: Final = (
    "root", "tiers", "channels", "kind_default", "kind_words", "agencies", "jurisdictions", "categories", "places",
    "areas", "word_lists", "outside", "classify", "short_name", "timezone",
)  # fmt: skip


@dataclass(slots=True)
class Shadow:
    """One ruleset in shadow on this worker. `because` is set once, and then it decides no more."""

    compiled: Compiled
    clock: Callable[[], float]
    allowance: float = ALLOWANCE
    credit: float = SAVED_UP
    decided: int = 0
    because: DropReason | None = None
    detail: str = ""

    @property
    def hash(self) -> str:
        """The digest of its content."""
        return self.compiled.ruleset.hash

    def pay(self, seconds: float) -> None:
        """Enter what one decision took; whoever has nothing left is dropped after it."""
        self.decided += 1
        self.credit = min(SAVED_UP, self.credit + self.allowance) - seconds
        if self.credit < 0:
            self.drop(
                DropReason.TOO_SLOW,
                f"decision {self.decided} took {seconds * 1000:.2f} ms of CPU, and on average "
                f"{self.allowance * 1000:.2f} ms are allowed",
            )

    def drop(self, because: DropReason, detail: str) -> None:
        """Let it decide no more; the first reason stays."""
        if self.because is None:
            self.because, self.detail = because, detail


def reads_alike(one: Ruleset, other: Ruleset) -> bool:
    """Say whether intake would understand every report alike by both: then the shadow needn't read it again."""
    return all(getattr(one, name) == getattr(other, name) for name in _READ_BY_INTAKE)
