"""Columns out of the field tables that the loader reads by: a record's fields, flattened until a cell can hold one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from routing_rules.engine.loading import classification, conditions, scalars, shapes, targets, words
from routing_rules.engine.loading.directory import NO_PLACE
from routing_rules.tools.workbook.notation import Holds

Path = tuple[str, ...]
FILE: Final = "@file"
"""The column that says which file an entry stands in."""
KEY: Final = "@key"
"""The column of an entry's key, where the file has a mapping and not a list."""
VALUE: Final = "@value"
"""The column of an entry's value, where that is text and not a record."""

_LISTS: Final = (shapes.Many, words.Keywords, words.KeywordLists)
_MAPS: Final = (shapes.ByKey, shapes.OneOrMany, classification._WeightedWords)
_TEXTS: Final = (scalars.Text, conditions.ExpressionSource)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the path of its value in an entry, what a cell holds, which values are offered, whose field it is."""

    path: Path
    holds: Holds
    offers: str | tuple[str, ...] = ()  # the name of a vocabulary, or the choices themselves
    record: str = ""  # where FIELDS explains it
    block: bool = False  # one of a repeated part: a row each
    alone: frozenset[str] = field(default=frozenset())  # values that stand without a list
    fixed: bool = False  # only to read

    @property
    def name(self) -> str:
        """Return the path as the sheet has it, in the row of names."""
        return ".".join(self.path)


def columns_of(
    record: "shapes.Record[Any]", repeated: str = "", prefix: Path = (), block: bool = False
) -> Iterator[Column]:
    """Yield the columns of a record, in its fields' order. `repeated`: the field that takes a row for each part."""
    for name, known in record.fields.items():
        path = (*prefix, name)
        inner = getattr(known.type, "item", None)
        if known.instead:
            continue
        if isinstance(known.type, shapes.Record):
            yield from columns_of(known.type, "", path, block)
        elif not prefix and name == repeated and isinstance(inner, shapes.Record):
            yield from columns_of(inner, "", path, block=True)
        else:
            alone = frozenset({NO_PLACE} if name == "in" and record.name == "place" else ())
            yield Column(path, holds(known.type), offers(known.type), record.name, block, alone)


def holds(type_: Any) -> Holds:
    """Return what a cell of a type holds."""
    if isinstance(type_, _LISTS) or type(type_).__name__ == "_PlaceCodes":
        return Holds.LIST
    if isinstance(type_, _MAPS):
        return Holds.MAP
    if isinstance(type_, targets.Targets):
        return Holds.ANY
    return Holds.TEXT if isinstance(type_, _TEXTS) else Holds.CODE


def offers(type_: Any) -> str | tuple[str, ...]:
    """Return what a cell's list to choose from holds; several values in a cell cannot be chosen from one."""
    if isinstance(type_, scalars.Code):
        return type_.what
    if isinstance(type_, targets.Targets):
        return "agency"
    if isinstance(type_, scalars.Choice):
        return tuple(choice.value for choice in type_.choices)
    return ("true", "false") if isinstance(type_, scalars.Flag) else ()


def orders(record: "shapes.Record[Any]", path: Path = ()) -> Mapping[Path, tuple[str, ...]]:
    """Return for each mapping within a record, by its path, the order of its fields: where a new one is put."""
    found = {path: tuple(record.fields)}
    for name, known in record.fields.items():
        inner = known.type if isinstance(known.type, shapes.Record) else getattr(known.type, "item", None)
        if isinstance(inner, shapes.Record):
            found |= orders(inner, (*path, name))
    return found
