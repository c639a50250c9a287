"""`incidentbus rules publish`: put a ruleset in force."""

from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded_async, leave
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
) -> None:
    """检查、测试并启用规则集；工作进程两秒内换用 / Check, test and put a ruleset in force; workers swap within 2 s.

    A ruleset with a finding of level 错 or a failing test is refused and the one in force stays. Topics of agencies and
    channels that are new are made first. Exit codes: 0 in force, 1 refused, 2 not a ruleset, 3 no broker.

    \b
    incidentbus rules publish my-county --by rules-office --reason "night work goes to the wardens"
    """
    from incidentbus.publishing import Author, NotPublished  # late: it loads the engine
    from incidentbus.publishing import publish as put_in_force

    settings = load_settings()
    try:
        done = await put_in_force(
            directory, connection_of(settings), settings.topics(), settings.replication_factor,
            Author(by, reason), utc_now(),
        )  # fmt: skip
    except NotPublished as refusal:
        typer.echo(refusal.text(settings.language), err=True)
        leave(ExitCode.FINDINGS, "没有发布：先改好上面的问题 / not published: mend what is above first")
    for topic in done.new_topics:
        typer.echo(f"新建主题 / new topic {topic}")
    typer.echo(f"已启用 / in force: {done.ruleset} {done.version} {done.hash[:12]} ({done.bytes} bytes)")
