"""`incidentbus rules approve`: the second person's word, by which a proposed ruleset goes live."""

from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded_async, leave
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings


@guarded_async
async def approve(
    digest: Annotated[str, typer.Argument(help="提出的规则集的摘要，六位以上 / the proposal's digest, six digits on")],
    by: Annotated[str, typer.Option(help="谁批准，与提出的不同 / who approves, another than proposed it")],
) -> None:
    """批准别人提出的规则集，并启用 / Approve a ruleset that another person proposed, and put it in force.

    Refused where the same person proposed it, or another ruleset went live since. Exit codes: 0 in force, 1 refused, 3
    no broker.

    \b
    incidentbus rules approve 5f2a91c04be7 --by command-centre
    """
    from incidentbus.publishing import Author  # late: it loads the engine
    from incidentbus.publishing.doing import Place, Refused
    from incidentbus.publishing.doing import approve as put_in_force

    settings = load_settings()
    place = Place(connection_of(settings), settings.topics(), settings.replication_factor)
    try:
        done = await put_in_force(place, digest, Author(by), utc_now())
    except Refused as refusal:
        leave(ExitCode.FINDINGS, f"没有批准：{refusal}")
    typer.echo(f"已启用 / in force: {done.ruleset} {done.version} {done.hash[:12]} ({done.by} + {done.approved_by})")
