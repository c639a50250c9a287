"""Inputs paused by the dead-letter bound, and their resumption: what lies on the compacted topic `bus.inputs.v1`.

Runtime and operators meet here. The runtime writes `paused` in the transaction of the turn that found the input bad;
an operator writes `resumed`; the last word under a key holds. A key is stage, topic and partition, because two stages
may read one topic and only one of them be in trouble. Whoever can write there could write anything: a figure that no
input has makes a record unreadable, and who reads it passes it over.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from contracts.errors import Permanent
from contracts.ports import Emit, InboundRecord
from contracts.serde import read, write
from contracts.topics import NAME

_YEAR_2000_MS: Final = 946_684_800_000
_YEAR_2100_MS: Final = 4_102_444_800_000
_TOPIC: Final = rf"^[a-z0-9.-]*{NAME.pattern.removeprefix('^')}"
_LARGEST_PARTITION: Final = (1 << 31) - 1
_LARGEST_OFFSET: Final = (1 << 63) - 1

DETAIL_LIMIT: Final = 1_000
"""Characters of `detail`."""
BY_LIMIT: Final = 200
"""Characters of `by`."""
ALLOWED_AT_MOST: Final = 1_000_000
"""Dead letters that one resumption may let through."""
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"  # it is shown on terminals

Line = Annotated[str, Field(max_length=BY_LIMIT, pattern=_PRINTABLE)]


class InputStatus(StrEnum):
    """Whether an input's records are taken."""

    PAUSED = "paused"
    RESUMED = "resumed"


class PauseReason(StrEnum):
    """Why the runtime stopped taking an input's records."""

    TOO_MANY_DEAD_LETTERS = "too_many_dead_letters"
    DEAD_LETTER_REFUSED = "dead_letter_refused"  # the dead-letter topic would not take it
    OFFSET_LOST = "offset_lost"  # its committed offset expired: resuming takes it from its first record
    RECORDS_LOST = "records_lost"  # retention removed records before they were taken: resuming goes on after the gap


class InputState(BaseModel):
    """The last word on one input.

    `offset` is the first record not taken, `at` is in ms within 2000-2099, `by` a stage or a person. `allow`: so many
    dead letters of the resumed input aren't held against it, for a burst that the operator has looked at.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: Line
    topic: str = Field(pattern=_TOPIC, max_length=249)
    partition: int = Field(ge=0, le=_LARGEST_PARTITION)
    status: InputStatus
    reason: PauseReason | None = None
    detail: str = Field(default="", max_length=DETAIL_LIMIT, pattern=_PRINTABLE)
    offset: int = Field(ge=0, le=_LARGEST_OFFSET)
    at: int = Field(ge=_YEAR_2000_MS, lt=_YEAR_2100_MS)
    by: Line
    allow: int | None = Field(default=None, ge=1, le=ALLOWED_AT_MOST)

    @property
    def key(self) -> bytes:
        """The record key: `stage/topic/partition`."""
        return f"{self.stage}/{self.topic}/{self.partition}".encode()

    def emit(self, topic: str) -> Emit:
        """Build the record that puts this state on the inputs topic, which has one partition."""
        return Emit(topic, 0, self.key, write(self))

    def resumed(self, *, by: str, at_ms: int, allow: int | None = None) -> "InputState":
        """Return what an operator writes to let a paused input go on. Raises pydantic's `ValidationError`."""
        said = {"status": InputStatus.RESUMED, "by": by, "at": at_ms, "allow": allow}
        return InputState.model_validate({**self.model_dump(), **said})


def input_state(record: InboundRecord) -> InputState | None:
    """Read one state back; None for a tombstone, for bytes that are no state, and for one under another's key."""
    if record.value is None:
        return None
    try:
        state = read(InputState, record.value)
    except Permanent:
        return None
    return state if record.key == state.key else None
