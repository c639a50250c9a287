"""The last defence of reporters' data in logs and listings: what looks personal does not show.

The first defence is that nobody hands such data over. Here keys that name personal data lose their value, bytes become
their length, and texts go through the mask that agencies' copies go through, then are cut. Our own references stay
legible: an id, a digest, a position, an offset is a run of digits to that mask, and what logs are read for.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from routing_rules.engine.masking import masked

MASK: Final = "***"
LIMIT: Final = 300
PERSONAL: Final = frozenset(
    {
        "name", "phone", "mobile", "telephone", "tel", "email", "address", "id_number", "idcard", "reporter",
        "text", "title", "note", "content", "description", "payload", "value", "body", "data", "native", "raw",
        # the channels' own: hotline-12345
        "诉求人", "来电号码", "联系电话", "诉求人地址", "发生地", "标题", "内容",
        # police-110: who calls, by which numbers, from where; where it happened, what was said
        "bjrmc", "bjdh", "lxdh", "bjdhyhm", "bjrzjhm", "bjdz", "jqdz", "bjnr", "bkryqksm", "ssryqksm",
        # petition: who petitions, numbers, home; against whom; where and what
        "xm", "sjhm", "zjhm", "zz", "bfyr", "wtdz", "gsbt", "gsnr",
        # urban-management
        "监督员", "监督员编号", "举报人", "举报电话", "地址描述", "问题描述",
        # message-board, nyc-311
        "user", "incident address", "descriptor",
    }
)  # fmt: skip
"""Keys whose value never shows, in any case of letters."""

_LONGEST: Final = 320
"""Characters of the longest thing that the mask knows, an e-mail address; longer runs of digits are masked in part too.
So much is looked at beyond the cut, and no more: a text of megabytes costs what a short one costs."""

_NUMBER: Final = r"(?:\d{1,10}|1\d{12})(?!\d)"
"""An offset, a size, a port; thirteen digits are milliseconds since the epoch."""

_OURS: Final = re.compile(
    r"\b(?:inc|dec|asg|fct|dir)-[0-9a-f]{20,28}\b"
    # a digest, or the beginning of one; not the part of an e-mail address before its @
    r"|(?<![^\s:=\"'(,/])(?:[0-9a-f]{32,128}|(?=\d*[a-f])(?![0-9a-f]*\d{11})[0-9a-f]{10,31})(?![\w.%+-]*[\w@])"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?(?![0-9A-Za-z])"
    rf"|(?<![\w.-])[a-z][\w.-]*/\d{{1,5}}/{_NUMBER}"  # topic/partition/offset
    rf"|\b(?:offsets?|epoch|generation|bytes?|size|port|pid|partition=\d+\))[ =:]{{1,2}}{_NUMBER}",
    re.ASCII,
)


def mask_text(text: str, limit: int = LIMIT) -> str:
    """Return `text` with what is personal in it as asterisks, at most `limit` characters of it: masked, then cut."""
    shown = "".join(_pieces(text[: limit + _LONGEST]))
    return shown if len(text) <= limit else f"{shown[:limit]}… ({len(text)} characters)"


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for ours in _OURS.finditer(text):
        yield masked(text[done : ours.start()])
        yield ours[0]
        done = ours.end()
    yield masked(text[done:])


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


_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}[0-9]{0,3}", re.ASCII)


def outline(value: Any, known: Collection[str] = frozenset()) -> Any:
    """Return the shape of a payload and none of its content: lengths for texts, the names of fields.

    A name shows that is one of `known`, or an identifier of ASCII letters; of any other its length, for a payload that
    came out of the wrong table has people's names and numbers where the names of fields are due.
    """
    if isinstance(value, Mapping):
        return _outlined(value, known)
    if isinstance(value, list):
        return [outline(item, known) for item in value[:20]]
    if isinstance(value, str):
        return f"<{len(value)} characters>"
    return value if value is None or isinstance(value, bool) else f"<{type(value).__name__}>"


def _outlined(fields: Mapping[Any, Any], known: Collection[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    hidden: Counter[str] = Counter()
    for given, item in fields.items():
        shown = name = str(given)
        if name not in known and not _IDENTIFIER.fullmatch(name):
            shown = f"<{len(name)} characters>"
            hidden[shown] += 1
            shown += f" #{hidden[shown]}" if hidden[shown] > 1 else ""
        told[shown] = outline(item, known)
    return told
