"""`incidentbus inputs`: which inputs the dead-letter bound has paused, and how to let them go on.

One bad source never stops another: what is paused is one partition of one topic, for one stage. Find the cause in
`incidentbus dlq list --topic TOPIC` first; whoever resumes without a cure will see it paused again.
"""

from typing import Annotated, Any

import typer

from connectors.kafka.clients import producer
from contracts.inputs import ALLOWED_AT_MOST, BY_LIMIT, InputState, InputStatus
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import local, ndjson, note, rfc3339, table
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.readmodel.inputs import inputs_seen
from incidentbus.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="输入 / Inputs of the stages: paused by too many dead letters, resumed.")

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]

_COLUMNS = {
    "stage": "阶段 stage",
    "topic": "主题 topic",
    "partition": "分区 partition",
    "status": "状态 status",
    "since": "时间 since",
    "reason": "原因 reason",
    "detail": "说明 detail",
    "offset": "停在 at offset",
    "by": "由 by",
}
_REFERENCES = ("stage", "topic", "partition", "offset")


@app.command("list")
@guarded_async
async def list_(
    every: Annotated[bool, typer.Option("--all", help="those resumed too")] = False, as_json: AsJson = False
) -> None:
    """列出停着的输入 / List inputs that stand still. Exit codes: 0 none does; 1 some do."""
    settings = load_settings()
    states, unreadable = await inputs_seen(connection_of(settings), settings.topics())
    _note_unreadable(unreadable)
    paused = [state for state in states if state.status is InputStatus.PAUSED]
    rows = [_row(state) for state in (states if every else paused)]
    if as_json:
        for row in rows:
            ndjson({"time": rfc3339(row.pop("at")), **row})
    else:
        if rows:
            table(_COLUMNS, [{**row, "since": local(row["at"])} for row in rows], _REFERENCES)
        note(f"停着 {len(paused)} 个输入 / {len(paused)} inputs stand still")
    if paused:
        leave(ExitCode.FINDINGS)


def _note_unreadable(count: int) -> None:
    if count:
        note(f"跳过 {count} 条读不懂的记录 / {count} records that can't be read were passed over")


def _row(state: InputState) -> dict[str, Any]:
    return state.model_dump(mode="json")


@app.command()
@guarded_async
async def resume(
    topic: Annotated[str, typer.Argument(help="the input's topic, with or without the deployment's prefix")],
    partition: Annotated[int, typer.Argument(min=0, help="its partition")],
    stage: Annotated[str | None, typer.Option("--stage", help="only for this stage; otherwise for all")] = None,
    by: Annotated[str, typer.Option("--by", help="which office does it; kept, so no person's name")] = "operators",
    allow: Annotated[
        int | None,
        typer.Option("--allow", min=1, max=ALLOWED_AT_MOST, help="so many dead letters more before it may pause again"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """恢复 / Let a paused input go on, from the first record that was not taken; workers see it within a second.

    A burst that was looked at and is worth nothing goes through with --allow: its dead letters are kept, and not held
    against the input. Exit codes: 0 resumed; 1 it does not stand still.

    \b
    incidentbus inputs resume channel.petition.reports.v1 3 --allow 5000
    incidentbus inputs resume channel.petition.reports.v1 3 --by command-centre
    """
    if len(by) > BY_LIMIT or not by.isprintable():
        raise Misuse(f"--by: 至多 {BY_LIMIT} 个可显示的字 / at most {BY_LIMIT} printable characters")
    settings = load_settings()
    topics, connection = settings.topics(), connection_of(settings)
    states, unreadable = await inputs_seen(connection, topics)
    _note_unreadable(unreadable)
    waiting = [
        state
        for state in states
        if state.status is InputStatus.PAUSED
        and state.topic in (topic, topics.prefix + topic)
        and state.partition == partition
        and stage in (None, state.stage)
    ]
    if not waiting:
        leave(ExitCode.FINDINGS, f"{topic}/{partition}: 没有停着 / doesn't stand still; see incidentbus inputs list")
    now = SystemClock().now_ms()
    async with producer(connection) as client:
        for state in waiting:
            emit = state.resumed(by=by, at_ms=now, allow=allow).emit(topics.bus("inputs"))
            await client.send_and_wait(emit.topic, emit.value, emit.key, partition=emit.partition)
            if as_json:
                ndjson({"stage": state.stage, "topic": state.topic, "partition": partition, "status": "resumed"})
            else:
                print(f"已恢复 / resumed: {state.stage} {state.topic}/{partition}，从 offset {state.offset} 起")
