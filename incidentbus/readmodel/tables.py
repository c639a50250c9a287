"""The read model's tables, in SQLAlchemy Core. Times are milliseconds since the epoch, UTC; 0 is none.

There are two sets of them, `_a` and `_b`: one is read and followed while a rebuild fills the other (`store`). Views
without a suffix show whichever stands, for whoever asks in SQL. No word of a reporter's is in any column.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

SCHEMA: Final = 1
"""Raised with every change of a column: an older database is rebuilt, a newer one refused."""
SIDES: Final = ("a", "b")

ABOUT: Final = Table(
    "readmodel_about",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("side", String(1), nullable=False),
    Column("deployment", Text, nullable=False),
    Column("followed_ms", BigInteger, nullable=False),
)
"""One row: which version and which set of tables stands, for which prefix, when it was last known to be whole."""


@dataclass(frozen=True, slots=True)
class Tables:
    """One set of tables."""

    metadata: MetaData
    cases: Table
    numbers: Table
    parts: Table
    decisions: Table
    directives: Table
    facts: Table
    offsets: Table

    def every(self) -> dict[str, Table]:
        """Return the tables by their names without a suffix."""
        return {name: getattr(self, name) for name in NAMES}


NAMES: Final = ("cases", "numbers", "parts", "decisions", "directives", "facts", "offsets")


def _text(name: str, **more: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **more)


def _ms(name: str, **more: Any) -> Column[int]:
    return Column(name, BigInteger, nullable=False, **more)


def _whole(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _truth(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _place() -> list[Column[int]]:
    """Return where a record lies: the key of what is only ever added, so that a record read twice is one row."""
    return [
        Column("kafka_partition", Integer, primary_key=True, autoincrement=False),
        Column("kafka_offset", BigInteger, primary_key=True, autoincrement=False),
    ]


def _cases(made: MetaData, side: str) -> Table:
    return Table(
        f"cases_{side}", made,
        _text("incident", primary_key=True), _text("status"), _truth("open"), _text("channel"), _text("external_id"),
        _text("kind"), _text("category"), _text("jurisdiction"), _text("urgency"), _text("tags"), _whole("round"),
        _text("lead"), _text("route"), _text("ruleset"), _text("reason"), _ms("received_at"), _ms("opened_at"),
        _ms("first_dispatched_at"), _ms("changed_at"), _ms("ended_at"), _ms("next_at"), _ms("due_at"),
        _text("due_milestone"), _whole("returns"), _whole("reopened"), _whole("reviews"), _whole("extensions"),
        _whole("reminders"), _whole("level"), _truth("final"), _text("overdue"), _text("satisfaction"),
        _text("merged_into"), _ms("plan_until"), _truth("confidential"), _truth("exercise"),
        _whole("kafka_partition"), _ms("kafka_offset"),
        Index(f"cases_{side}_open", "open", "changed_at"), Index(f"cases_{side}_due", "open", "due_at"),
        Index(f"cases_{side}_external", "external_id"), Index(f"cases_{side}_ruleset", "ruleset", "open"),
    )  # fmt: skip


def _numbers(made: MetaData, side: str) -> Table:
    return Table(
        f"numbers_{side}", made,
        _text("incident", primary_key=True), _text("system", primary_key=True), _text("number"),
        Index(f"numbers_{side}_number", "number"),
    )  # fmt: skip


def _parts(made: MetaData, side: str) -> Table:
    return Table(
        f"parts_{side}", made,
        _text("incident", primary_key=True), Column("place", Integer, primary_key=True, autoincrement=False),
        _text("agency"), _text("role"), _whole("round"), _text("status"), _ms("given_at"), _ms("acknowledge_by"),
        _ms("respond_by"), _ms("resolve_by"), _ms("return_until"), _ms("acknowledged_at"), _ms("responded_at"),
        _ms("done_at"), _ms("held_since"), Index(f"parts_{side}_agency", "agency", "status"),
    )  # fmt: skip


def _decisions(made: MetaData, side: str) -> Table:
    return Table(
        f"decisions_{side}", made, *_place(),
        _text("id"), _text("incident"), _whole("round"), _text("route"), _text("ruleset"), _text("version"),
        _text("lead"), _text("reason"), _ms("decided_at"), _text("wire"),
        Index(f"decisions_{side}_incident", "incident", "kafka_offset"),
        Index(f"decisions_{side}_ruleset", "ruleset"),
    )  # fmt: skip


def _directives(made: MetaData, side: str) -> Table:
    return Table(
        f"directives_{side}", made, *_place(),
        _text("id"), _text("incident"), _text("kind"), _text("outcome"), _text("because"), _text("issued_by"),
        _text("why"), _text("agency"), _text("rule"), _ms("until"), _ms("issued_at"), _ms("taken_at"),
        Index(f"directives_{side}_id", "id"), Index(f"directives_{side}_incident", "incident", "kafka_offset"),
        Index(f"directives_{side}_kind", "kind"),
    )  # fmt: skip


def _facts(made: MetaData, side: str) -> Table:
    return Table(
        f"facts_{side}", made, *_place(),
        _text("id"), _text("incident"), _text("fact"), _ms("at"), _text("status"), _whole("round"), _text("lead"),
        _text("cause"), _text("agency"), _text("role"), _text("milestone"), Column("step", Integer),
        Column("late_ms", BigInteger), _ms("until"), _text("reason"), _text("satisfaction"), _text("notice"),
        _text("system"), _text("number"), _text("by"), _truth("exercise"),
        Index(f"facts_{side}_incident", "incident", "kafka_offset"), Index(f"facts_{side}_cause", "cause"),
    )  # fmt: skip


def _offsets(made: MetaData, side: str) -> Table:
    return Table(
        f"offsets_{side}", made,
        Column("topic", Text, primary_key=True),
        Column("kafka_partition", Integer, primary_key=True, autoincrement=False), _ms("next"),
    )  # fmt: skip


@cache
def tables_of(side: str) -> Tables:
    """Return a set of tables, `a` or `b`."""
    made = MetaData()
    return Tables(
        made, _cases(made, side), _numbers(made, side), _parts(made, side), _decisions(made, side),
        _directives(made, side), _facts(made, side), _offsets(made, side),
    )  # fmt: skip
