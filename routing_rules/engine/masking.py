"""Masking: what a text says of a person by number (telephone, identity card, vehicle plate), replaced by asterisks.

The length stays, so that offsets kept as evidence still fit. Meant to hide too much rather than too little: any run of
seven digits or more goes, a date excepted. What has no pattern, names above all, is not found here.
"""

import re
from collections.abc import Iterable
from typing import Final

_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
"""Full-width forms and blanks to ASCII, one character to one: patterns are looked for in the translation."""

_CIPHERS: Final = (
    "\u3007\u96f6\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5e7a\u4e24"
    "\u58f9\u8d30\u53c1\u8086\u4f0d\u9646\u67d2\u634c\u7396"
)
"""Digits as Han characters, in ordinary and in banker's form."""

_PROVINCES: Final = (
    "\u4eac\u6d25\u5180\u664b\u8499\u8fbd\u5409\u9ed1\u6caa\u82cf\u6d59\u7696\u95fd\u8d63\u9c81\u8c6b"
    "\u9102\u6e58\u7ca4\u6842\u743c\u6e1d\u5ddd\u8d35\u4e91\u85cf\u9655\u7518\u9752\u5b81\u65b0"
)
"""What a plate begins with: the short names of the provinces. Only after one of these may a blank stand."""

_VEHICLES: Final = "\u5b66\u8b66\u6e2f\u6fb3\u6302"
"""What a plate may end with: a learner's, the police's, those of Hong Kong and Macau, a trailer's."""

_GAP: Final = r"[-\s._\u00b7\u2010-\u2015]?"
_DATE: Final = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"

_PLATE: Final = (
    rf"(?:[\u4e00-\u9fff]|[{_PROVINCES}]\s)[A-Za-z]\s?[\u00b7\u2022.-]?\s?"
    rf"(?=(?:[A-Za-z]*\d){{3}})[A-Za-z\d]{{4,6}}[{_VEHICLES}]?(?![A-Za-z\d])"
)
"""A Han character, a letter, then letters and digits, three digits or more; a kind of vehicle may end it."""

_PATTERNS: Final = (
    rf"(?<!\d)\d{{6}}{_GAP}(?:18|19|20)\d\d{_GAP}\d{{4}}{_GAP}\d{{3}}[\dXx](?![\dA-Za-z])",  # identity card in groups
    rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)",  # mobile
    rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{4}}(?!\d)",  # mobile, four-three-four
    rf"(?<!\d)\(?0\d{{2,3}}\)?{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)",  # landline with its area code
    rf"(?<!\d)\(?\d{{3}}\)?{_GAP}\d{{3}}[-\s.]\d{{4}}(?!\d)",  # North American
    rf"(?<!\d)(?!{_DATE})\d{{7,}}[Xx]?",  # local number, identity card, account
    rf"[{_CIPHERS}]{{7,}}",
    _PLATE,
)
_BEGIN: Final = rf"(?=[\d+({_CIPHERS}]|[\u4e00-\u9fff][A-Za-z]|[{_PROVINCES}]\s)"
"""What every pattern begins with: asked first, for at most characters none of them begins."""

_PERSONAL: Final = re.compile(f"{_BEGIN}(?:{'|'.join(_PATTERNS)})")
_DOMAIN: Final = re.compile(r"@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+")
_LOCAL: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._%+-")
"""What stands before the @ of an e-mail, beside digits. It is looked for backwards from there: a pattern that begins
with a run of these asks at each character of the run for its end, and a message of 60,000 letters took seconds."""
_MASK: Final = "*"

_WIDE_PARTS: Final = re.compile(r"[\uff05\uff08\uff09\uff0b\uff0d\uff0e\uff10-\uff19\uff20-\uff3a\uff3f\uff41-\uff5a]")
"""Full-width forms of what patterns are made of; a wide comma changes none, a wide blank is a blank to them anyway."""

_HINT: Final = re.compile(rf"[\d@\uff20{_CIPHERS}](?:(?<=[@\uff20])|[{_CIPHERS}]{{6}}|\D{{0,3}}\d\D{{0,3}}\d)")
"""What every pattern needs somewhere: three digits close together, an @, or seven ciphers. Most texts have none of it
and are left at that; what it finds besides is for the patterns. It begins with a set, which is passed over fast."""


def masked(text: str, known: Iterable[str | None] = ()) -> str:
    """Return `text` with every personal number, and every literal occurrence of `known`, as asterisks of its length.

    Of what is known, a single character is passed over: a surname alone stands in half of all words.
    """
    for value in known:
        if value and len(value) > 1 and value in text:
            text = text.replace(value, _MASK * len(value))
    return _without_numbers(text) if _HINT.search(text) else text


def _without_numbers(text: str) -> str:
    plain = text.translate(_WIDE) if _WIDE_PARTS.search(text) else text
    spans = [found.span() for found in _PERSONAL.finditer(plain)]
    if "@" in plain:
        spans += _mails(plain)
    if not spans:
        return text
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if end > at:
            begin = max(start, at)
            parts += (text[at:begin], _MASK * (end - begin))
            at = end
    return "".join((*parts, text[at:]))


def _mails(plain: str) -> list[tuple[int, int]]:
    """Return where e-mail addresses stand, in order."""
    spans = []
    for found in _DOMAIN.finditer(plain):
        start = found.start()
        while start and (plain[start - 1] in _LOCAL or plain[start - 1].isdecimal()):
            start -= 1
        if start < found.start():
            spans.append((start, found.end()))
    return spans
