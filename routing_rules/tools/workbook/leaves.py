"""The sheet of what is said once: ruleset.yaml value by value, each with the path of its field and what it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing_rules.engine.loading import county, shapes
from routing_rules.tools.workbook.columns import Path, holds, offers
from routing_rules.tools.workbook.layout import LAYOUTS
from routing_rules.tools.workbook.notation import Holds, Value, write

FILE: Final = "ruleset.yaml"
ELSEWHERE: Final = frozenset(layout.within for layout in LAYOUTS if layout.files == FILE)
"""Fields that have sheets of their own."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value: its path, what its cell holds and says, and whose field it is. An empty text: not written yet."""

    path: Path
    holds: Holds
    text: str
    record: str
    offers: str | tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the path as the sheet has it."""
        return ".".join(self.path)


def leaves(root: Mapping[str, Value]) -> Iterator[Leaf]:
    """Yield the values in the order of the fields, with those that a field table knows and nobody wrote."""
    known = {name: field for name, field in county.COUNTY.fields.items() if name not in ELSEWHERE}
    yield from _of_record(county.COUNTY.name, known, root, ())
    for name, value in root.items():
        if name not in county.COUNTY.fields:
            yield Leaf((name,), Holds.ANY, write(value, Holds.ANY), "ruleset")


def _of_record(record: str, fields: Mapping[str, shapes.Field], value: Any, path: Path) -> Iterator[Leaf]:
    for name, field in fields.items():
        held = value.get(name) if isinstance(value, Mapping) else None
        yield from _of_type(record, field.type, held, (*path, name))


def _of_type(record: str, type_: Any, value: Value | None, path: Path) -> Iterator[Leaf]:
    splits = value is None or (isinstance(value, dict) and all("." not in key for key in value))
    if isinstance(type_, shapes.Record) and splits:
        yield from _of_record(type_.name, type_.fields, value, path)
    elif isinstance(type_, shapes.ByKey) and splits and isinstance(value, dict):
        for key, held in value.items():
            if isinstance(type_.value, shapes.Record) and isinstance(held, dict):
                present = {name: field for name, field in type_.value.fields.items() if name in held}
                yield from _of_record(type_.value.name, present, held, (*path, key))
            else:
                yield from _of_type(record, type_.value, held, (*path, key))
    elif not isinstance(type_, shapes.ByKey) or value is not None:
        yield Leaf(path, holds(type_), write(value, holds(type_)), record, offers(type_))


def holds_at(path: Path) -> Holds:
    """Return what the cell of a path holds, by the field table: for a row that somebody added."""
    type_: Any = county.COUNTY
    for key in path:
        if isinstance(type_, shapes.Record) and key in type_.fields:
            type_ = type_.fields[key].type
        elif isinstance(type_, shapes.ByKey):
            type_ = type_.value
        else:
            return Holds.ANY
    return holds(type_)
