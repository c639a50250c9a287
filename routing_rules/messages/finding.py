"""A finding: what is wrong with a ruleset, and where. Its words are those of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from routing_rules.messages.entries import LEVEL_TITLES, Language, Level
from routing_rules.messages.findings import CATALOGUE, render


class Position(NamedTuple):
    """Where something stands: file relative to the ruleset's folder, line and column counted from 1."""

    file: str
    line: int
    column: int


NOWHERE: Final = Position("", 0, 0)
"""The position of what was made, not read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `code` and `variant` choose the words, `params` fill them; `graded` overrides the table's level."""

    code: str
    at: Position
    params: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    graded: Level | None = None

    @property
    def level(self) -> Level:
        """Return how grave it is."""
        return self.graded or CATALOGUE[self.code].level

    def message(self, language: str = Language.ZH) -> str:
        """Return what is wrong, in a sentence."""
        return render(self.code, self.variant, self.params, Language(language))[0]

    def hint(self, language: str = Language.ZH) -> str:
        """Return what to do about it."""
        return render(self.code, self.variant, self.params, Language(language))[1]

    def line(self, language: str = Language.ZH) -> str:
        """Return the whole finding as one line of text: file:line:column code level message — hint."""
        at, level = self.at, LEVEL_TITLES[Language(language)][self.level]
        place = f"{at.file}:{at.line}:{at.column}"
        return f"{place} {self.code} {level} {self.message(language)} \u2014 {self.hint(language)}"

    def record(self, language: str = Language.ZH) -> dict[str, str | int]:
        """Return the finding as a JSON object: `level` is 错, 警 or 注 in either language, `severity` its name.

        `message` and `hint` are in `language`; both languages stand beside them under names of their own.
        """
        both = {
            f"{word}_{each}": told
            for each in (Language.EN, Language.ZH)
            for word, told in zip(("message", "hint"), (self.message(each), self.hint(each)), strict=True)
        }
        return {
            "file": self.at.file,
            "line": self.at.line,
            "column": self.at.column,
            "code": self.code,
            "level": LEVEL_TITLES[Language.ZH][self.level],
            "severity": self.level.value,
            "message": self.message(language),
            "hint": self.hint(language),
            **both,
        }
