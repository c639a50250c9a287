"""`incidentbus modes`: declare an emergency (急时) for a place, see which hold, end one."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from contracts.codes import Mode
from contracts.decision import ModeRecord
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import local, ndjson, note, rfc3339, table
from incidentbus.clock import utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings, load_settings
from routing_rules.engine.schema import Ruleset

app = typer.Typer(no_args_is_help=True, help="平时与急时 / Modes: declare an emergency for a place, show, end.")

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
By = Annotated[str, typer.Option("--by", help="哪个单位决定的，不写个人姓名 / which office decided it, not a person")]
Why = Annotated[str, typer.Option("--reason", help="为什么 / why; kept with the record")]

_COLUMNS = {
    "place": "地方 place",
    "mode": "状态 mode",
    "response": "响应 response",
    "level": "级别 level",
    "from": "起 from",
    "until": "止 until",
    "by": "由 by",
    "reason": "原因 reason",
}


@app.command("set")
@guarded_async
async def set_(
    by: By,
    reason: Why,
    until: Annotated[
        str, typer.Option(help="何时为止，本地时间或带时区 / local time or with a zone; or a span: 6h, 3d")
    ],
    jurisdiction: Annotated[
        str | None, typer.Option(help="区划代码，含其下各地 / the place, and all beneath it")
    ] = None,
    area: Annotated[str | None, typer.Option(help="区域编号，如湖区 / or an area")] = None,
    response: Annotated[list[str] | None, typer.Option(help="响应种类，可多写 / kind of emergency, repeatable")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=4, help="级别，1 最重 / 1 is the gravest")] = None,
    as_json: AsJson = False,
) -> None:
    """宣布急时 / Declare an emergency: rules that ask for it hold from now on for new decisions.

    Open cases don't move: they are listed, for an operator to decide anew what should be (without --json). A place
    can't opt out of what holds around it. Exit codes: 0 declared, 2 wrong words.

    \b
    incidentbus modes set --jurisdiction 320813 --level 2 --until 12h --by flood-office --reason "water warning"
    """
    from incidentbus.declaring import NotDeclared, checked, declare  # late: it loads the engine

    settings, now = load_settings(), utc_now()
    ruleset = _ruleset(settings)
    record = ModeRecord(
        Mode.EMERGENCY, jurisdiction, area, tuple(response or ()), level, now,
        _until(until, now, ruleset.timezone), by, reason,
    )  # fmt: skip
    try:
        checked(record, ruleset)
    except NotDeclared as error:
        raise Misuse(str(error)) from error
    await declare(connection_of(settings), settings.topics(), record)
    _shown([record], as_json=as_json)
    place = jurisdiction or ruleset.areas[area or ""].jurisdiction
    if place and not as_json:
        from incidentbus.cli.modecases import tell_open_cases  # late: it loads SQLAlchemy

        await tell_open_cases(settings, place)


@app.command()
@guarded_async
async def show(
    every: Annotated[bool, typer.Option("--all", help="ended ones too")] = False, as_json: AsJson = False
) -> None:
    """列出急时 / Show which emergencies hold now. Exit codes: 0, whether or not there are any."""
    from incidentbus.declaring import declared, standing_at  # late: it loads the engine

    settings = load_settings()
    records = await declared(connection_of(settings), settings.topics())
    shown = records if every else standing_at(records, utc_now())
    _shown(shown, as_json=as_json)
    if not shown and not as_json:
        note("平时：没有宣布急时 / routine: no emergency holds")


@app.command()
@guarded_async
async def end(
    place: Annotated[str, typer.Argument(help="区划代码或区域编号 / the jurisdiction or area it was declared for")],
    by: By,
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """结束急时 / End an emergency; kept with who and why. Exit codes: 0 ended, 1 none holds there."""
    from incidentbus.declaring import end as ended  # late: it loads the engine

    settings = load_settings()
    record = await ended(connection_of(settings), settings.topics(), place, utc_now(), by, reason)
    if record is None:
        leave(ExitCode.FINDINGS, f"{place}: 没有宣布急时 / no emergency holds there; see incidentbus modes show")
    _shown([record], as_json=as_json)
    note(f"已结束 / ended: {place}")


def _ruleset(settings: Settings) -> Ruleset:
    from routing_rules.engine.loader import load_directory  # late: it loads the engine

    loaded = load_directory(settings.ruleset_dir)
    if loaded.ruleset is None:
        raise Misuse(f"{settings.ruleset_dir}: 规则集有错 / the ruleset does not load; see incidentbus rules lint")
    return loaded.ruleset


def _until(written: str, now: datetime, timezone: str) -> datetime:
    units = {"h": "hours", "d": "days"}
    if written[:-1].isdecimal() and written[-1] in units:
        return now + timedelta(**{units[written[-1]]: int(written[:-1])})
    try:
        read = datetime.fromisoformat(written)
    except ValueError as error:
        raise Misuse(f"--until {written}: 写 2026-07-01T20:00，或 6h、3d / a time, or a span") from error
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(timezone))


def _shown(records: list[ModeRecord], *, as_json: bool) -> None:
    if as_json:
        for record in records:
            ndjson(_row(record, rfc3339))
    elif records:
        rows = [_row(record, local) for record in records]
        table(_COLUMNS, [{**row, "response": " ".join(row["response"])} for row in rows], references=("place",))


def _row(record: ModeRecord, told: Any) -> dict[str, Any]:
    return {
        "place": record.jurisdiction or record.area,
        "mode": record.mode.value,
        "response": list(record.response),
        "level": record.response_level,
        "from": told(_ms(record.from_)),
        "until": told(_ms(record.until)),
        "by": record.set_by,
        "reason": record.reason,
    }


def _ms(at: datetime | None) -> int:
    return int(at.timestamp() * 1000) if at else 0
