"""Expressions (G14): CEL over a closed list of variables, all always present. The only place that knows `cel`.

An expression sees the incident and nothing else: no clock, no other rule. Whatever goes wrong in one means that it
doesn't hold, and is told.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import cel

MAX_LENGTH: Final = 200

FULLEST: Final[Mapping[str, Any]] = {
    "title": "title", "text": "some text", "title_length": 5, "text_length": 9, "channel": "channel", "kind": "help",
    "category": "a/b", "jurisdiction": "place", "areas": ["area"], "urgency": "normal", "mode": "emergency",
    "responses": ["response"], "tags": ["tag"], "about": ["agency"], "attributes": {"name": "value"}, "reporters": 2,
    "reports": 3, "occurred_hour": 23, "received_hour": 8, "weekday": "mon", "workday": True,
}  # fmt: skip
"""An incident that has everything: what the loader tries an expression on, and the list of its variables."""

BAREST: Final[Mapping[str, Any]] = {
    **FULLEST, "title": "", "text": "", "title_length": 0, "text_length": 0, "areas": [], "mode": "routine",
    "responses": [], "tags": [], "about": [], "attributes": {}, "reporters": 1, "reports": 1, "occurred_hour": -1,
}  # fmt: skip
"""An incident without anything that may be absent: `""`, `[]`, `-1`."""

VARIABLES: Final = tuple(FULLEST)


class ExpressionError(Exception):
    """An expression that can't be read, failed, or gave something else than true or false."""


class Expression:
    """A compiled expression. Raises `ExpressionError` where the source can't be read."""

    def __init__(self, source: str) -> None:
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise ExpressionError(str(error)) from None
        self.source = source
        names = set(self._program.variables())
        self.reads = tuple(name for name in VARIABLES if name in names)
        self.unknown = tuple(sorted(names - set(VARIABLES)))  # names bound by a macro (`x` in `tags.all(x, …)`) too
        self.functions = tuple(self._program.functions())

    def holds(self, variable: Callable[[str], Any]) -> bool:
        """Evaluate with the variables that are read, each asked for by name. Raises `ExpressionError`."""
        try:
            answer = self._program.execute({name: variable(name) for name in self.reads})
        except Exception as error:  # cel raises half a dozen kinds; each means "doesn't hold"
            raise ExpressionError(f"{type(error).__name__}: {error}") from None
        if not isinstance(answer, bool):
            raise ExpressionError(f"gives {type(answer).__name__}, not true or false")
        return answer
