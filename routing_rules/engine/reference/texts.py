"""Words and texts: the normal form step by step, and where a word stands in it (G12, G13)."""

import unicodedata
from typing import Final, NamedTuple

import opencc

_SIMPLIFY: Final = opencc.OpenCC("t2s").convert
_HAN_NAMES: Final = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "CJK RADICAL", "KANGXI RADICAL", "HANGZHOU NUMERAL")
_HAN_MARKS: Final = ("IDEOGRAPHIC ITERATION MARK", "IDEOGRAPHIC NUMBER ZERO", "VERTICAL IDEOGRAPHIC ITERATION MARK")


class Letter(NamedTuple):
    """One character of a normal form, and the piece [start, end) of the original that it came from."""

    char: str
    start: int
    end: int


def letters(original: str) -> list[Letter]:
    """Return the normal form of `original`, character by character, each with where it came from."""
    return _in_steps(original, _pieces(original))


def normal(original: str) -> str:
    """Return the normal form of `original`."""
    return "".join(letter.char for letter in _in_steps(original, [(0, len(original))]))


def _in_steps(original: str, pieces: list[tuple[int, int]]) -> list[Letter]:
    """Take the steps of G12 one after another."""
    folded = [
        Letter(char, start, end)
        for start, end in pieces
        for char in unicodedata.normalize("NFKC", original[start:end]).casefold()
        if unicodedata.category(char) != "Cf"
    ]
    kept = [folded[i] for i in range(len(folded)) if not folded[i].char.isspace() or _parts(folded, i)]
    return [Letter(_one_script(letter.char), letter.start, letter.end) for letter in kept]


def _pieces(original: str) -> list[tuple[int, int]]:
    """Cut where NFKC sees nothing across the cut: the smallest pieces whose forms together are the whole's form."""
    whole = unicodedata.normalize("NFKC", original)
    cuts = [
        i
        for i in range(1, len(original))
        if unicodedata.normalize("NFKC", original[:i]) + unicodedata.normalize("NFKC", original[i:]) == whole
    ]
    edges = [0, *cuts, len(original)]
    return [(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


def _parts(folded: list[Letter], at: int) -> bool:
    """Say whether the blank at `at` is the one that stays: the first of its run, between two non-Han letters."""
    if at == 0 or folded[at - 1].char.isspace():
        return False
    after = at
    while after < len(folded) and folded[after].char.isspace():
        after += 1
    return after < len(folded) and _non_han_letter(folded[at - 1].char) and _non_han_letter(folded[after].char)


def _one_script(char: str) -> str:
    if char.isspace():
        return " "
    return _SIMPLIFY(char) if _is_han(char) else char


def _non_han_letter(char: str) -> bool:
    return char.isalnum() and not _is_han(char)


def _is_han(char: str) -> bool:
    name = unicodedata.name(char, "")
    return name.startswith(_HAN_NAMES) or name in _HAN_MARKS


def found_at(word: str, form: str) -> list[int]:
    """Return where `word` stands in `form`, both in normal form; overlaps allowed, Latin edges respected."""
    return [i for i in range(len(form) - len(word) + 1) if stands_at(word, form, i)]


def stands_at(word: str, form: str, i: int) -> bool:
    """Say whether `word` stands at `i`: where its edge is an ASCII letter or digit the neighbour must not be one."""
    end = i + len(word)
    if not word or form[i:end] != word:
        return False
    if i > 0 and _latin(word[0]) and _latin(form[i - 1]):
        return False
    return not (end < len(form) and _latin(word[-1]) and _latin(form[end]))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
