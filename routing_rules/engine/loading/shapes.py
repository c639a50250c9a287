"""Types made of others: lists, mappings by code, and records with a table of fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from routing_rules.engine.loading.reading import Reading, nearest
from routing_rules.engine.source import Listing, Node, Scalar, Table
from routing_rules.messages import Position

T = TypeVar("T")
K = TypeVar("K")
T_co = TypeVar("T_co", covariant=True)


class Type(Protocol[T_co]):
    """How one value is read: None means that it could not be, and a finding says why."""

    def read(self, node: Node, name: str, reading: Reading) -> T_co | None:
        """Return the value that a node stands for. `name` is the field's, for messages."""
        ...


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A list. A single value is a finding and read as a list of one; so is an empty list unless `may_be_empty` (G7)."""

    item: Type[T]
    may_be_empty: bool = False

    def read(self, node: Node, name: str, reading: Reading) -> tuple[T, ...] | None:
        """Return what of the list could be read."""
        if not isinstance(node, Listing):
            return self._single(node, name, reading)
        if not node.items and not self.may_be_empty:
            reading.find("RR105", node.at, field=name)
        read = (self.item.read(item, name, reading) for item in node.items)
        return tuple(value for value in read if value is not None)

    def _single(self, node: Node, name: str, reading: Reading) -> tuple[T, ...] | None:
        if isinstance(node, Scalar):
            if not node.value and not node.quoted:
                reading.find("RR105", node.at, field=name)
                return None
            if reading.misspelt(node):
                return None
        reading.find("RR104", node.at, field=name)
        value = self.item.read(node, name, reading)
        return None if value is None else (value,)


@dataclass(frozen=True, slots=True)
class OneOrMany(Generic[T]):
    """`when` and `unless`: a mapping, or a list of mappings of which one is enough (G5)."""

    item: Type[T]

    def read(self, node: Node, name: str, reading: Reading) -> tuple[T, ...] | None:
        """Return the items, one or several."""
        if isinstance(node, Table):
            value = self.item.read(node, name, reading)
            return None if value is None else (value,)
        return Many(self.item).read(node, name, reading)


@dataclass(frozen=True, slots=True)
class ByKey(Generic[K, T]):
    """A mapping whose keys are values of a type themselves: codes, kinds, words."""

    key: Type[K]
    value: Type[T]

    def read(self, node: Node, name: str, reading: Reading) -> dict[K, T] | None:
        """Return what of the mapping could be read."""
        if not isinstance(node, Table):
            reading.wrong(node, name, "mapping", f"{name}: {{…: …}}")
            return None
        pairs = [
            (self.key.read(key, name, reading), self.value.read(value, key.value, reading))
            for key, value in node.entries
        ]
        return {key: value for key, value in pairs if key is not None and value is not None}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: its type, and whether it must be there.

    A `soft` one that is missing or broken is told, and the record is built all the same with a stand-in: the ruleset is
    refused anyway, and what else is wrong with the record can be told at once. `instead`: the code of the finding that
    the mere presence of the field is.
    """

    type: Type[Any]
    required: bool = False
    soft: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """The fields of a record as read, and where each was written."""

    at: Position
    values: Mapping[str, Any]
    nodes: Mapping[str, Node]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field's value, `default` where it isn't given or couldn't be read."""
        value = self.values.get(name)
        return default if value is None else value

    def at_of(self, name: str) -> Position:
        """Return where a field's value stands, or the record where it isn't written."""
        return self.nodes[name].at if name in self.nodes else self.at


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A mapping with a table of fields. `build` makes the value; it returns None where there is nothing to make."""

    name: str
    fields: Mapping[str, Field]
    build: Callable[[Values, Reading], T | None]
    may_be_empty: bool = field(default=False)

    def read(self, node: Node, name: str, reading: Reading) -> T | None:
        """Return the value built of the fields; None where a required one is missing or broken."""
        if not isinstance(node, Table):
            reading.wrong(node, name, "mapping", f"{name}: {{{next(iter(self.fields))}: …}}")
            return None
        values: dict[str, Any] = {}
        nodes: dict[str, Node] = {}
        for key, value in node.entries:
            known = self.fields.get(key.value)
            if known is None:
                self._stray(key, reading)
            elif known.instead:
                reading.find(known.instead, key.at)
            else:
                nodes[key.value] = value
                values[key.value] = known.type.read(value, key.value, reading)
        if not node.entries and not self.may_be_empty:
            reading.find("RR105", node.at, field=name)
        if not self._complete(node, values, reading):
            return None
        return self.build(Values(node.at, values, nodes), reading)

    def _stray(self, key: Scalar, reading: Reading) -> None:
        if reading.misspelt(key):
            return
        near = nearest(key.value, dict.fromkeys(self.fields, ""))
        known = " ".join(self.fields)
        variant = "" if near else "bare"
        reading.find("RR101", key.at, variant, field=key.value, near=near[0] if near else "", known=known)

    def _complete(self, node: Table, values: Mapping[str, Any], reading: Reading) -> bool:
        complete = True
        for name, field_ in self.fields.items():
            if not field_.required:
                continue
            if name not in values:
                reading.find("RR145", node.at, field=name)
            complete = complete and (field_.soft or values.get(name) is not None)
        return complete
