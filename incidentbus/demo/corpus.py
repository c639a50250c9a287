"""What the demo publishes: the channels' own samples, repeats and corrections, and what should never have been sent.

The ids that the witness goes by are read here from the channels' native fields, not through the codecs.
"""

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import orjson

_ID_FIELDS: Final = {
    "hotline-12345": "市受理编号",
    "urban-management": "任务号",
    "police-110": "JJDBH",
    "petition": "xfjbh",
}
_TELLINGS: Final = 3  # each sample is published under so many ids: 4 × 30 × 3 reports at least
_REPEAT_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class Telling:
    """One payload to publish. `external_id` is None where none can be read; `crc32` publishes as librdkafka would."""

    channel: str
    external_id: str | None
    payload: bytes
    crc32: bool = False

    def partition(self, partitions: int) -> int | None:
        """Return the partition that the publisher's client chooses; None leaves it to the client (murmur2)."""
        if not self.crc32 or self.external_id is None:
            return None
        return zlib.crc32(self.external_id.encode()) % partitions


def corpus() -> list[Telling]:
    """Return everything in the order in which it is published: reports of the channels in turn, then the rest."""
    turns = [list(_of_channel(channel)) for channel in _ID_FIELDS]
    mixed = [told for turn in zip(*turns, strict=False) for told in turn]
    shortest = min(map(len, turns))
    mixed += [told for turn in turns for told in turn[shortest:]]
    return [*mixed, *_repeats(mixed), *_corrections(), *_malformed()]


def _of_channel(channel: str) -> Iterator[Telling]:
    for telling in range(_TELLINGS):
        for number, body in enumerate(_samples(channel, "reports.ndjson")):
            named = _renamed(channel, body, telling)
            yield Telling(channel, named[_ID_FIELDS[channel]], orjson.dumps(named), crc32=number % 2 == 1)


def _renamed(channel: str, body: dict[str, Any], telling: int) -> dict[str, Any]:
    field = _ID_FIELDS[channel]
    return {**body, field: f"{body[field]}{telling:02d}"} if telling else body


def _repeats(told: list[Telling]) -> Iterator[Telling]:
    """Every fifth telling again, through the other kind of client: it may come on another partition."""
    for first in told[::_REPEAT_EVERY]:
        yield Telling(first.channel, first.external_id, first.payload, crc32=not first.crc32)


def _corrections() -> Iterator[Telling]:
    """The same ids with other bodies: facts about a case, never a second case."""
    for channel, field in _ID_FIELDS.items():
        for body in _samples(channel, "corrected.ndjson"):
            yield Telling(channel, body[field], orjson.dumps(body))


def _malformed() -> Iterator[Telling]:
    for channel in _ID_FIELDS:
        for case in _samples(channel, "malformed.ndjson"):
            yield Telling(channel, None, base64.b64decode(case["base64"]))


def _samples(channel: str, name: str) -> list[dict[str, Any]]:
    folder = files("connectors.channels") / channel.replace("-", "_") / "samples"
    lines = (folder / name).read_bytes().splitlines()
    return [orjson.loads(line) for line in lines if line.strip()]
