"""What is kept of a row that failed: findings, what was published, what arrived, where the groups stand, the logs."""

import time
from collections.abc import Iterable
from pathlib import Path

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from incidentbus.witness import Verdict
from incidentbus.witness.reading import Seen
from tests.faults.harness.field import Field
from tests.faults.harness.outcome import Outcome

STAGES = ("intake", "dispatch")


async def keep(field: Field, verdict: Verdict, outcome: Outcome) -> None:
    """Write it all into the row's directory; the workers' logs lie there already."""
    into = field.directory
    _json(into / "verdict.json", {
        name: getattr(verdict, name) for name in ("lost", "duplicates", "disordered", "strangers", "orphans")
    } | {"line": outcome.line(), "problems": outcome.problems})  # fmt: skip
    (into / "notes.txt").write_text("\n".join(field.notes) + "\n", "utf-8")
    _lines(into / "published.ndjson", (
        {"channel": p.channel, "external_id": p.external_id, "place": p.place,
         "at": field.publisher.acknowledged.get(p.external_id or "")}
        for p in field.publisher.ledger.published
    ))  # fmt: skip
    for name in ("assignments", "decisions", "dead"):
        seen = field.watch.seen(name)
        _lines(
            into / f"{name}.ndjson", (_told(each) | {"at": field.watch.when(name, i)} for i, each in enumerate(seen))
        )
    try:
        _json(into / "offsets.json", await _offsets(field))
    except (KafkaError, TimeoutError, OSError) as error:
        (into / "offsets.json").write_text(f'"{type(error).__name__}"', "utf-8")


def _told(seen: Seen) -> dict[str, object]:
    try:
        body = orjson.loads(seen.value or b"null")
    except orjson.JSONDecodeError:
        body = None
    wanted = ("id", "incident", "external_id", "channel", "agency", "round", "role", "roles", "lead", "directive")
    known = {name: body[name] for name in wanted if name in body} if isinstance(body, dict) else {}
    headers = {
        name: value.decode("utf-8", "replace") for name, value in seen.headers.items() if name.startswith("dlq_")
    }
    return {"topic": seen.topic, "partition": seen.partition, "offset": seen.offset, **known, **headers}


async def _offsets(field: Field) -> dict[str, dict[str, int]]:
    admin = AIOKafkaAdminClient(**field.connection.options())
    await admin.start()
    try:
        told = {}
        for stage in STAGES:
            group = field.settings.runtime_prefix + stage
            offsets = await admin.list_consumer_group_offsets(group)
            told[group] = {f"{tp.topic}/{tp.partition}": at.offset for tp, at in offsets.items()}
        return told | {"at": {"seconds": int(time.time())}}
    finally:
        await admin.close()


def _json(path: Path, what: object) -> None:
    path.write_bytes(orjson.dumps(what, option=orjson.OPT_INDENT_2))


def _lines(path: Path, rows: Iterable[object]) -> None:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row) + b"\n")
