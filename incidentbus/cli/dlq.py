"""`incidentbus dlq`: what could not be taken further, why, and what to do about it.

Of a payload only its shape is shown: lengths and the names of fields (an unknown one by its length), never words. Who
may read a report reads the topic.
"""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any

import typer

from contracts.handling import HandlingAction
from contracts.topics import Topics
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import local, moment_ms, ndjson, note, reason_of, rfc3339, table
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.readmodel import deadletters
from incidentbus.readmodel.reading import Position
from incidentbus.redriving import Act, Dealt, SomebodyElse, deal
from incidentbus.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="死信 / Dead letters: records that could not be taken further, and why.")

Reason = Annotated[str | None, typer.Option("--reason", help="only those with this reason (docs/reasons.md)")]
Topic = Annotated[str | None, typer.Option("--topic", help="only those of this input, with or without `.dlq`")]
Since = Annotated[str | None, typer.Option("--since", help="only those kept since: 30m, 2h, 3d ago, or an ISO time")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Letters = Annotated[list[str] | None, typer.Argument(help="where they lie, as `dlq list` shows it")]
By = Annotated[str, typer.Option("--by", help="which office does it; kept with the letter, so no person's name")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="at most so many")]

_COLUMNS = {
    "letter": "死信 letter",
    "time": "时间 time",
    "reason": "原因 reason",
    "stage": "阶段 stage",
    "source": "来源 record",
    "detail": "说明 detail",
    "bytes": "字节 bytes",
    "state": "状态 state",
}
_REFERENCES = ("letter", "source", "reason")


@app.command("list")
@guarded_async
async def list_(
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    handled: Annotated[bool, typer.Option("--all", help="those redriven or discarded too")] = False,
    as_json: AsJson = False,
) -> None:
    """列出未处理的死信 / List dead letters that nobody has dealt with yet. Exit code 0, with any or none.

    \b
    incidentbus dlq list --reason unparsable --since 2h
    incidentbus dlq list --topic channel.petition.reports.v1 --all --json
    """
    settings = load_settings()
    wanted = _wanted((), reason, topic, since, handled=handled)
    rows: list[dict[str, Any]] = []
    async for letter in deadletters.letters(connection_of(settings), settings.topics(), wanted):
        row = deadletters.row(letter)
        if as_json:
            ndjson({"time": rfc3339(row.pop("at_ms")), **row})
        else:
            rows.append(row)
    if not as_json:
        rows.sort(key=lambda row: row["at_ms"])
        _print(rows)


def _print(rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        shown = [
            {**row, "time": local(row["at_ms"]), "source": f"{row['topic']}/{row['partition']}/{row['offset']}"}
            for row in rows
        ]
        table(_COLUMNS, shown, _REFERENCES)
    note(f"死信 {len(rows)} 件 / {len(rows)} dead letters")


@app.command()
@guarded_async
async def show(letter: Annotated[str, typer.Argument(help="where it lies, as `dlq list` shows it")]) -> None:
    """查看一件死信 / Show all that may be shown of one dead letter, as JSON: of the payload its shape alone.

    Exit codes: 0 shown; 1 there is none at that place.
    """
    settings = load_settings()
    wanted = _wanted([letter], None, None, None, handled=True)
    async with aclosing(deadletters.letters(connection_of(settings), settings.topics(), wanted)) as there:
        async for found in there:
            told = deadletters.full(found)
            times = {name.removesuffix("_ms"): rfc3339(told.pop(name)) for name in list(told) if name.endswith("_ms")}
            ndjson(told | times)
            return
    leave(ExitCode.FINDINGS, f"{letter}: 没有这件死信 / no dead letter there")


@app.command()
@guarded_async
async def redrive(
    letters: Letters = None,
    by: By = "operators",
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """重投 / Put dead letters back on their input: same bytes, key, headers and partition, once each.

    Name them, or say which by --reason, --topic, --since. A letter that was dealt with before is passed over. The
    record carries one header more, `incidentbus_redriven`. Exit codes: 0 done; 1 some could not be redriven.

    \b
    incidentbus dlq redrive channel.petition.reports.v1.dlq/3/17 --by command-centre
    incidentbus dlq redrive --reason missing_field --since 1d --limit 100
    """
    wanted = _chosen(letters, reason, topic, since)
    await _deal(wanted, Act(HandlingAction.REDRIVEN, by, SystemClock().now_ms()), limit, as_json=as_json)


@app.command()
@guarded_async
async def discard(
    letters: Letters = None,
    why: Annotated[str, typer.Option("--why", help="on what ground; kept with the letter")] = "",
    by: By = "operators",
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """作废 / Note that dead letters are not to be taken up again; their bytes stay until the topic's retention ends."""
    if not why.strip():
        raise Misuse("--why: 要写明理由 / say on what ground")
    wanted = _chosen(letters, reason, topic, since)
    await _deal(wanted, Act(HandlingAction.DISCARDED, by, SystemClock().now_ms(), why.strip()), limit, as_json=as_json)


def _chosen(letters: list[str] | None, reason: str | None, topic: str | None, since: str | None) -> deadletters.Wanted:
    if not (letters or reason or topic or since):
        raise Misuse("说明要处理哪些 / say which: LETTER…, --reason, --topic or --since")
    return _wanted(letters or (), reason, topic, since, handled=False)


def _wanted(
    letters: Sequence[str], reason: str | None, topic: str | None, since: str | None, *, handled: bool
) -> deadletters.Wanted:
    try:
        positions = frozenset(Position.parse(letter) for letter in letters)
    except ValueError as error:
        raise Misuse(str(error)) from error
    return deadletters.Wanted(reason_of(reason), topic, moment_ms(since, SystemClock().now_ms()), positions, handled)


async def _deal(wanted: deadletters.Wanted, act: Act, limit: int | None, *, as_json: bool) -> None:
    settings = load_settings()
    topics: Topics = settings.topics()
    try:
        dealt = await deal(connection_of(settings), topics, wanted, act, limit)
    except SomebodyElse:
        leave(
            ExitCode.FINDINGS, "另一人正在处理死信，请稍后再试 / somebody else deals with dead letters now; try again"
        )
    _tell(dealt, act, as_json=as_json)
    missed = wanted.positions - {letter.position for letter in dealt.done} - {x.position for x, _ in dealt.refused}
    for position in sorted(missed):
        note(f"{position}: 没有，或已处理过 / none there, or dealt with before")
    if dealt.refused or missed:
        leave(ExitCode.FINDINGS)


def _tell(dealt: Dealt, act: Act, *, as_json: bool) -> None:
    for letter, why in dealt.refused:
        note(f"{letter.position}: {why}")
    if as_json:
        for letter in dealt.done:
            ndjson({"letter": str(letter.position), "action": act.action.value, "by": act.by})
        return
    word = "重投" if act.action is HandlingAction.REDRIVEN else "作废"
    print(f"已{word} {len(dealt.done)} 件 / {len(dealt.done)} {act.action.value}")
