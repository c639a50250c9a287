"""Inputs paused by the dead-letter bound, and their resumption: what lies on the compacted topic `bus.inputs.v1`.

Runtime and operators meet here. The runtime writes `paused` in the transaction of the turn that found the input bad;
an operator writes `resumed`; the last word under a key holds. A key is stage, topic and partition, because two stages
may read one topic and only one of them be in trouble.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from contracts.errors import Permanent
from contracts.ports import Emit, InboundRecord
from contracts.serde import read, write


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
    """The last word on one input. `offset` is the first record not taken, `at` in ms, `by` a stage or a person."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str
    topic: str
    partition: int
    status: InputStatus
    reason: PauseReason | None = None
    detail: str = ""
    offset: int
    at: int
    by: str

    @property
    def key(self) -> bytes:
        """The record key: `stage/topic/partition`."""
        return f"{self.stage}/{self.topic}/{self.partition}".encode()

    def emit(self, topic: str) -> Emit:
        """Build the record that puts this state on the inputs topic, which has one partition."""
        return Emit(topic, 0, self.key, write(self))

    def resumed(self, *, by: str, at_ms: int) -> "InputState":
        """Return what an operator writes to let a paused input go on."""
        return self.model_copy(update={"status": InputStatus.RESUMED, "by": by, "at": at_ms})


def input_state(record: InboundRecord) -> InputState | None:
    """Read one state back; None for a tombstone or for bytes that are no state."""
    if record.value is None:
        return None
    try:
        return read(InputState, record.value)
    except Permanent:
        return None
