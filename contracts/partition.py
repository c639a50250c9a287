"""Which partition a key belongs to, computed by us: publishers hash differently (GATE, hole F)."""

from functools import lru_cache
from struct import unpack
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of `data`, unsigned; the hash of Java's and aiokafka's default partitioners."""
    length = len(data)
    h = (_SEED ^ length) & _MASK
    body = length & ~3
    for word in unpack(f"<{body >> 2}I", data[:body]):
        k = (word * _M) & _MASK
        k ^= k >> 24
        h = ((h * _M) & _MASK) ^ ((k * _M) & _MASK)
    if tail := length - body:
        h ^= int.from_bytes(data[body : body + tail], "little")
        h = (h * _M) & _MASK
    h ^= h >> 13
    h = (h * _M) & _MASK
    return h ^ (h >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of `key` among `partitions`, as Kafka's Java client would choose it."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partition_of_id(incident: str, partitions: int) -> int:
    """Return the partition of an incident id, of whatever number of partitions."""
    return _hash_of_id(incident) % partitions


@lru_cache(maxsize=65_536)
def _hash_of_id(incident: str) -> int:
    """Return the hash that partitions are chosen by; remembered, for every record of a case asks again."""
    return murmur2(incident.encode()) & 0x7FFFFFFF
