"""The channels' bundled samples, read from their folders: what `make demo` publishes and what the tests decode.

Invented payloads in each channel's native form. Here is I/O (package data); a codec never looks at its samples.
"""

import base64
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import orjson

from contracts.codes import ReasonCode


class Malformed(NamedTuple):
    """A damaged payload and the reason of the dead letter that it must become.

    `name` is kebab-case and unique in its channel; `title` says in Chinese what is wrong.
    """

    name: str
    title: str
    payload: bytes
    reason: ReasonCode


def reports(channel: str) -> list[bytes]:
    """Return the sound payloads of a channel, each with an external id of its own."""
    return _lines(channel, "reports")


def corrected(channel: str) -> list[bytes]:
    """Return later versions of some of `reports`: the same external ids with other bodies."""
    return _lines(channel, "corrected")


def odd(channel: str) -> list[bytes]:
    """Return payloads that a person would accept and a codec accepts: other time forms, swapped points, emoji, NULs."""
    return _lines(channel, "odd")


def malformed(channel: str) -> list[Malformed]:
    """Return the damaged payloads of a channel: none can be read."""
    rows = map(orjson.loads, _lines(channel, "malformed"))
    return [
        Malformed(row["name"], row["title"], base64.b64decode(row["base64"]), ReasonCode(row["reason"])) for row in rows
    ]


def mended(channel: str) -> list[bytes]:
    """Return payloads whose bytes are damaged as a person would read through; the first sample's id, another body."""
    return [base64.b64decode(orjson.loads(line)["base64"]) for line in _lines(channel, "mended")]


def _lines(channel: str, name: str) -> list[bytes]:
    return _folder(channel).joinpath(f"{name}.ndjson").read_bytes().splitlines()


def _folder(channel: str) -> Traversable:
    return files("connectors.channels") / channel.replace("-", "_") / "samples"


__all__ = ["Malformed", "corrected", "malformed", "mended", "odd", "reports"]
