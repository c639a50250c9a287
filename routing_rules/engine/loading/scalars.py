"""Types of single values: text, codes of a closed vocabulary, truth values, numbers."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.source import Node, Scalar
from routing_rules.messages.choices import CHOICES

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Text:
    """Any text. `required` refuses the empty one."""

    required: bool = True

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the text as written."""
        if not isinstance(node, Scalar) or (self.required and not node.value.strip()):
            reading.wrong(node, name, "text", f"{name}: …")
            return None
        return node.value


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that is declared here. `kebab`: it becomes a metric label or part of a topic's name."""

    kebab: bool = True

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the code."""
        pattern = r"[a-z0-9]+(-[a-z0-9]+)*" if self.kebab else r"[^\s,:]+"
        longest = 48 if self.kebab else 64
        if isinstance(node, Scalar) and len(node.value) <= longest and re.fullmatch(pattern, node.value):
            return node.value
        reading.wrong(node, name, "kebab" if self.kebab else "code", "night-noise")
        return None


@dataclass(frozen=True, slots=True)
class Code:
    """A code that the ruleset declares elsewhere: `what` names the vocabulary."""

    what: str

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the code, None where nothing declares it."""
        if not isinstance(node, Scalar):
            reading.wrong(node, name, "scalar", f"{name}: …")
            return None
        known = reading.vocabulary.get(self.what, {})
        if node.value in known or self.what in reading.blurred:
            return node.value
        reading.unknown(self.what, node, known)
        return None


@dataclass(frozen=True, slots=True)
class Choice(Generic[E]):
    """One word of a closed list of the engine."""

    choices: type[E]

    def read(self, node: Node, name: str, reading: Reading) -> E | None:
        """Return the word."""
        if not isinstance(node, Scalar):
            reading.wrong(node, name, "scalar", f"{name}: {next(iter(self.choices)).value}")
            return None
        try:
            return self.choices(node.value)
        except ValueError:
            pass
        reading.unknown("choice", node, {choice.value: CHOICES.get(choice.value, "") for choice in self.choices})
        return None


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false, quoted or not; `yes` and `no` are neither (G4)."""

    def read(self, node: Node, name: str, reading: Reading) -> bool | None:
        """Return the truth value."""
        if isinstance(node, Scalar) and node.value in {"true", "false"}:
            return node.value == "true"
        reading.wrong(node, name, "bool", f"{name}: true")
        return None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, both ends included."""

    least: int = 0
    most: int = 1_000_000

    def read(self, node: Node, name: str, reading: Reading) -> int | None:
        """Return the number."""
        digits = isinstance(node, Scalar) and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.value)
        if digits and isinstance(node, Scalar) and self.least <= int(node.value) <= self.most:
            return int(node.value)
        reading.wrong(node, name, "whole_range" if digits else "whole", f"{name}: {self.least} … {self.most}")
        return None


@dataclass(frozen=True, slots=True)
class Percent:
    """A share such as 10% or 2.5%, kept as so many of 10,000 (G39)."""

    def read(self, node: Node, name: str, reading: Reading) -> int | None:
        """Return how many of 10,000."""
        found = isinstance(node, Scalar) and re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%", node.value)
        if found:
            share = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
            if 0 < share <= 10_000:
                return share
        reading.wrong(node, name, "percent", f"{name}: 10%")
        return None
