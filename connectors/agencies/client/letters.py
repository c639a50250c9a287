"""What an agency could not handle and puts aside, and what keeps it: the agency's own dead letters.

They stay with the agency (ADR 0109): the fault is its own, and the bus lets it write to its feedback topic alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.codes import ReasonCode
from contracts.ports import Headers, InboundRecord


class NowhereToPut(Exception):
    """Something can't be handled and no lasting store was given: the client stops rather than lose it."""


class TooManySetAside(Exception):
    """So many in a row could not be handled that the fault is not theirs; the last one was not put aside."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One record put aside, whole, with why. Its value may hold personal data; its detail never does.

    `assignment` is its id, or that of a notice; None where the record could not be read as either. `timestamp` is in
    ms since the epoch; `tries` is how often the handler was called.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: ReasonCode
    detail: str = ""
    assignment: str | None = None
    tries: int = 0


def letter_of(record: InboundRecord, reason: ReasonCode, detail: str, assignment: str | None, tries: int) -> Letter:
    """Return the record as a letter."""
    return Letter(
        record.topic, record.partition, record.offset, record.timestamp, record.key, record.value,
        tuple(record.headers), reason, detail, assignment, tries,
    )  # fmt: skip


class Store(Protocol):
    """What remembers: handled ids within a horizon, and letters. An agency may bring one on its own database."""

    def knows(self, id_: str) -> bool:
        """Return whether this assignment or notice was handled or put aside, within the horizon."""

    def remember(self, id_: str, stamp_ms: int) -> None:
        """Keep the id of what was handled; `stamp_ms` is its record's. It must be lasting when this returns."""

    def set_aside(self, letter: Letter) -> None:
        """Keep a letter, and its id as handled, in one step. Raises `NowhereToPut` if it can't."""

    def letters(self) -> Sequence[Letter]:
        """Return the letters that are kept, oldest first."""

    def discard(self, letter: Letter) -> None:
        """Forget a letter that was handled after all."""
