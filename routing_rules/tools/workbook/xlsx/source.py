"""The files that a workbook was made from, kept in it: compressed, as texts that no program takes for numbers."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

PIECE: Final = 30_000
"""Characters in a cell; 32,767 is the most that the format allows."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""How large the files of a ruleset may be together."""


def packed(files: Mapping[str, bytes]) -> list[tuple[str, ...]]:
    """Return a row for each file: its name, its SHA-256, and its bytes in pieces."""
    return [(file, hashlib.sha256(files[file]).hexdigest(), *_pieces(files[file])) for file in sorted(files)]


def _pieces(content: bytes) -> list[str]:
    text = base64.b64encode(zlib.compress(content, 9)).decode()
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def unpacked(rows: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """Return the files. Raises ValueError where one is not what its SHA-256 says, or they are too large together."""
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    for file, digest, *pieces in rows:
        opener = zlib.decompressobj()
        try:
            content = opener.decompress(base64.b64decode("".join(pieces), validate=True), left + 1)
        except (binascii.Error, zlib.error) as error:
            raise ValueError(file) from error
        left -= len(content)
        if left < 0 or hashlib.sha256(content).hexdigest() != digest or not _within(file):
            raise ValueError(file)
        files[file] = content
    return files


def _within(file: str) -> bool:
    """Whether a name stays in the ruleset's folder."""
    parts = file.split("/")
    return len(parts) <= 2 and not any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)
