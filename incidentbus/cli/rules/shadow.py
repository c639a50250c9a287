"""`incidentbus rules shadow`: what the ruleset in shadow would have decided otherwise; promote it, or drop it."""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.rulesetact import Act, RulesetAct
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import local, ndjson, note, table
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings, load_settings

if TYPE_CHECKING:  # they load the engine
    from incidentbus.publishing.doing import Place
    from incidentbus.publishing.shadows import Report

app = typer.Typer(help="影子规则集：看差异、转正、撤下 / the ruleset in shadow", no_args_is_help=True)
_COLUMNS = {
    "count": "件数 count", "before": "现派 from", "after": "会派 to", "rule": "影子规则 rule",
    "live_rule": "现行规则 live rule", "differs": "差在 differs", "example": "例 example",
}  # fmt: skip


@app.command()
@guarded_async
async def report(
    digest: Annotated[str, typer.Option(help="哪一次影子；缺省是最近一次 / which shadow; the last one")] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多几组 / how many groups at most")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="每组一行 JSON / one JSON object a line")] = False,
) -> None:
    """影子规则集会把哪些件派到别处 / Where the ruleset in shadow would have sent cases elsewhere, grouped.

    Groups by its rule, and from whom to whom; the largest first, each with an example for `incidentbus incidents
    explain`. A shadow that a worker dropped is told with its reason. Exit codes: 0; 1 it was dropped by a worker; 2
    there was never one; 3 no broker.

    \b
    incidentbus rules shadow report --json
    """
    from incidentbus.publishing.shadows import shadow_report  # late: it loads the engine

    settings = load_settings()
    found = await shadow_report(connection_of(settings), settings.topics(), digest)
    if found is None:
        raise Misuse("没有影子规则集 / no ruleset was in shadow: incidentbus rules publish DIR --stage shadow")
    rows = [group.row() for group in found.groups[:limit]]
    if as_json:
        ndjson(found.head())
        for row in rows:
            ndjson(row)
    else:
        _say(found)
        if rows:
            table(_COLUMNS, [row | {"differs": " ".join(row["differs"])} for row in rows], references={"example"})
    leave(ExitCode.FINDINGS if found.failed else ExitCode.CLEAN)


def _say(found: "Report") -> None:
    act = found.act
    note(
        f"影子 / shadow {act.ruleset} {act.version} {act.hash[:12]}, {act.by}, {local(_ms(act))}: "
        f"差异 / differences {found.total}"
    )
    if found.ended is not None:
        told = f"{found.ended.because} {found.ended.detail}".strip()
        note(f"已撤下 / dropped, {found.ended.by}: {told} {found.ended.reason}".rstrip())


@app.command()
@guarded_async
async def promote(
    by: Annotated[str, typer.Option(help="谁转正 / who promotes it")] = "operators",
    reason: Annotated[str, typer.Option(help="为什么 / why")] = "",
    approved_by: Annotated[str, typer.Option(help="已由谁批准 / who has approved it, another than --by")] = "",
) -> None:
    """影子转正：启用它 / Put the ruleset in shadow in force.

    Where the ruleset asks for two persons it is proposed, and `incidentbus rules approve` puts it in force. Exit codes:
    0 in force or proposed, 1 refused, 3 no broker.

    \b
    incidentbus rules shadow promote --by rules-office --approved-by command-centre
    """
    from incidentbus.publishing import Author  # late: it loads the engine
    from incidentbus.publishing.doing import Refused
    from incidentbus.publishing.doing import promote as put_in_force

    try:
        done = await put_in_force(_place(load_settings()), Author(by, reason, approved_by), utc_now())
    except Refused as refusal:
        leave(ExitCode.FINDINGS, f"没有转正：{refusal}")
    words = "已启用 / in force" if done.act is Act.LIVE else "已提出，等另一人批准 / proposed: another person approves"
    typer.echo(f"{words}: {_name(done)}")


@app.command()
@guarded_async
async def drop(
    by: Annotated[str, typer.Option(help="谁撤下 / who drops it")] = "operators",
    reason: Annotated[str, typer.Option(help="为什么 / why")] = "",
) -> None:
    """撤下影子规则集 / Take the ruleset in shadow away from every worker. Exit codes: 0 dropped, 1 none, 3 no broker.

    \b
    incidentbus rules shadow drop --reason "seen enough"
    """
    from incidentbus.publishing import Author  # late: it loads the engine
    from incidentbus.publishing.doing import Refused, drop_shadow

    try:
        done = await drop_shadow(_place(load_settings()), Author(by, reason), utc_now())
    except Refused as refusal:
        leave(ExitCode.FINDINGS, str(refusal))
    typer.echo(f"已撤下 / dropped: {_name(done)}")


def _place(settings: Settings) -> "Place":
    from incidentbus.publishing.doing import Place

    return Place(connection_of(settings), settings.topics(), settings.replication_factor)


def _name(act: RulesetAct) -> str:
    return f"{act.ruleset} {act.version} {act.hash[:12]}"


def _ms(act: RulesetAct) -> int:
    return int(act.at.timestamp() * 1000)
