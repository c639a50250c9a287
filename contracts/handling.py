"""What operators did about dead letters: redriven or discarded, by whom, once.

It lies on `bus.dead-letter-handling.v1`, compacted. The key is where the dead letter lies, so the record's absence
means that nobody has dealt with it yet. A redriven record that fails again becomes another dead letter, elsewhere.
"""

from enum import StrEnum
from typing import Self

from pydantic import Field

from contracts.errors import Permanent
from contracts.ports import Emit, InboundRecord
from contracts.report import Wire
from contracts.serde import read, write


class HandlingAction(StrEnum):
    """What was done."""

    REDRIVEN = "redriven"  # put back on its input, byte for byte
    DISCARDED = "discarded"  # left where it is, not to be taken up again


class DeadLetterHandling(Wire):
    """One dead letter's fate. `letter` is `topic/partition/offset` of the dead letter; `at` in ms since the epoch.

    `by` is an office or a service, never a person's name; `why` says on what ground it was discarded.
    """

    letter: str = Field(min_length=5, max_length=300)
    action: HandlingAction
    by: str = Field(min_length=1, max_length=128)
    at: int
    why: str = Field(default="", max_length=500)

    def emit(self, topic: str) -> Emit:
        """Build the record that puts this on the handling topic, which has one partition."""
        return Emit(topic, 0, self.letter.encode(), write(self))

    @classmethod
    def of(cls, record: InboundRecord) -> Self | None:
        """Read one back; None for a tombstone or for bytes that are no handling."""
        try:
            return read(cls, record.value) if record.value else None
        except Permanent:
            return None
