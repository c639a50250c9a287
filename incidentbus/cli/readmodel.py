"""`incidentbus readmodel`: the database that `cases` asks, brought up to date or built anew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, guarded_async, leave
from incidentbus.cli.printing import local, ndjson, note, progress, rfc3339, table
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings, load_settings

if TYPE_CHECKING:
    from incidentbus.readmodel.rows import Row
    from incidentbus.readmodel.store import Store

app = typer.Typer(no_args_is_help=True, help="读模型 / The read model: the database that `cases` asks.")

AsJson = Annotated[bool, typer.Option("--json", help="一行一个 JSON / one JSON object")]


def opened(settings: Settings) -> "Store":
    """Return the read model, its tables made where they were missing; raises `Misuse` where it can't be used."""
    from incidentbus.readmodel.store import ReadModelUnfit, Store, engine_of  # late: it loads SQLAlchemy

    try:
        store = Store(engine_of(settings.readmodel), settings.topic_prefix)
        if store.open():
            note("读模型换了版本，从头读起 / the read model was an earlier version's: it is read anew")
    except ReadModelUnfit as error:
        raise Misuse(str(error)) from error
    return store


@asynccontextmanager
async def fresh(settings: Settings, *, catch_up: bool = True) -> "AsyncIterator[Store]":
    """Open the read model, brought up to date unless somebody follows or nobody wants it."""
    from incidentbus.readmodel.following import freshen  # late: it loads SQLAlchemy
    from incidentbus.readmodel.store import ReadModelUnfit

    store = opened(settings)
    try:
        if catch_up:
            what = progress("读模型 read model")
            await freshen(connection_of(settings), settings.topics(), store, SystemClock(), what)
        yield store
    except ReadModelUnfit as error:
        raise Misuse(str(error)) from error
    finally:
        store.close()


def one(store: "Store", word: str) -> "Row":
    """Return the case that goes by this id or number, whole; ends the command where none does, or several do."""
    from incidentbus.readmodel.asking import found, whole

    ids = found(store, word)
    if len(ids) > 1:
        leave(ExitCode.FINDINGS, f"{word}: 有 {len(ids)} 件，写明案件号 / several: {', '.join(ids)}")
    case = whole(store, ids[0]) if ids else None
    if case is None:
        leave(ExitCode.FINDINGS, f"{word}: 没有这件 / no such case; incidentbus incidents trace follows a report")
    return case


@app.command("catch-up")
@guarded_async
async def catch_up(as_json: AsJson = False) -> None:
    """补读 / Read to the ends of the topics and stop. `cases` does it by itself where no follower runs.

    Exit codes: 0 done; 2 the database can't be used, or the topics aren't there; 3 no broker answers.

    \b
    incidentbus readmodel catch-up
    """
    from incidentbus.readmodel import following

    await _fill(following.catch_up, as_json=as_json)


@app.command()
@guarded
def rebuild(as_json: AsJson = False) -> None:
    """重建 / Read everything anew into tables of its own, and swap them in at the end.

    Whoever asks meanwhile asks the old tables. Ctrl-C leaves those as they are. Exit codes: 0 done; 1 interrupted; 2
    the database can't be used; 3 no broker answers.

    \b
    incidentbus readmodel rebuild
    """
    from incidentbus.readmodel import following

    try:
        asyncio.run(_fill(following.rebuild, as_json=as_json))
    except KeyboardInterrupt:
        leave(ExitCode.FINDINGS, "中断，旧表照旧 / interrupted: the old tables stand")


async def _fill(how: Any, *, as_json: bool) -> None:
    settings = load_settings()
    async with fresh(settings, catch_up=False) as store:
        what = progress("读模型 read model")
        feed = await how(connection_of(settings), settings.topics(), store, what)
    if as_json:
        ndjson({"taken": feed.taken, "unreadable": feed.unreadable, "topics": feed.by_topic})
    else:
        print(f"读入 {feed.taken} 条 / {feed.taken} records read")
    if feed.unreadable:
        note(f"{feed.unreadable} 条读不出，略过 / {feed.unreadable} could not be read and were passed over")


@app.command()
@guarded_async
async def status(as_json: AsJson = False) -> None:
    """查看 / Show how far the read model is, and when a follower last knew it to be whole. Changes nothing.

    \b
    incidentbus readmodel status
    """
    settings = load_settings()
    async with fresh(settings, catch_up=False) as store:
        about, offsets = store.about(), store.offsets()
    rows = [{"topic": topic, "partition": partition, "next": next_} for (topic, partition), next_ in offsets.items()]
    rows.sort(key=lambda row: (str(row["topic"]), row["partition"]))
    when = about.followed_ms or None
    if as_json:
        ndjson({"side": about.side, "whole_at": rfc3339(when), "offsets": rows})
        return
    table({"topic": "主题 topic", "partition": "分区 partition", "next": "下一条 next"}, rows, references=("topic",))
    note(f"齐全于 / whole at: {local(when) or '—'}")
