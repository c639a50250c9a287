"""A finding: what is wrong with a ruleset and where. Its words are in `routing_rules.messages`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from routing_rules.messages.findings import CATALOGUE, Language, Level, render


@dataclass(frozen=True, slots=True, order=True)
class Position:
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

    def message(self, language: Language = Language.ZH) -> str:
        """Return what is wrong, in a sentence."""
        return render(self.code, self.variant, self.params, language)[0]

    def hint(self, language: Language = Language.ZH) -> str:
        """Return what to do about it."""
        return render(self.code, self.variant, self.params, language)[1]
