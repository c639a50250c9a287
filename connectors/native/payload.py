"""Bytes to a channel's native form, once: what cannot be read says why in a word of the closed list.

The common payload costs one pass of pydantic's own parser. Only what that refuses is looked at again, and there what a
person would read through is mended: a byte order mark, NUL padding, raw control characters, an emoji cut in half.
"""

import re
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.serde import permanent_from

MAX_DEPTH: Final = 64

_BRACKETS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_ESCAPES: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_BLANKED: Final = bytes(0x20 if byte in b"\t\n\r" else byte for byte in range(256))
_DROPPED: Final = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Native(BaseModel):
    """Base of every native form: fields it does not name are passed over, a number where text is due is text."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


N = TypeVar("N", bound=Native)


def parse(form: type[N], payload: bytes) -> tuple[N, bool]:
    """Return the payload in its native form, and whether bytes had to be mended for it.

    Raises `Permanent`: empty_payload, nested_too_deep, wrong_encoding, unparsable, or the field at fault.
    """
    if not payload.strip(b" \t\r\n\x00"):
        raise Permanent(ReasonCode.EMPTY_PAYLOAD, "no bytes" if not payload else "nothing but blanks")
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH and _depth(payload) > MAX_DEPTH:
        raise Permanent(ReasonCode.NESTED_TOO_DEEP, f"more than {MAX_DEPTH} levels")
    try:
        return form.model_validate_json(payload), False
    except ValidationError as error:
        if _syntax(error) is None:
            raise permanent_from(error) from None
    return _second_look(form, payload)


def _second_look(form: type[N], payload: bytes) -> tuple[N, bool]:
    _refuse_other_encodings(payload)
    bare = payload.removeprefix(_BOM)
    mended = _mend(bare)
    try:
        return form.model_validate_json(mended), mended != bare
    except ValidationError as error:
        syntax = _syntax(error)
        if syntax is None:
            raise permanent_from(error) from None
        said = "markup, such as a gateway's error page" if bare.lstrip().startswith(b"<") else syntax
        raise Permanent(ReasonCode.UNPARSABLE, said) from None


def _syntax(error: ValidationError) -> str | None:
    """Return what the parser said of broken JSON (positions, no content); None where the JSON itself was sound."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] != "json_invalid":
        return None
    said: Any = first.get("ctx", {}).get("error", "json_invalid")
    return str(said)[:200]


def _refuse_other_encodings(payload: bytes) -> None:
    if payload.startswith(_UTF16):
        raise Permanent(ReasonCode.WRONG_ENCODING, "UTF-16, not UTF-8")
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise Permanent(ReasonCode.UNPARSABLE, "cut off within a character") from None
        raise Permanent(ReasonCode.WRONG_ENCODING, _likely_encoding(payload, error.start)) from None


def _likely_encoding(payload: bytes, position: int) -> str:
    try:
        orjson.loads(payload.decode("gb18030"))
    except ValueError:
        return f"not UTF-8 from byte {position}"
    return f"not UTF-8 from byte {position}; sound JSON when read as GB18030 (GBK)"


def _mend(payload: bytes) -> bytes:
    """Take out raw control characters (a raw line break becomes a blank) and replace halves of surrogate pairs."""
    return _ESCAPES.sub(_whole, payload.translate(_BLANKED, _DROPPED))


def _whole(found: re.Match[bytes]) -> bytes:
    return found[0] if found[1] is None else b"\\ufffd"


def _depth(payload: bytes) -> int:
    """Return how deep brackets nest outside strings; linear in the payload, whatever it holds."""
    deepest = level = 0
    for found in _BRACKETS.finditer(payload):
        first = payload[found.start()]
        if first in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif first in b"]}":
            level -= 1
    return deepest


__all__ = ["MAX_DEPTH", "Native", "parse"]
