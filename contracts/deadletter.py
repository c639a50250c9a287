"""Dead letters: a record that could not be taken further, kept whole with the reason (DESIGN §7).

A dead letter lies on `<input topic>.dlq`, in the partition and under the key it came with, with its own headers and
bytes; what was wrong with it is in headers that begin with `dlq_`. When the value is larger than the dead-letter topic
takes, its head is kept with the SHA-256 of the whole. Redriving a dead letter means writing key, value and the original
headers back to `dlq_topic`. Nothing here reads a value: it may hold personal data.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from contracts.codes import ReasonCode
from contracts.ports import Emit, Headers, InboundRecord
from contracts.topics import DLQ_SUFFIX

PREFIX: Final = "dlq_"
REASON: Final = "dlq_reason"
STAGE: Final = "dlq_stage"
TOPIC: Final = "dlq_topic"
PARTITION: Final = "dlq_partition"
OFFSET: Final = "dlq_offset"
TIMESTAMP: Final = "dlq_timestamp"
DETAIL: Final = "dlq_detail"
AT: Final = "dlq_at"
SHA256: Final = "dlq_sha256"
TRUNCATED: Final = "dlq_truncated"
DROPPED: Final = "dlq_dropped"
DETAIL_LIMIT: Final = 300
"""Characters kept of a detail: a field's name or a limit, never a reporter's words."""
ROOM: Final = 1_048_588 - 1_024
"""Bytes of key, value and headers that a topic with Kafka's default limit takes."""
_MARGIN: Final = 12  # lengths of one header on the wire, at most
_CUT: Final = 160  # what the headers that tell of a cut take


def dead_letter_topic(topic: str) -> str:
    """Return the topic where the dead letters of `topic` lie."""
    return topic + DLQ_SUFFIX


class DeadLetter(BaseModel):
    """A dead letter as read back. Times are in ms since the epoch; `length` counts the original value's bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: ReasonCode
    stage: str
    topic: str
    partition: int
    offset: int
    timestamp: int
    detail: str = ""
    at: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    sha256: str | None = None
    length: int | None = None
    dropped: str = ""

    @property
    def truncated(self) -> bool:
        """Whether something did not fit: the value's tail, the headers, the key. Such a letter cannot be redriven."""
        return self.sha256 is not None or bool(self.dropped)

    @classmethod
    def of(cls, record: InboundRecord) -> Self:
        """Read one back from `<topic>.dlq`.

        Raises `ValueError` (pydantic's `ValidationError` among them) when a `dlq_` header is missing or unreadable.
        """
        ours = {name: value or b"" for name, value in record.headers if name.startswith(PREFIX)}
        fields = {name.removeprefix(PREFIX): value.decode() for name, value in ours.items()}
        length = fields.pop("truncated", None)
        return cls.model_validate(
            {
                **fields,
                "key": record.key,
                "value": record.value,
                "headers": tuple((n, v) for n, v in record.headers if not n.startswith(PREFIX)),
                "length": int(length) if length is not None else _length(record.value),
            }
        )


def _length(value: bytes | None) -> int | None:
    return None if value is None else len(value)


def dead_letter(
    record: InboundRecord, reason: ReasonCode, detail: str, *, stage: str, at_ms: int, room: int = ROOM
) -> Emit:
    """Build the dead letter of `record`: the original bytes under their key, in their partition, with the reason.

    `room` is how many bytes of key, value and headers together the dead-letter topic takes. What is larger loses the
    tail of its value, named by SHA-256 and length, and if that is not enough its headers and then its key.
    """
    ours: list[tuple[str, bytes | None]] = [
        (REASON, reason.value.encode()),
        (STAGE, stage.encode()),
        (TOPIC, record.topic.encode()),
        (PARTITION, b"%d" % record.partition),
        (OFFSET, b"%d" % record.offset),
        (TIMESTAMP, b"%d" % record.timestamp),
        (DETAIL, detail[:DETAIL_LIMIT].encode("utf-8", "replace")),
        (AT, b"%d" % at_ms),
    ]
    theirs = [(name, value) for name, value in record.headers if not name.startswith(PREFIX)]
    key, value = record.key, record.value
    if _size(theirs) + _size(ours) + len(key or b"") + len(value or b"") > room:
        theirs, key, value, told = _cut(record, theirs, room - _size(ours) - _CUT)
        ours += told
    return Emit(dead_letter_topic(record.topic), record.partition, key, value, theirs + ours)


_HeaderList = list[tuple[str, bytes | None]]


def _cut(
    record: InboundRecord, headers: _HeaderList, room: int
) -> tuple[_HeaderList, bytes | None, bytes | None, _HeaderList]:
    dropped = []
    key = record.key
    if _size(headers) + len(key or b"") > room:
        headers = []
        dropped.append("headers")
    if len(key or b"") > room:
        key = None
        dropped.append("key")
    told: _HeaderList = [(DROPPED, ",".join(dropped).encode())] if dropped else []
    value = record.value
    head = max(room - _size(headers) - len(key or b""), 0)
    if value is not None and len(value) > head:
        told += [(SHA256, sha256(value).hexdigest().encode()), (TRUNCATED, b"%d" % len(value))]
        value = value[:head]
    return headers, key, value, told


def _size(headers: Headers) -> int:
    return sum(4 * len(name) + len(value or b"") + _MARGIN for name, value in headers)


def original(letter: DeadLetter, partition: int | None = None) -> Emit:
    """Build what puts the record back where it came from.

    Raises `ValueError` for a truncated letter: its bytes are gone.
    """
    if letter.truncated:
        raise ValueError("not all of this record was kept: it cannot be redriven")
    where = letter.partition if partition is None else partition
    return Emit(letter.topic, where, letter.key, letter.value, letter.headers)


__all__: Sequence[str] = ["DeadLetter", "dead_letter", "dead_letter_topic", "original"]
