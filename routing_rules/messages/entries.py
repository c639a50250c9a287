"""What an entry of the lint catalogue is: its level, and its wordings in the two languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """错 refuses to load; 警 loads, and CI fails unless waived; 注 is a note."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Language(StrEnum):
    """The two languages of every message; Chinese comes first."""

    ZH = "zh"
    EN = "en"


LEVEL_TITLES: Final[Mapping[Language, Mapping[Level, str]]] = {
    Language.ZH: {Level.ERROR: "错", Level.WARNING: "警", Level.NOTE: "注"},
    Language.EN: {level: level.value for level in Level},
}


@dataclass(frozen=True, slots=True)
class Texts:
    """One wording: the sentence and the hint, Chinese and English."""

    zh: str
    hint_zh: str
    en: str
    hint_en: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of the catalogue."""

    level: Level
    texts: Texts
    variants: Mapping[str, Texts] = field(default_factory=dict)


def error(zh: str, hint_zh: str, en: str, hint_en: str, **variants: Texts) -> Entry:
    """Return a finding that refuses the ruleset."""
    return Entry(Level.ERROR, Texts(zh, hint_zh, en, hint_en), variants)


def warning(zh: str, hint_zh: str, en: str, hint_en: str, **variants: Texts) -> Entry:
    """Return a finding that CI fails on unless it is waived."""
    return Entry(Level.WARNING, Texts(zh, hint_zh, en, hint_en), variants)


def note(zh: str, hint_zh: str, en: str, hint_en: str, **variants: Texts) -> Entry:
    """Return a finding that only tells."""
    return Entry(Level.NOTE, Texts(zh, hint_zh, en, hint_en), variants)
