"""`incidentbus rules publish`: put a ruleset in force, in shadow, or before the person who must approve it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from contracts.rulesetact import Act, Effect, Stage
from incidentbus.cli.exits import ExitCode, guarded_async, leave
from incidentbus.cli.rules.effects import effect_lines
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings


@guarded_async
async def publish(
    directory: Annotated[
        Path, typer.Argument(help="规则集文件夹 / the ruleset's folder", exists=True, file_okay=False)
    ],
    by: Annotated[
        str, typer.Option(help="发布单位，不写个人姓名 / the office that publishes, not a person")
    ] = "operators",
    reason: Annotated[str, typer.Option(help="为什么改 / why")] = "",
    stage: Annotated[
        Stage, typer.Option(help="启用，或先做影子 / live, or decide beside the live one without effect")
    ] = Stage.LIVE,
    approved_by: Annotated[
        str, typer.Option(help="已由谁批准（与 --by 不同）/ who has approved it, another than --by")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="变化已看过，不再问 / what changes was seen: don't ask")] = False,
    diff_seen: Annotated[
        str, typer.Option(metavar="DIGEST", help="看过的是哪个摘要的变化 / the digest whose difference was seen")
    ] = "",
) -> None:
    """检查、测试并启用规则集；工作进程两秒内换用 / Check, test and put a ruleset in force; workers swap within 2 s.

    A ruleset with a finding of level 错 or a failing test is refused and the one in force stays. Topics of agencies and
    channels that are new are made first. What changes against the ruleset in force is printed and must have been seen:
    it is asked on a terminal; a script says --yes, or --diff-seen with the digest that it looked at. The first ruleset
    of a deployment asks nothing. With `publish: {two_person: true}` in either ruleset a second person approves:
    `incidentbus rules approve`, or --approved-by here; else the ruleset is stored and waits.

    With --stage shadow every worker decides each incident with both: nothing goes to an agency, what differs is told by
    `incidentbus rules shadow report`. Exit codes: 0 in force, in shadow or proposed; 1 refused; 2 not a ruleset; 3 no
    broker.

    \b
    incidentbus rules publish my-county --by rules-office --reason "night work goes to the wardens" --stage shadow
    incidentbus rules shadow report
    """
    from incidentbus.publishing import Author, NotPublished  # late: it loads the engine
    from incidentbus.publishing.doing import Place, Refused, publish_as

    settings = load_settings()
    place = Place(connection_of(settings), settings.topics(), settings.replication_factor)
    try:
        done = await publish_as(
            directory, place, stage, Author(by, reason, approved_by), asking(yes=yes, seen=diff_seen), utc_now()
        )
    except NotPublished as refusal:
        typer.echo(refusal.text(settings.language), err=True)
        leave(ExitCode.FINDINGS, "没有发布：先改好上面的问题 / not published: mend what is above first")
    except Refused as refusal:
        leave(ExitCode.FINDINGS, f"没有发布：{refusal}")
    for topic in done.new_topics:
        typer.echo(f"新建主题 / new topic {topic}")
    typer.echo(f"{_DONE[done.act.act]}: {done.ruleset} {done.version} {done.hash[:12]} ({done.bytes} bytes)")
    if done.act.act is Act.PROPOSED:
        typer.echo(f"由另一人批准 / another person approves: incidentbus rules approve {done.hash[:12]} --by …")


_DONE = {
    Act.LIVE: "已启用 / in force",
    Act.SHADOW: "已做影子，不影响派单 / in shadow, without effect",
    Act.PROPOSED: "已提出，还没有启用 / proposed, not in force yet",
}


def asking(*, yes: bool, seen: str) -> Callable[[Effect, str], str]:
    """Return who shows what changes and sees to it that somebody saw it."""
    from incidentbus.publishing.doing import Refused  # late: it loads the engine

    def agree(effect: Effect, digest: str) -> str:
        typer.echo("\n".join(effect_lines(effect)))
        if seen:
            if len(seen) < 6 or not digest.startswith(seen):
                raise Refused(f"看过的是 {seen[:12]}，要发布的是 {digest[:12]} / another digest was looked at")
            return "diff"
        if yes:
            return "yes"
        if not sys.stdin.isatty():
            raise Refused("没有看过变化：加 --yes 或 --diff-seen / nobody saw what changes: say --yes or --diff-seen")
        if not typer.confirm("启用 / put in force?"):
            raise Refused("没有同意 / not agreed")
        return "asked"

    return agree
