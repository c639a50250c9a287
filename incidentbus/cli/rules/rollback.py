"""`incidentbus rules rollback`: the ruleset that was live before decides again, within two seconds."""

from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded_async, leave
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings


@guarded_async
async def rollback(
    to: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="退到哪一版，六位以上 / to which one, by its digest")
    ] = None,
    by: Annotated[str, typer.Option(help="谁退回 / who takes it back")] = "operators",
    reason: Annotated[str, typer.Option(help="为什么 / why")] = "",
) -> None:
    """退回上一个启用过的规则集；工作进程两秒内换用 / Put the ruleset of before in force again; workers swap within 2 s.

    One person is enough, whatever the ruleset says of two: what goes back was live once, and it is urgent. Said again
    it goes one further back. Exit codes: 0 in force, 1 nothing to go back to, 3 no broker.

    \b
    incidentbus rules rollback --by command-centre --reason "noise went to the wrong town"
    """
    from incidentbus.publishing import Author  # late: it loads the engine
    from incidentbus.publishing.doing import Place, Refused, roll_back

    settings = load_settings()
    place = Place(connection_of(settings), settings.topics(), settings.replication_factor)
    try:
        done = await roll_back(place, Author(by, reason), utc_now(), to)
    except Refused as refusal:
        leave(ExitCode.FINDINGS, f"没有退回：{refusal}")
    typer.echo(f"已退回 / in force again: {done.ruleset} {done.version} {done.hash[:12]}")
