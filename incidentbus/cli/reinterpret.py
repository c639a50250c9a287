"""`incidentbus reinterpret`: have raw reports understood anew, after a codec or a ruleset was mended."""

from typing import Annotated, Any

import typer

from contracts.codes import DirectiveKind
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.ordering import AsJson, By, DryRun, Why
from incidentbus.cli.printing import moment_ms, ndjson, note, progress
from incidentbus.clock import SystemClock, utc_now
from incidentbus.connecting import connection_of
from incidentbus.readmodel.reading import Position
from incidentbus.settings import load_settings


@guarded_async
async def reinterpret(
    by: By,
    why: Why,
    raw: Annotated[
        list[str] | None, typer.Option("--raw", help="来件所在，可多写 / topic/partition/offset, repeatable")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="或一个渠道的一段时间 / or a channel, with --since")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="从何时收到的：2h、3d / received since")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="到何时：1h 前，或一个时间 / received before; else now")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """重新理解 / Have raw reports understood and decided anew, by the codecs and the ruleset of now.

    Of each matter the last telling is taken, once for each --why and day. What an open case becomes of it is a new
    round; agencies are told once. Exit codes: 0 sent, or shown; 1 there is nothing at that place or time.

    \b
    incidentbus reinterpret --raw channel.petition.reports.v1/3/17 --by command-centre --why "编码表已更正" --dry-run
    incidentbus reinterpret --channel hotline-12345 --since 2d --until 1d --by command-centre --why "编码表已更正"
    """
    from connectors.kafka.publisher import open_publisher
    from connectors.registry import channel_codecs
    from incidentbus.commanding import command, outgoing
    from incidentbus.reinterpreting import MOST, NotReinterpreted, Reinterpreting, last_of_each, rekeyed

    settings = load_settings()
    topics, asking = settings.topics(), Reinterpreting(connection_of(settings), settings.topics(), channel_codecs())
    if not by.strip() or not why.strip():
        raise Misuse("--by 与 --why 都要写 / say which office and on what ground: --by, --why")
    try:
        found = last_of_each(await _found(asking, raw, channel, since, until))
    except NotReinterpreted as error:
        leave(ExitCode.FINDINGS, str(error))
    if not found:
        leave(ExitCode.FINDINGS, "没有来件 / no reports there")
    if len(found) > MOST:
        raise Misuse(f"{len(found)} 件太多，时间写短些 / too many at once, {MOST} at most: give a shorter time")
    now = utc_now()
    directives = [
        command(
            DirectiveKind.REINTERPRET, by.strip(), why.strip(), now, incident=each.incident, raw=(str(each.position),)
        )
        for each in found
    ]  # fmt: skip
    if not dry_run:
        records = [rekeyed(each, topics, said.id) for each, said in zip(found, directives, strict=True)]
        commands = [record for said in directives for record in outgoing(said, topics)]
        async with open_publisher(connection_of(settings)) as publisher:
            told = await publisher.publish_many([*commands, *records], progress("重新理解 reinterpret"))
        if told.refused:
            leave(
                ExitCode.FINDINGS, f"{len(told.refused)} 条没投成 / could not be put on the topic: {told.refused[0][1]}"
            )
    for each, said in zip(found, directives, strict=True):
        if as_json:
            ndjson({"raw": str(each.position), "incident": each.incident, "id": said.id, "dry_run": dry_run})
    if not as_json:
        _tell(len(found), dry_run=dry_run)


def _tell(count: int, *, dry_run: bool) -> None:
    if dry_run:
        print(f"演示：{count} 件将重新理解 / dry run: {count} matters would be understood anew")
    else:
        print(f"已送 {count} 件重新理解 / {count} matters sent to be understood anew")
        note("每件的结果：incidentbus cases timeline CASE / what came of each: incidentbus cases timeline CASE")


async def _found(
    asking: Any, raw: list[str] | None, channel: str | None, since: str | None, until: str | None
) -> list[Any]:
    now, what = SystemClock().now_ms(), progress("来件 reports")
    if raw and not channel:
        try:
            return list(await asking.at([Position.parse(each) for each in raw], what))
        except ValueError as error:
            raise Misuse(str(error)) from error
    since_ms = moment_ms(since, now)
    if not channel or since_ms is None or raw:
        raise Misuse("写 --raw，或 --channel 与 --since / give --raw, or --channel and --since")
    if channel not in asking.codecs:
        raise Misuse(f"--channel {channel}: 没有这个渠道 / no such channel; {', '.join(sorted(asking.codecs))}")
    until_ms = moment_ms(until, now) or now
    return [each async for each in asking.between(channel, since_ms, until_ms, what)]
