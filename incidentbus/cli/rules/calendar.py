"""`incidentbus rules calendar`: next year's working days as a draft that an official checks and signs."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note
from incidentbus.cli.rules.folders import read_folder, write_files
from routing_rules.engine.loader import load
from routing_rules.engine.schema import Calendar, Ruleset
from routing_rules.messages.notices import NAMES, ORIGINS, SOURCE
from routing_rules.tools.drafting import Year, draft, of_days, of_notice

app = typer.Typer(help="工作日历 / working days", no_args_is_help=True)


@app.callback()
def calendars() -> None:
    """工作日历 / Working days."""


@app.command("import")
@guarded
def import_year(
    directory: Annotated[Path, typer.Argument(help="规则集文件夹 / the ruleset's folder")],
    year: Annotated[int, typer.Option("--year", min=2000, max=2100, help="哪一年 / which year")],
    notice: Annotated[
        Path | None, typer.Option("--notice", metavar="F", help="放假通知的文字 / the notice, as plain text")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="写进 calendars/ / write it into calendars/")] = False,
) -> None:
    """起草一年的工作日历 / Draft a year's calendar, for an official to check and sign.

    Holidays and make-up working days come from the State Council's notice (--notice, its text as published) or from the
    chinesecalendar package where it is installed and knows the year; week and hours from the ruleset's last calendar.
    Printed; --write puts it into calendars/, never over a file that is there. From October on `rules lint` warns
    (RR142) of a next year without a calendar.

    Exit codes: 0 drafted, 1 the ruleset has errors or the file is there already, 2 nothing is known of the year.

    \b
    incidentbus rules calendar import my-county --year 2027 --notice notice.txt
    """
    files = read_folder(directory)
    ruleset = load(files).ruleset
    if ruleset is None:
        leave(ExitCode.FINDINGS, f"{directory}: 规则集有错 / the ruleset is broken; see rules lint")
    known, origin = _noticed(notice, year) if notice else _packaged(year)
    if not known.holidays:
        raise Misuse(f"{notice or year}: 没有读到放假安排 / no holidays were found")
    text = draft(known, year, _last(ruleset), SOURCE.format(origin=origin))
    name = f"calendars/{ruleset.calendar}-{year}.yaml"
    broken = [f for f in load({**files, name: text.encode()}).errors if f.at.file == name]
    if broken:
        raise Misuse("\n".join(finding.line() for finding in broken))
    if not write:
        print(text, end="")
        return
    if write_files(directory, {k: v for k, v in files.items() if k != name}, {name: text.encode()}):
        leave(ExitCode.FINDINGS, f"{name}: 已经有了，没有动 / is there already, left alone")
    note(f"{name}: 写好了，请核对后签 / written; check and sign it")


def _last(ruleset: Ruleset) -> Calendar:
    years = [year for name, year in ruleset.calendars if name == ruleset.calendar]
    if not years:
        raise Misuse("规则集还没有日历，作息无从照抄 / the ruleset has no calendar to take the hours from")
    return ruleset.calendars[ruleset.calendar, max(years)]


def _noticed(notice: Path, year: int) -> tuple[Year, str]:
    try:
        return of_notice(notice.read_text("utf-8-sig"), year), ORIGINS["notice"].format(name=notice.name)
    except OSError as error:
        raise Misuse(f"{notice}: 读不了 / cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Misuse(f"{notice}: 有不存在的日子，或不是 UTF-8 / a day that isn't one, or not UTF-8: {error}") from error


def _packaged(year: int) -> tuple[Year, str]:
    try:
        import chinese_calendar  # only where an author has it
    except ImportError as error:
        raise Misuse("没有装 chinesecalendar，用 --notice / chinesecalendar isn't installed: give --notice") from error
    first, days = date(year, 1, 1), (date(year, 12, 31) - date(year, 1, 1)).days + 1
    try:
        told = {day: chinese_calendar.get_holiday_detail(day) for day in (first + timedelta(n) for n in range(days))}
        working = [day for day in told if day.weekday() > 4 and chinese_calendar.is_workday(day)]
    except NotImplementedError as error:
        raise Misuse(f"{year}: 软件包还没有这一年，用 --notice / not in the package yet: give --notice") from error
    named = {day: NAMES.get(name, name) for day, (off, name) in told.items() if off and name}
    return of_days(named, working, year), ORIGINS["package"]
