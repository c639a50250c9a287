"""The dead-letter bound of one input: how many of its records went wrong, and when that is too many.

Without it a bad deploy would drain a county into the dead letters. The count is part of a turn: an aborted turn did not
happen. It begins anew with the process, or when the input is resumed; that an input is paused is kept on the inputs
topic and outlives both.
"""

from typing import NamedTuple

from streams.gate.stage import DeadLetterBound


class Tally(NamedTuple):
    """Counts over the last records of an input; `seen` and `dead` are halved when `seen` reaches the window."""

    run: int = 0
    seen: int = 0
    dead: int = 0

    def passed(self, bound: DeadLetterBound) -> "Tally":
        """Count a record that was taken further."""
        return Tally(0, self.seen + 1, self.dead)._faded(bound)

    def failed(self, bound: DeadLetterBound) -> "Tally":
        """Count a record that was dead-lettered."""
        return Tally(self.run + 1, self.seen + 1, self.dead + 1)._faded(bound)

    def too_many(self, bound: DeadLetterBound) -> str | None:
        """Say which limit is passed, or None."""
        if self.run >= bound.run:
            return f"{self.run} dead letters in a row"
        if self.dead >= bound.least and self.dead > bound.ratio * self.seen:
            return f"{self.dead} dead letters among {self.seen} records"
        return None

    def _faded(self, bound: DeadLetterBound) -> "Tally":
        if self.seen < bound.window:
            return self
        return Tally(self.run, self.seen // 2, self.dead // 2)
