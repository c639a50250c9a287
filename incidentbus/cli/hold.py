"""`incidentbus hold` and `release`: let assignments to an agency, or by a rule, wait; let them go. Nothing is lost."""

import asyncio
from typing import Annotated, Any

import typer

from contracts.codes import DirectiveKind
from incidentbus.cli.casewords import words_of
from incidentbus.cli.exits import Misuse, guarded, guarded_async
from incidentbus.cli.ordering import WAIT_S, AsJson, By, DryRun, NoWait, Order, Wait, Why, carry_out, until_of
from incidentbus.cli.printing import local, ndjson, note, rfc3339, table
from incidentbus.cli.readmodel import fresh
from incidentbus.clock import SystemClock
from incidentbus.readmodel.rows import Row
from incidentbus.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="暂缓 / Hold: assignments wait, decisions go on, nothing is lost.")
release_app = typer.Typer(no_args_is_help=True, help="恢复 / Release: what was held goes out, its deadlines later.")

AgencyCode = Annotated[str, typer.Argument(metavar="CODE", help="单位代码 / the agency's code")]
RuleId = Annotated[str, typer.Argument(metavar="RULE", help="规则编号 / the rule's id")]
Until = Annotated[str | None, typer.Option("--until", help="到时自行恢复：6h，或一个时间 / ends by itself")]


def _ruleset(settings: Settings) -> Any:
    from routing_rules.engine.loader import load_directory  # late: it loads the engine

    return load_directory(settings.ruleset_dir).ruleset if settings.ruleset_dir.is_dir() else None


def _known(kind: str, code: str) -> None:
    """Refuse a code that the ruleset at hand does not know; with none at hand the workers judge."""
    ruleset = _ruleset(load_settings())
    if ruleset is None:
        return
    known = set(ruleset.agencies) if kind == "agency" else {route.id for route in ruleset.routes}
    if code not in known:
        what = "单位 agency" if kind == "agency" else "规则 rule"
        raise Misuse(f"{code}: 没有这个{what} / no such {kind} in {load_settings().ruleset_dir.name}")


def _do(kind: DirectiveKind, by: str, why: str, how: tuple[bool, float, bool, bool], **more: Any) -> None:
    dry_run, wait, no_wait, as_json = how
    asyncio.run(carry_out(Order(kind, by, why, None, dry_run, 0.0 if no_wait else wait, as_json, more)))


@app.command("agency")
@guarded
def hold_agency(
    code: AgencyCode, by: By, why: Why, until: Until = None, dry_run: DryRun = False, wait: Wait = WAIT_S,
    no_wait: NoWait = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """暂缓派给一家单位 / Let nothing go out to an agency: its system is down, say. Its assignments wait in order.

    Exit codes: 0 held; 1 refused; 2 no such agency.

    \b
    incidentbus hold agency town-jiangba --by command-centre --why "系统故障" --until 6h
    """
    _known("agency", code)
    _do(DirectiveKind.HOLD, by, why, (dry_run, wait, no_wait, as_json), agency=code, until=until_of(until))


@app.command("rule")
@guarded
def hold_rule(
    rule: RuleId, by: By, why: Why, until: Until = None, dry_run: DryRun = False, wait: Wait = WAIT_S,
    no_wait: NoWait = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """暂缓一条规则 / Let nothing go out of what a rule decides, while it is looked at.

    \b
    incidentbus hold rule noise.construction --by command-centre --why "规则有误，核实中"
    """
    _known("rule", rule)
    _do(DirectiveKind.HOLD, by, why, (dry_run, wait, no_wait, as_json), rule=rule, until=until_of(until))


@release_app.command("agency")
@guarded
def release_agency(
    code: AgencyCode, by: By, why: Why, dry_run: DryRun = False, wait: Wait = WAIT_S, no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """恢复派给一家单位 / Let what waits for an agency go out, in order, once each. Exit code 1: there is no such hold.

    \b
    incidentbus release agency town-jiangba --by command-centre --why "系统已恢复"
    """
    _do(DirectiveKind.RELEASE, by, why, (dry_run, wait, no_wait, as_json), agency=code)


@release_app.command("rule")
@guarded
def release_rule(
    rule: RuleId, by: By, why: Why, dry_run: DryRun = False, wait: Wait = WAIT_S, no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """恢复一条规则 / Let what a rule decided go out.

    \b
    incidentbus release rule noise.construction --by command-centre --why "已核实"
    """
    _do(DirectiveKind.RELEASE, by, why, (dry_run, wait, no_wait, as_json), rule=rule)


@app.command("list")
@guarded_async
async def list_(as_json: AsJson = False) -> None:
    """列出暂缓 / List the holds that stand: on whom, since when, by whom and why, and how many assignments wait.

    \b
    incidentbus hold list
    """
    from incidentbus.readmodel.asking import held_parts, holds

    settings = load_settings()
    async with fresh(settings) as store:
        said, waiting = holds(store), held_parts(store)
    rows = [_row(row, waiting) for row in standing(said, SystemClock().now_ms())]
    if as_json:
        for row in rows:
            ndjson({**row, "since": rfc3339(row["since"]), "until": rfc3339(row["until"] or None)})
        return
    words = words_of(settings, None)
    columns = {
        "on": "对象 on", "since": "起 since", "until": "止 until", "by": "由 by", "why": "理由 why",
        "waiting": "等待 waiting"
    }  # fmt: skip
    shown = [
        {**row, "on": words.agency(row["agency"]) if row["agency"] else row["rule"], "since": local(row["since"]),
         "until": local(row["until"] or None)} for row in rows
    ]  # fmt: skip
    if shown:
        table(columns, shown)
    note(f"暂缓 {len(rows)} 处 / {len(rows)} holds stand")


def standing(said: list[Row], now_ms: int) -> list[Row]:
    """Return the holds that neither a later release nor their own end has let go."""
    last: dict[tuple[str, str], Row] = {}
    for row in said:
        last[(row["agency"], row["rule"])] = row
    return [row for row in last.values() if row["kind"] == "hold" and not 0 < row["until"] <= now_ms]


def _row(row: Row, waiting: dict[str, int]) -> Row:
    return {
        "agency": row["agency"] or None, "rule": row["rule"] or None, "since": row["taken_at"], "until": row["until"],
        "by": row["issued_by"], "why": row["why"], "waiting": waiting.get(row["agency"], 0) if row["agency"] else None,
        "id": row["id"],
    }  # fmt: skip
