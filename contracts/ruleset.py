"""A ruleset on its way to the workers: the whole of its files, and the pointer that says which one is in force."""

import base64
import zlib

from pydantic import AwareDatetime, Field

from contracts.report import Code, Wire


class RulesetBundle(Wire):
    """Every file of a ruleset, as on `bus.rulesets.v1` under its content hash.

    `packed` maps a path to its bytes, deflated and in base 64: a county's files shrink to a tenth of the topic's limit.
    """

    id: Code
    version: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    published_at: AwareDatetime
    published_by: str
    packed: dict[str, str]

    def files(self) -> dict[str, bytes]:
        """Return path → bytes. Raises `ValueError` where a file does not unpack."""
        try:
            return {path: zlib.decompress(base64.b64decode(raw, validate=True)) for path, raw in self.packed.items()}
        except zlib.error as error:
            raise ValueError("a file of the ruleset does not unpack") from error


class RulesetPointer(Wire):
    """Which ruleset decides now: the one record of `bus.ruleset-in-force.v1`."""

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: str
    set_at: AwareDatetime
    set_by: str
    reason: str = ""


def pack(files: dict[str, bytes]) -> dict[str, str]:
    """Return files as a bundle carries them."""
    return {path: base64.b64encode(zlib.compress(raw, 9)).decode() for path, raw in sorted(files.items())}
