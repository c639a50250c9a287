"""The last defence of reporters' data in logs and listings: what looks personal does not show.

The first defence is that nobody hands such data over. Here keys that name personal data lose their value, bytes become
their length, long texts are cut, and numbers that look like a mobile phone or an identity card are struck out.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"
LIMIT: Final = 300
PERSONAL: Final = frozenset(
    {
        "name", "phone", "mobile", "telephone", "tel", "email", "address", "id_number", "idcard", "reporter",
        "text", "title", "note", "content", "description", "payload", "value", "body", "data", "native", "raw",
    }
)  # fmt: skip
"""Keys whose value never shows, in any case of letters."""

_PHONE: Final = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9][0-9]{9}(?![0-9A-Za-z])")
_LANDLINE: Final = re.compile(r"(?<![0-9A-Za-z])0[0-9]{2,3}-[0-9]{7,8}(?![0-9A-Za-z])")
_ID_CARD: Final = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])")


def mask_text(text: str, limit: int = LIMIT) -> str:
    """Return `text` without telephone and identity numbers, at most `limit` characters of it."""
    cut = text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
    return _PHONE.sub(MASK, _LANDLINE.sub(MASK, _ID_CARD.sub(MASK, cut)))


def mask(value: Any, key: str = "") -> Any:
    """Return `value` as it may show under `key`: of the same shape, without personal data."""
    if key.lower() in PERSONAL:
        return value if value is None or isinstance(value, bool) else MASK
    if isinstance(value, Mapping):
        return {name: mask(item, str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask(item) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    return mask_text(value) if isinstance(value, str) else value


def outline(value: Any) -> Any:
    """Return the shape of a payload and none of its content: field names, with lengths for texts."""
    if isinstance(value, Mapping):
        return {str(name)[:60]: outline(item) for name, item in value.items()}
    if isinstance(value, list):
        return [outline(item) for item in value[:20]]
    if isinstance(value, str):
        return f"<{len(value)} characters>"
    return value if value is None or isinstance(value, bool) else f"<{type(value).__name__}>"
