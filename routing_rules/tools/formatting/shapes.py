"""In which order the keys of a file's mappings stand: that of the field tables by which the loader reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, singledispatch
from typing import Any, Final, Optional

from routing_rules.engine.loader import is_test
from routing_rules.engine.loading import shapes, targets
from routing_rules.messages.fields import FileKind
from routing_rules.tools.fields import TABLES
from routing_rules.tools.testfiles import EXPECT_KEYS


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A place in a file: the order of its keys and their shapes; that of a list's items; that of every other key's."""

    order: tuple[str, ...] = ()
    keys: Mapping[str, "Shape"] = field(default_factory=dict)
    item: Optional["Shape"] = None
    each: Optional["Shape"] = None

    def at(self, key: str) -> "Shape":
        """Return the shape of a key's value."""
        return self.keys.get(key) or self.each or NO_ORDER

    @property
    def items(self) -> "Shape":
        """Return the shape of a list's items; where one or several may stand, the same."""
        return self.item or self


NO_ORDER: Final = Shape()


@singledispatch
def _shape(type_: Any) -> Shape:
    return NO_ORDER


@_shape.register
def _(type_: shapes.Record) -> Shape:  # type: ignore[type-arg]
    return Shape(tuple(type_.fields), {name: _shape(known.type) for name, known in type_.fields.items()})


@_shape.register
def _(type_: shapes.Many) -> Shape:  # type: ignore[type-arg]
    return Shape(item=_shape(type_.item))


@_shape.register
def _(type_: shapes.OneOrMany) -> Shape:  # type: ignore[type-arg]
    return _shape(type_.item)


@_shape.register
def _(type_: shapes.ByKey) -> Shape:  # type: ignore[type-arg]
    return Shape(each=_shape(type_.value))


@_shape.register
def _(type_: targets.Targets) -> Shape:
    return _shape(targets.ROLE)


_EXPECT: Final = Shape(EXPECT_KEYS)
_MODES: Final = Shape(item=Shape(("jurisdiction", "area", "mode", "response", "response_level", "from", "until")))
_REPORT: Final = Shape(("channel", "external_id", "kind", "title", "text", "address"))
_ROUND: Final = Shape(
    ("returned_by", "adjudicated_to", "at", "correct", "reporters", "reports", "modes", "expect"),
    {"expect": _EXPECT, "modes": _MODES},
)
_CASE: Final = Shape(
    ("name", "about", "basis", "given", "modes", "report", "rounds", "table", "expect"),
    {"report": _REPORT, "given": _REPORT, "modes": _MODES, "expect": _EXPECT, "rounds": Shape(item=_ROUND)},
)
_TEST: Final = Shape(
    ("about", "given", "modes", "cases"), {"given": _REPORT, "modes": _MODES, "cases": Shape(item=_CASE)}
)


@cache
def shape_of(file: str) -> Shape | None:
    """Return the shape of a file by its path, None for one that is no file of a ruleset."""
    if is_test(file):
        return _TEST
    known = {f"{kind.value}.yaml": kind for kind in FileKind} | {kind.value: kind for kind in FileKind}
    folder = file.split("/", 1)[0]
    kind = known.get(folder) if file.endswith(".yaml") and file.count("/") <= 1 else None
    return None if kind is None else _shape(TABLES[kind])


def ranked(keys: list[str], order: tuple[str, ...]) -> list[int]:
    """Return the keys' numbers in canonical order; keys without a rank stay after the one that they stand behind."""
    rank = {name: number for number, name in enumerate(order)}
    ranks, last = [], -1
    for key in keys:
        last = rank.get(key, last)
        ranks.append(last)
    return sorted(range(len(keys)), key=lambda number: (ranks[number], number))
