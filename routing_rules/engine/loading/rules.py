"""The field tables of routes and overlays, and the files they stand in (RULE-LANGUAGE §2, G1)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.codes import Kind, Urgency
from routing_rules.engine.loading.conditions import OVERLAY_BLOCKS, ROUTE_BLOCK, ROUTE_BLOCKS
from routing_rules.engine.loading.deadlines import DEADLINE, EFFECTIVE
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice, Code, Flag, NewCode, Percent, Text
from routing_rules.engine.loading.shapes import ByKey, Field, Many, Record, Values
from routing_rules.engine.loading.targets import TARGET
from routing_rules.engine.schema import AgencyRef, Block, Deadline, Effective, Overlay, Route, Status
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table
from routing_rules.messages import NOWHERE, Level, Position

FILE_NAME: Final = re.compile(r"routes/(\d{2})-[^/]+\.yaml")
MOST_RULES: Final = 10_000
MOST_BLOCKS: Final = 20
_NOTHING: Final = Values(NOWHERE, {}, {})
_TARGETS: Final = Many(TARGET)
_ASSIGN: Final = Record(
    "assign",
    {"lead": Field(TARGET, required=True, soft=True), "co_handlers": Field(_TARGETS), "inform": Field(_TARGETS)},
    lambda values, _: values,
)
_ADD: Final = Record(
    "add",
    {
        "co_handlers": Field(_TARGETS),
        "inform": Field(_TARGETS),
        "tags": Field(Many(Code("tag"))),
        "urgency": Field(Choice(Urgency)),
        "deadline": Field(DEADLINE),
        "lead": Field(Text(), instead="RR126"),
    },
    lambda values, _: values,
)
_COMMON: Final = {
    "id": Field(NewCode(), required=True, soft=True),
    "title": Field(Text()),
    "owner": Field(Code("function")),
    "basis": Field(Text()),
    "status": Field(Choice(Status)),
    "effective": Field(EFFECTIVE),
}
ROUTE: Final = Record(
    "route",
    {
        **_COMMON,
        "gate": Field(Flag()),
        "when": Field(ROUTE_BLOCKS),
        "unless": Field(ROUTE_BLOCKS),
        "assign": Field(_ASSIGN, required=True, soft=True),
        "on_return": Field(_TARGETS),
        "deadline": Field(DEADLINE),
        "deadline_by_kind": Field(ByKey(Choice(Kind), DEADLINE)),
        "urgency": Field(Choice(Urgency)),
        "tags": Field(Many(Code("tag"))),
        "confidential": Field(Flag()),
        "fallback": Field(Flag()),
        "accepts": Field(Many(ROUTE_BLOCK)),
    },
    lambda values, _: values,
)
OVERLAY: Final = Record(
    "overlay",
    {
        **_COMMON,
        "when": Field(OVERLAY_BLOCKS),
        "unless": Field(OVERLAY_BLOCKS),
        "sample": Field(Percent()),
        "add": Field(_ADD, required=True, soft=True),
    },
    lambda values, _: values,
)
FILE: Final = Record(
    "routes",
    {
        "owner": Field(Code("function")),
        "routes": Field(Many(ROUTE, may_be_empty=True)),
        "overlays": Field(Many(OVERLAY, may_be_empty=True)),
    },
    lambda values, _: values,
    may_be_empty=True,
)


@dataclass(slots=True)
class Rules:
    """The rules of all files, in the order in which they are tried, and whether each could be read."""

    routes: list[Route] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    whole: bool = True


def read_rules(documents: Iterable[Document], retired: frozenset[str], reading: Reading) -> Rules:
    """Read the files of rules by their numbers."""
    rules = Rules()
    ids: dict[str, Position] = {}
    documents = sorted(documents, key=lambda document: document.file)
    total = sum(_count(document.root) for document in documents if document.root is not None)
    if total > MOST_RULES:  # told before they are read: reading so many would take long
        at = Position(documents[-1].file, 1, 1)
        reading.find("RR137", at, what="term:n_rules", n=str(total), max=str(MOST_RULES))
        return Rules(whole=False)
    for document in documents:
        if document.root is None:
            rules.whole = False
            continue
        values = FILE.read(document.root, document.file, reading)
        if values is None:
            continue
        rules.whole = rules.whole and _count(document.root) == _read(values)
        owner = values.get("owner", "")
        rules.routes += [_route(route, owner, len(rules.routes) + n, reading) for n, route in _numbered(values)]
        rules.overlays += [_overlay(overlay, owner, reading) for overlay in values.get("overlays", ())]
        _distinct([*values.get("routes", ()), *values.get("overlays", ())], ids, retired, reading)
    return rules


def _numbered(values: Values) -> Iterable[tuple[int, Values]]:
    return enumerate(values.get("routes", ()), 1)


def _count(root: Node) -> int:
    lists = (root.get("routes"), root.get("overlays")) if isinstance(root, Table) else ()
    return sum(len(node.items) for node in lists if isinstance(node, Listing))


def _read(values: Values) -> int:
    return len(values.get("routes", ())) + len(values.get("overlays", ()))


def _distinct(rules: Iterable[Values], ids: dict[str, Position], retired: frozenset[str], reading: Reading) -> None:
    for values in rules:
        code, at = values.get("id"), values.at_of("id")
        if code is None:
            continue
        if code in retired:
            reading.find("RR108", at, id=code)
        elif code in ids:
            reading.find("RR108", at, "again", id=code, where=f"{ids[code].file}:{ids[code].line}")
        ids.setdefault(code, at)


def _common(values: Values, owner: str, reading: Reading) -> dict[str, Any]:
    code = values.get("id", "")
    owner = values.get("owner", owner)
    if not owner:
        reading.find("RR109", values.at, id=code)
    if "title" not in values.values:
        reading.find("RR145", values.at, "name", Level.WARNING, id=code)
    for name in ("when", "unless"):
        _bounded(values, name, reading)
    return {
        "id": code,
        "title": values.get("title", code),
        "owner": owner,
        "at": values.at,
        "when": values.get("when", ()),
        "unless": values.get("unless", ()),
        "basis": values.get("basis"),
        "status": values.get("status", Status.ACTIVE),
        "effective": values.get("effective", Effective()),
    }


def _bounded(values: Values, name: str, reading: Reading) -> None:
    blocks: tuple[Block, ...] = values.get(name, ())
    if len(blocks) > MOST_BLOCKS:
        at = values.at_of(name)
        reading.find("RR137", at, what="term:n_blocks", n=str(len(blocks)), max=str(MOST_BLOCKS))


def _route(values: Values, owner: str, order: int, reading: Reading) -> Route:
    assign: Values = values.get("assign", _NOTHING)
    by_kind: Mapping[Kind, Deadline] = values.get("deadline_by_kind", {})
    return Route(
        **_common(values, owner, reading),
        order=order,
        lead=assign.get("lead", AgencyRef("")),
        co_handlers=assign.get("co_handlers", ()),
        inform=assign.get("inform", ()),
        on_return=values.get("on_return", ()),
        deadline=values.get("deadline", Deadline()),
        deadline_by_kind=by_kind,
        urgency=values.get("urgency"),
        tags=values.get("tags", ()),
        confidential=values.get("confidential", False),
        gate=values.get("gate", False),
        fallback=values.get("fallback", False),
        accepts=values.get("accepts", ()),
    )


def _overlay(values: Values, owner: str, reading: Reading) -> Overlay:
    add: Values = values.get("add", _NOTHING)
    return Overlay(
        **_common(values, owner, reading),
        sample=values.get("sample"),
        co_handlers=add.get("co_handlers", ()),
        inform=add.get("inform", ()),
        tags=add.get("tags", ()),
        urgency=add.get("urgency"),
        deadline=add.get("deadline", Deadline()),
    )


def check_names(files: Iterable[str], reading: Reading) -> None:
    """Note files of rules whose names don't give an order, or give one twice (RR107)."""
    numbers: dict[str, str] = {}
    for file in sorted(files):
        found = FILE_NAME.fullmatch(file)
        at = Position(file, 1, 1)
        if not found:
            reading.find("RR107", at)
        elif found[1] in numbers:
            reading.find("RR107", at, "again", number=found[1], other=numbers[found[1]])
        else:
            numbers[found[1]] = file


def declared_ids(root: Node | None) -> Iterable[Scalar]:
    """Yield the ids that a file of rules writes, broken rules included."""
    for part in ("routes", "overlays"):
        listing = root.get(part) if isinstance(root, Table) else None
        for item in listing.items if isinstance(listing, Listing) else ():
            code = item.get("id") if isinstance(item, Table) else None
            if isinstance(code, Scalar):
                yield code
