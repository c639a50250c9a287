"""A ruleset on its way to the workers: the whole of its files, and the pointer that says which one is in force."""

import base64
import zlib
from typing import Final

from pydantic import Field

from contracts.moments import Moment
from contracts.report import Code, Wire

LARGEST_FILE: Final = 4 * 1024 * 1024
LARGEST_RULESET: Final = 16 * 1024 * 1024
"""Bytes; a county's whole ruleset is some 300 kB."""


class RulesetBundle(Wire):
    """Every file of a ruleset, as on `bus.rulesets.v1` under its content hash.

    `packed` maps a path to its bytes, deflated and in base 64: a county's files shrink to a tenth of the topic's limit.
    """

    id: Code
    version: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    published_at: Moment
    published_by: str
    packed: dict[str, str]

    def files(self) -> dict[str, bytes]:
        """Return path → bytes. Raises `ValueError` where a file does not unpack, or would be larger than rules are."""
        unpacked: dict[str, bytes] = {}
        room = LARGEST_RULESET
        for path, raw in self.packed.items():
            unpacked[path] = _unpacked(raw, min(room, LARGEST_FILE))
            room -= len(unpacked[path])
        return unpacked


def _unpacked(raw: str, most: int) -> bytes:
    """Unpack one file; a bomb is given up at `most` bytes, not after it went off."""
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(base64.b64decode(raw, validate=True), most + 1)
    except zlib.error as error:
        raise ValueError("a file of the ruleset does not unpack") from error
    if len(content) > most or not inflate.eof:
        raise ValueError(f"a file of the ruleset is cut off or unpacks to more than {most} bytes")
    return content


class RulesetPointer(Wire):
    """Which ruleset decides now: the one record of `bus.ruleset-in-force.v1`."""

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: str
    set_at: Moment
    set_by: str
    reason: str = ""


def pack(files: dict[str, bytes]) -> dict[str, str]:
    """Return files as a bundle carries them."""
    return {path: base64.b64encode(zlib.compress(raw, 9)).decode() for path, raw in sorted(files.items())}
