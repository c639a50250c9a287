"""The dead-letter bound of one input: how many of its records went wrong, and when that is too many.

Without it a bad deploy would drain a county into the dead letters. The count is part of a turn: an aborted turn did not
happen. It begins anew with the process, or when the input is resumed; that an input is paused is kept on the inputs
topic and outlives both. Whoever resumes may allow so many dead letters more: those are not counted.
"""

from dataclasses import dataclass

from streams.gate.stage import DeadLetterBound


@dataclass(slots=True)
class Tally:
    """Counts over the last records of an input; `seen` and `dead` are halved when `seen` reaches the window."""

    bound: DeadLetterBound
    run: int = 0
    seen: int = 0
    dead: int = 0
    allowed: int = 0

    def copy(self) -> "Tally":
        """Return one for a turn to count on."""
        return Tally(self.bound, self.run, self.seen, self.dead, self.allowed)

    def passed(self) -> None:
        """Count a record that was taken further."""
        self.run = 0
        self._see()

    def failed(self) -> None:
        """Count a record that is dead-lettered."""
        if self.allowed:
            self.allowed -= 1
            return
        self.run += 1
        self.dead += 1
        self._see()

    def one_too_many(self) -> str | None:
        """Say which limit one more dead letter would pass, or None."""
        if self.allowed:
            return None
        if self.run + 1 >= self.bound.run:
            return f"{self.run + 1} dead letters in a row"
        dead, seen = self.dead + 1, self.seen + 1
        if dead >= self.bound.least and dead > self.bound.ratio * seen:
            return f"{dead} dead letters among {seen} records"
        return None

    def _see(self) -> None:
        self.seen += 1
        if self.seen >= self.bound.window:
            self.seen //= 2
            self.dead //= 2
