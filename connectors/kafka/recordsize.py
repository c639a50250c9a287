"""How many bytes a record takes on the broker, so that one over the topic's limit is refused before it is sent.

The figures are those of Kafka's record batch, version 2: the limit is on the batch, and a large record is a batch of
its own, uncompressed.
"""

from collections.abc import Sequence
from typing import Final

_BATCH: Final = 61  # base offset to record count
_FIXED: Final = 3  # attributes, timestamp delta 0, offset delta 0


def record_batch_size(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = ()) -> int:
    """Return the size in bytes of a batch with this record alone, exactly as the broker measures it."""
    body = _FIXED + _sized(key) + _sized(value) + _varint(len(headers))
    body += sum(_sized(name.encode()) + _sized(content) for name, content in headers)
    return _BATCH + _varint(body) + body


def _sized(content: bytes | None) -> int:
    return _varint(-1) if content is None else _varint(len(content)) + len(content)


def _varint(number: int) -> int:
    """Return how many bytes a zigzag variable-length integer takes."""
    zigzag = (number << 1) ^ (number >> 63)
    return max(1, -(-zigzag.bit_length() // 7))
