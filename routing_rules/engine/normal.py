"""The normal form of a text (RULE-LANGUAGE G12, G13): what makes two spellings of one word the same word.

In this order: NFKC, casefold, format characters (Cf) out, blanks out save a single one where letters or digits other
than Han stand on both sides, and traditional characters to their simplified ones, each to exactly one. Rule words and
reports both pass through here, and nothing else changes a text before it is searched.

A report is nearly all plain characters, so one scan stops at the few that are not, and each distinct one is replaced
once: about 5 µs for 370 characters where the steps taken in turn cost 85. The character table is OpenCC's, read once at
import; no file is touched afterwards. No word of any language may enter here.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

import ahocorasick_rs
import opencc

# Script=Han by block: radicals, the iteration marks and numerals among the CJK symbols, then every ideograph block.
_HAN: Final = (
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_IS_HAN: Final = re.compile(f"[{_HAN}]")
_LETTER: Final = rf"[^\W_{_HAN}]"  # a letter or digit that is not Han
_LOST_BLANK: Final = re.compile(rf" (?:(?!{_LETTER})|(?<!{_LETTER} ))")  # the blank first: one character is sought
_BLANKS: Final = re.compile(" {2,}")
_REMEMBERED: Final = 20_000  # characters whose form is kept: far above any text, far below all of Unicode
_STOPS: Final = 64  # odd characters, after which a text is no longer nearly plain
_TABLE: Final = 4_096  # bytes of words whose automaton is a table of all steps, 0.3 KB a byte
_FEW: Final = 8  # words that are found one after another before a pass over the text is cheaper

_simplify: Final = opencc.OpenCC("t2s").convert
_forms: dict[str, str] = {}


def _simplified(char: str) -> str:
    if not _IS_HAN.match(char):
        return char
    simple: str = _simplify(char)
    return simple if len(simple) == 1 else char


def _form(text: str) -> str:
    """Return the form of a character, or of a base with what joins it, before blanks are judged."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(" " if c.isspace() else _kept(c) for c in folded)


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    return "\ufffd" if category == "Cs" else _simplified(char)  # half a surrogate pair is no character


def _joins(char: str) -> bool:
    """Whether NFKC may melt `char` into what stands before it: marks, and the inner letters of Hangul and Kirat Rai."""
    first = unicodedata.normalize("NFKD", char)[0]
    code = ord(first)
    inner = 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF or 0x16D63 <= code <= 0x16D6A
    return inner or unicodedata.category(first).startswith("M")


def _plain_characters() -> list[str]:
    """Return the common characters that are their own form: those of ASCII and GB 2312 that nothing changes."""
    rows = (bytes((high, low)) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    common = b"".join(rows).decode("gb2312", errors="ignore")
    common += "".join(map(chr, range(0x21, 0x7F))) + "".join(map(chr, range(0x2010, 0x2028)))
    folded = unicodedata.normalize("NFKC", "\n".join(common)).casefold().split("\n")
    simple = _simplify("\n".join(common)).split("\n")
    return [
        char
        for char, form, simpler in zip(common, folded, simple, strict=True)
        if char == form == simpler and not char.isspace() and unicodedata.category(char)[0] not in "CM"
    ]


_ODD: Final = re.compile(f"[^ {''.join(map(re.escape, _plain_characters()))}]")


def _form_of(char: str) -> str | None:
    """Return the form of one character, remembered; None where it depends on its neighbours."""
    form = _forms.get(char)
    if form is not None:
        return form
    if _joins(char):
        return None
    form = _form(char)
    if len(_forms) < _REMEMBERED:
        _forms[char] = form
    return form


def _without_lost_blanks(text: str) -> str:
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    return _LOST_BLANK.sub("", text)


def _folded(text: str) -> tuple[str, str | None]:
    """Return the normal form, and the characters of `text` that do not stand in it as one for one; None: by clusters.

    The search goes on behind what was replaced, everywhere at once: one scan, with a stop for each distinct character.
    What replacing left is not replaced again: a text where that would happen is not for this way.
    """
    folded, left, uneven, blanks, at = text, "", "", " ", 0
    for _ in range(_STOPS):
        found = _ODD.search(folded, at)
        if found is None:
            return _with_blanks_judged(folded, uneven, blanks)
        char = found[0]
        form = _form_of(char)
        if form is None or (char in left and form != char):
            break
        if form != char:
            folded = folded.replace(char, form)
            left += form
            if form == " ":
                blanks += char
            elif len(form) != 1:
                uneven += char
        at = found.start() + len(form)
    return _folded_one_by_one(text)


def _folded_one_by_one(text: str) -> tuple[str, str | None]:
    """Return the same by a replacement at every odd character, for texts with many of them."""
    forms: dict[str, str] = {}
    for char in set(_ODD.findall(text)):
        form = _form_of(char)
        if form is None:
            return _without_lost_blanks("".join(form for form, _ in _clusters(text))), None
        forms[char] = form
    uneven = "".join(char for char, form in forms.items() if len(form) != 1)
    blanks = "".join(char for char, form in forms.items() if form == " ")
    return _with_blanks_judged(_ODD.sub(lambda found: forms[found[0]], text), uneven, f" {blanks}")


def _with_blanks_judged(folded: str, uneven: str, blanks: str) -> tuple[str, str]:
    if " " not in folded:
        return folded, uneven
    kept = _without_lost_blanks(folded)
    return kept, uneven if len(kept) == len(folded) else uneven + blanks


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """Yield (form, length in the original) of each base character with all that joins it."""
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text) and _ODD.match(text, index) and _joins(text[index]):
            continue
        cluster = text[start:index]
        yield _form(cluster), index - start
        start = index


def normal(text: str) -> str:
    """Return the normal form of `text`."""
    return _folded(text)[0]


class NormalText:
    """A normal form that knows where it came from, so that the original can be underlined."""

    __slots__ = ("_made", "_uneven", "original", "text")

    def __init__(self, original: str) -> None:
        self.original = original
        self.text, self._uneven = _folded(original)
        self._made: list[tuple[int, int, int, int]] | None = None

    @property
    def _units(self) -> list[tuple[int, int, int, int]]:
        """Units that may not be one character for one: (start, original start, length, original length), in order."""
        if self._made is None:
            self._made = self._make_units()
        return self._made

    def _make_units(self) -> list[tuple[int, int, int, int]]:
        units: list[tuple[int, int, int, int]] = []
        at = past = 0
        for form, begin, length in _pieces(self.original, self._uneven):
            at += begin - past
            width = self._width(form, at)
            units.append((at, begin, width, length))
            at, past = at + width, begin + length
        return units

    def _width(self, form: str, at: int) -> int:
        """Return how much of `form` is left at `at` in the text: a blank is there only where it was kept."""
        width = 0
        for char in form:
            if char != " " or self.text[at + width : at + width + 1] == " ":
                width += 1
        return width

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return [start, end) in the original for a non-empty [start, end) in the normal form."""
        if self._uneven == "":
            return start, end
        return self._source(start)[0], self._source(end - 1)[1]

    def _source(self, index: int) -> tuple[int, int]:
        units = self._units
        found = bisect_right(units, index, key=lambda unit: unit[0]) - 1
        if found < 0:
            return index, index + 1
        at, begin, width, length = units[found]
        if index < at + width:
            return begin, begin + length
        begin += length + index - at - width
        return begin, begin + 1

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where each character of the normal form begins in the original."""
        return tuple(self.span(index, index + 1)[0] for index in range(len(self.text)))


def _pieces(text: str, uneven: str | None) -> Iterator[tuple[str, int, int]]:
    """Yield (form, start, length) of every piece of `text` that may not be one character for one, in order."""
    if uneven is None:
        start = 0
        for form, length in _clusters(text):
            yield form, start, length
            start += length
        return
    for start in sorted(start for char in uneven for start in _starts(char, text)):
        yield _form_of(text[start]) or "", start, 1


def _starts(part: str, text: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def normal_with_offsets(text: str) -> NormalText:
    """Return the normal form of `text` with the way back to it, which is worked out only when it is asked for."""
    return NormalText(text)


_ASCII_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def _fits(word: str, text: str, start: int, end: int) -> bool:
    """Whether an occurrence stands alone: an edge that is an ASCII letter or digit has no such neighbour (G13)."""
    if word[0] in _ASCII_WORD and start and text[start - 1] in _ASCII_WORD:
        return False
    return not (word[-1] in _ASCII_WORD and end < len(text) and text[end] in _ASCII_WORD)


def occurrences(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield [start, end) wherever `word` occurs in `text`, both in normal form, by the edge rule of G13."""
    for start in _starts(word, text) if word else ():
        if _fits(word, text, start, start + len(word)):
            yield start, start + len(word)


def occurs(word: str, text: str) -> bool:
    """Whether `word` occurs in `text`, both in normal form."""
    return next(occurrences(word, text), None) is not None


class Hit(NamedTuple):
    """One occurrence of a word: [start, end) in the text searched."""

    word: str
    start: int
    end: int


class Words:
    """Many words looked for at once (Aho-Corasick): one pass over a text whatever their number.

    To ask where they stand costs half as much again as which occur, and is mostly asked for few of them: the automaton
    answers the latter, a few words are located one after another, and many by a second pass.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take words in normal form; repeated and empty ones are passed over."""
        self.words: Final = tuple(dict.fromkeys(word for word in words if word))
        self._edged: Final = frozenset(word for word in self.words if word[0] in _ASCII_WORD or word[-1] in _ASCII_WORD)
        self._search = _automaton(self.words) if self.words else None

    def occurring(self, text: str) -> dict[str, None]:
        """Return each word that occurs in `text`, by the end of its first occurrence, the longest of several first."""
        if self._search is None:
            return {}
        found: dict[str, None] = dict.fromkeys(self._search.find_matches_as_strings(text, overlapping=True))
        if self._edged.isdisjoint(found):
            return found
        return dict.fromkeys(word for word, _, _ in self._pass(text))

    def present(self, text: str) -> frozenset[str]:
        """Return the words that occur in `text`."""
        return frozenset(self.occurring(text))

    def first(self, word: str, text: str) -> int:
        """Return where `word`, a word of ours that occurs in `text`, first begins in it."""
        return next(occurrences(word, text))[0] if word in self._edged else text.find(word)

    def find(self, text: str, wanted: Collection[str]) -> list[Hit]:
        """Return all occurrences in `text` of `wanted`, words of ours, in the order of `occurring`."""
        if len(wanted) > _FEW:
            among = frozenset(wanted)
            return [Hit(*hit) for hit in self._pass(text) if hit[0] in among]
        hits = [Hit(word, start, end) for word in wanted for start, end in occurrences(word, text)]
        return sorted(hits, key=_by_end)

    def _pass(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield every occurrence of every word, overlaps included."""
        if self._search is None:
            return
        for index, start, end in self._search.find_matches_as_indexes(text, overlapping=True):
            word = self.words[index]
            if word not in self._edged or _fits(word, text, start, end):
                yield word, start, end


def _by_end(hit: Hit) -> tuple[int, int]:
    return hit.end, hit.start


def _automaton(words: tuple[str, ...]) -> ahocorasick_rs.AhoCorasick:
    """Return the search over `words`: the faster of two automata where it is small enough to stay in a cache."""
    small = sum(len(word.encode()) for word in words) <= _TABLE
    kind = ahocorasick_rs.Implementation.DFA if small else ahocorasick_rs.Implementation.ContiguousNFA
    return ahocorasick_rs.AhoCorasick(
        words, matchkind=ahocorasick_rs.MatchKind.Standard, store_patterns=True, implementation=kind
    )
