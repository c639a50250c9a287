"""The read model's database: rows and the offsets that they come from, written in one transaction.

SQLite in a file, or PostgreSQL. Which set of tables stands is looked up in every transaction, so a follower goes on
unharmed while a rebuild fills the other set and swaps it in.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, create_engine, delete, event, inspect, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from contracts.ports import InboundRecord
from incidentbus.readmodel.rows import Batch, Row, batch_of
from incidentbus.readmodel.tables import ABOUT, NAMES, SCHEMA, SIDES, Tables, tables_of

_LOCK: Final = 0x1B_CA5E5
_BUSY_MS: Final = 30_000
Place = tuple[str, int]


class ReadModelUnfit(Exception):
    """The database can't be used: the message is the sentence for who runs the command."""


@dataclass(frozen=True, slots=True)
class About:
    """Which set stands, and when it was last known to be whole, ms."""

    side: str
    followed_ms: int


def engine_of(url: str) -> Engine:
    """Return the engine of `sqlite:///FILE` or `postgresql://…`. Raises `ReadModelUnfit` where it can't be."""
    try:
        made = make_url(url)
    except ArgumentError:
        raise ReadModelUnfit("INCIDENTBUS_READMODEL_URL: sqlite:///FILE 或 / or postgresql://HOST/DATABASE") from None
    if made.get_backend_name() == "sqlite":
        return _sqlite(made)
    if made.get_backend_name() != "postgresql":
        raise ReadModelUnfit(f"INCIDENTBUS_READMODEL_URL: {made.get_backend_name()}: sqlite, postgresql")
    try:
        return create_engine(made.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except (ImportError, NoSuchModuleError):
        raise ReadModelUnfit("PostgreSQL: pip install 'incidentbus[postgres]'") from None


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, or DDL would end them
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


class Store:
    """One read model. `deployment` is the topics' prefix: a database belongs to one deployment."""

    def __init__(self, engine: Engine, deployment: str) -> None:
        self.engine: Final = engine
        self._deployment = deployment
        self._insert: Final[Any] = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def open(self) -> bool:
        """Make what is missing. Returns whether rows of an earlier version were left behind: a rebuild is due.

        Raises `ReadModelUnfit` where the database is a newer release's or another deployment's.
        """
        try:
            with self._writing() as connection:
                return self._opened(connection)
        except DBAPIError as error:
            raise ReadModelUnfit(
                f"读模型数据库用不了 / the read model can't be used: {type(error.orig).__name__}"
            ) from error

    def _opened(self, connection: Connection) -> bool:
        ABOUT.create(connection, checkfirst=True)
        row = connection.execute(select(ABOUT)).mappings().first()
        if row is None:
            self._fresh(connection, SIDES[0])
            connection.execute(ABOUT.insert().values(id=1, deployment=self._deployment, **_standing(SIDES[0])))
            self._show(connection, SIDES[0])
            return False
        if row["schema_version"] > SCHEMA:
            raise ReadModelUnfit(
                f"请升级 / a newer release made this read model "
                f"(version {row['schema_version']}, here {SCHEMA}): upgrade, or set another INCIDENTBUS_READMODEL_URL"
            )
        if row["deployment"] != self._deployment:
            raise ReadModelUnfit(
                f"读模型属于另一部署 / this read model is of the deployment {row['deployment']!r}: "
                "point INCIDENTBUS_READMODEL_URL elsewhere"
            )
        if row["schema_version"] == SCHEMA:
            return False
        other = _other(row["side"])
        self._fresh(connection, other)
        self._swap(connection, other)
        return True

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, Tables]]:
        """Open a transaction that reads, on the set of tables that stands."""
        with self.engine.connect().execution_options(reads=True) as connection, connection.begin():
            yield connection, tables_of(self._side(connection))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # one writer at a time, as SQLite has it
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    def _side(self, connection: Connection) -> str:
        side: str = connection.execute(select(ABOUT.c.side)).scalar_one()
        return side

    def about(self) -> About:
        """Return which set stands and when it was last known to be whole."""
        with self.engine.connect().execution_options(reads=True) as connection, connection.begin():
            return About(*connection.execute(select(ABOUT.c.side, ABOUT.c.followed_ms)).one())

    def followed(self, now_ms: int) -> None:
        """Note, as who follows, that the tables that stand have all that the topics had at `now_ms`."""
        with self._writing() as connection:
            connection.execute(update(ABOUT).values(followed_ms=now_ms))

    def offsets(self, side: str | None = None) -> dict[Place, int]:
        """Return the next offset to take of each partition."""
        with self.reading() as (connection, standing):
            table = (tables_of(side) if side else standing).offsets
            rows = connection.execute(select(table.c.topic, table.c.kafka_partition, table.c.next))
            return {(row.topic, row.kafka_partition): row.next for row in rows}

    def apply(self, records: Sequence[InboundRecord], positions: Mapping[Place, int], side: str | None = None) -> Batch:
        """Write records, and up to where each partition is read, in one transaction; what was applied before is not.

        `side` is a set that is being filled; else the one that stands.
        """
        with self._writing() as connection:
            into = tables_of(side or self._side(connection))
            known = {(row.topic, row.kafka_partition): row.next for row in connection.execute(select(into.offsets))}
            new = [each for each in records if each.offset >= known.get((each.topic, each.partition), 0)]
            batch = batch_of(new)
            self._write(connection, into, batch)
            moved = [
                {"topic": topic, "kafka_partition": partition, "next": position}
                for (topic, partition), position in positions.items()
                if position > known.get((topic, partition), -1)
            ]
            self._upsert(connection, into.offsets, moved)
        return batch

    def _write(self, connection: Connection, into: Tables, batch: Batch) -> None:
        changed = [{"known": incident} for incident in batch.changed]
        if changed:
            gone = [{"known": incident} for incident in batch.gone]
            for table in (into.numbers, into.parts):
                connection.execute(delete(table).where(table.c.incident == bindparam("known")), changed)
            if gone:
                connection.execute(delete(into.cases).where(into.cases.c.incident == bindparam("known")), gone)
        self._upsert(connection, into.cases, list(batch.cases.values()))
        self._upsert(connection, into.numbers, [row for rows in batch.numbers.values() for row in rows])
        self._upsert(connection, into.parts, [row for rows in batch.parts.values() for row in rows])
        self._upsert(connection, into.decisions, batch.decisions)
        self._upsert(connection, into.directives, batch.directives)
        self._upsert(connection, into.facts, batch.facts)

    def _upsert(self, connection: Connection, table: Any, rows: list[Row]) -> None:
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        insert = self._insert(table)
        rest = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=rest), rows)

    def begin_rebuild(self) -> str:
        """Empty the set that does not stand, and return it."""
        with self._writing() as connection:
            other = _other(self._side(connection))
            self._fresh(connection, other)
        return other

    def swap(self, side: str) -> None:
        """Let a filled set stand instead of the other, which is dropped: in one transaction."""
        with self._writing() as connection:
            self._swap(connection, side)

    def _swap(self, connection: Connection, side: str) -> None:
        connection.execute(update(ABOUT).values(**_standing(side)))
        self._show(connection, side)
        tables_of(_other(side)).metadata.drop_all(connection)

    def _fresh(self, connection: Connection, side: str) -> None:
        metadata = tables_of(side).metadata
        metadata.drop_all(connection)
        metadata.create_all(connection)

    def _show(self, connection: Connection, side: str) -> None:
        """Let the views show this set; their names hold no word from outside."""
        for name in NAMES:
            connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
            connection.execute(text(f"CREATE VIEW {name} AS SELECT * FROM {name}_{side}"))  # noqa: S608  # ours alone

    def dump(self) -> Iterable[str]:
        """Yield every row that stands, a line each, in the order of the tables' keys: for comparing two models."""
        with self.reading() as (connection, standing):
            for name, table in standing.every().items():
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
                    yield json.dumps({"table": name, **row}, ensure_ascii=False, sort_keys=True)

    def has_tables(self, side: str) -> bool:
        """Say whether a set of tables is there."""
        return inspect(self.engine).has_table(f"cases_{side}")


def _other(side: str) -> str:
    return SIDES[1] if side == SIDES[0] else SIDES[0]


def _standing(side: str) -> dict[str, Any]:
    return {"schema_version": SCHEMA, "side": side, "followed_ms": 0}
