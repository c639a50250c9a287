"""What is asked of the read model: cases by what they are, one case whole, its story, what falls due."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, and_, case, exists, func, or_, select

from incidentbus.readmodel.rows import Row
from incidentbus.readmodel.store import Store
from incidentbus.readmodel.tables import Tables

SORTS: Final = {
    "changed": ("changed_at", True),
    "opened": ("opened_at", True),
    "received": ("received_at", True),
    "due": ("due_at", False),
    "reopened": ("reopened", True),
    "returns": ("returns", True),
}
"""By what a list can be sorted: the column, and whether the greatest comes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: all that is given must hold. `town`: a jurisdiction and all beneath it, by how codes begin."""

    statuses: tuple[str, ...] = ()
    open_only: bool = False
    agency: str | None = None
    channel: str | None = None
    town: str | None = None
    rule: str | None = None
    ruleset: str | None = None
    since_ms: int | None = None
    due_after: int | None = None
    due_until: int | None = None
    sort: str = "changed"
    limit: int | None = None


def cases(store: Store, wanted: Wanted) -> list[Row]:
    """Return the cases that are wanted, in order."""
    with store.reading() as (connection, on):
        return _rows(connection, _asked(on, wanted))


def _asked(on: Tables, wanted: Wanted) -> Select[Any]:
    c = on.cases.c
    asked = select(on.cases)
    if wanted.statuses:
        asked = asked.where(c.status.in_(wanted.statuses))
    if wanted.open_only:
        asked = asked.where(c.open)
    for column, value in ((c.channel, wanted.channel), (c.route, wanted.rule)):
        if value is not None:
            asked = asked.where(column == value)
    if wanted.agency is not None:
        p = on.parts.c
        asked = asked.where(exists().where(and_(p.incident == c.incident, p.agency == wanted.agency)))
    if wanted.town is not None:
        asked = asked.where(c.jurisdiction.startswith(wanted.town.rstrip("0") or wanted.town, autoescape=True))
    if wanted.ruleset is not None:
        asked = asked.where(c.ruleset.startswith(wanted.ruleset[:16], autoescape=True))
    if wanted.since_ms is not None:
        asked = asked.where(c.changed_at >= wanted.since_ms)
    if wanted.due_after is not None:
        asked = asked.where(c.due_at > max(wanted.due_after, 0))
    if wanted.due_until is not None:
        asked = asked.where(c.due_at > 0, c.due_at <= wanted.due_until)
    return _sorted(on, asked, wanted)


def _sorted(on: Tables, asked: Select[Any], wanted: Wanted) -> Select[Any]:
    name, greatest_first = SORTS[wanted.sort]
    column = on.cases.c[name]
    none_last = case((column == 0, 1), else_=0)
    ordered = asked.order_by(none_last, column.desc() if greatest_first else column.asc(), on.cases.c.incident)
    return ordered if wanted.limit is None else ordered.limit(wanted.limit)


def _rows(connection: Connection, asked: Select[Any]) -> list[Row]:
    # names that SQL reserves come as a str of SQLAlchemy's own, which JSON's writer takes for no name
    return [{str(name): value for name, value in row.items()} for row in connection.execute(asked).mappings()]


def found(store: Store, word: str) -> list[str]:
    """Return the cases that go by this id, number at their channel, or number in another system; oldest first."""
    with store.reading() as (connection, on):
        linked = select(on.numbers.c.incident).where(on.numbers.c.number == word)
        c = on.cases.c
        asked = select(c.incident).where(or_(c.incident == word, c.external_id == word, c.incident.in_(linked)))
        return list(connection.execute(asked.order_by(c.opened_at, c.incident)).scalars())


def whole(store: Store, incident: str) -> Row | None:
    """Return a case with its parts and numbers, or None."""
    with store.reading() as (connection, on):
        rows = _rows(connection, select(on.cases).where(on.cases.c.incident == incident))
        if not rows:
            return None
        p, n = on.parts.c, on.numbers.c
        parts = _rows(connection, select(on.parts).where(p.incident == incident).order_by(p.place))
        numbers = _rows(connection, select(on.numbers).where(n.incident == incident).order_by(n.system))
    return {**rows[0], "parts": parts, "numbers": {row["system"]: row["number"] for row in numbers}}


def parts_of(store: Store, incidents: list[str]) -> dict[str, list[Row]]:
    """Return the parts of several cases."""
    told: dict[str, list[Row]] = {incident: [] for incident in incidents}
    with store.reading() as (connection, on):
        p = on.parts.c
        for begin in range(0, len(incidents), 500):
            some = incidents[begin : begin + 500]
            for row in _rows(connection, select(on.parts).where(p.incident.in_(some)).order_by(p.incident, p.place)):
                told[row["incident"]].append(row)
    return told


def timeline(store: Store, incident: str) -> list[Row]:
    """Return everything that was decided, commanded and told of a case, in order; `step` says which it is."""
    with store.reading() as (connection, on):

        def steps(name: str, table: Table, at: str) -> list[Row]:
            asked = select(table).where(table.c.incident == incident).order_by(table.c.kafka_offset)
            return [{"step": name, "when": row[at], **row} for row in _renamed(_rows(connection, asked))]

        ruled = steps("decision", on.decisions, "decided_at") + steps("directive", on.directives, "taken_at")
        facts = steps("fact", on.facts, "at")
    return _woven(sorted(ruled, key=lambda row: row["kafka_offset"]), facts)


def _woven(ruled: list[Row], facts: list[Row]) -> list[Row]:
    """Weave two topics into one story: what a fact came of stands before it, whatever their clocks say.

    Facts carry whole seconds, so within one second only the cause that a fact names tells which came first.
    """
    told: list[Row] = []
    for fact in facts:
        until = next((place + 1 for place, row in enumerate(ruled) if row["id"] == fact["cause"]), 0)
        while until < len(ruled) and ruled[until]["when"] < fact["when"] // 1_000 * 1_000:
            until += 1
        told += [*ruled[:until], fact]
        del ruled[:until]
    return told + ruled


def _renamed(rows: list[Row]) -> list[Row]:
    """Keep a fact's number of its ladder's step out of the way of what sort of step a row is."""
    return [{("ladder_step" if name == "step" else name): value for name, value in row.items()} for row in rows]


def directive_taken(store: Store, id_: str) -> list[Row]:
    """Return how a directive was recorded: once, or once a partition where it names no case."""
    with store.reading() as (connection, on):
        d = on.directives.c
        return _rows(connection, select(on.directives).where(d.id == id_).order_by(d.kafka_partition))


def holds(store: Store) -> list[Row]:
    """Return the holds and releases that dispatch acted on, once each, in order of time; the newest says how it is."""
    with store.reading() as (connection, on):
        d = on.directives.c
        asked = select(on.directives).where(d.kind.in_(("hold", "release")), d.outcome == "acted")
        rows = _rows(connection, asked.order_by(d.taken_at, d.kafka_partition))
    return list({row["id"]: row for row in rows}.values())


def held_parts(store: Store) -> dict[str, int]:
    """Return by agency how many assignments wait."""
    with store.reading() as (connection, on):
        p = on.parts.c
        asked = select(p.agency, func.count()).where(p.status == "held").group_by(p.agency)
        return {row[0]: row[1] for row in connection.execute(asked)}


def rulesets(store: Store) -> list[str]:
    """Return the digests of the rulesets that ever decided."""
    with store.reading() as (connection, on):
        return list(connection.execute(select(on.decisions.c.ruleset).distinct()).scalars())


def decided_by(store: Store, digest: str) -> list[Row]:
    """Return the open cases whose decision that stands was made by a ruleset, oldest first."""
    with store.reading() as (connection, on):
        c = on.cases.c
        asked = select(on.cases).where(c.open, c.ruleset == digest[:16]).order_by(c.opened_at, c.incident)
        return _rows(connection, asked)
