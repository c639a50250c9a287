"""`incidentbus rules calendar import`: a draft out of a notice or the package, never over what is there."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from incidentbus.cli.rules.calendar import app
from routing_rules.engine.loader import load_directory

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"
NOTICE = """各省、自治区、直辖市人民政府：
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历除夕、周五）至11日（周四）放假调休，共7天。1月31日（周日）、2月14日（周日）上班。
三、国庆节：9月30日（周四）至10月6日放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "county"))


def drafted(*words: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, words)])


def test_a_notice_becomes_a_file_that_loads_and_the_warning_of_the_year_is_gone(folder: Path) -> None:
    (folder.parent / "notice.txt").write_text(NOTICE, encoding="utf-8")
    result = drafted(folder, "--year", 2027, "--notice", folder.parent / "notice.txt", "--write")
    assert result.exit_code == 0, result.stderr
    ruleset = load_directory(folder).ruleset
    assert ruleset is not None
    calendar = ruleset.calendars["cn", 2027]
    assert {str(day) for day in calendar.working_days} == {"2027-01-31", "2027-02-14", "2027-09-26", "2027-10-09"}
    assert len(calendar.holidays) == 3 + 7 + 7
    assert calendar.hours == ruleset.calendars["cn", 2026].hours
    assert "草稿" in (folder / "calendars" / "cn-2027.yaml").read_text("utf-8")
    again = drafted(folder, "--year", 2027, "--notice", folder.parent / "notice.txt", "--write")
    assert again.exit_code == 1


def test_the_package_agrees_with_the_year_that_was_written_from_the_notice(folder: Path) -> None:
    pytest.importorskip("chinese_calendar")
    ruleset = load_directory(folder).ruleset
    assert ruleset is not None
    (folder / "calendars" / "cn-2026.yaml").rename(folder / "calendars" / "cn-2025.yaml")
    old = (folder / "calendars" / "cn-2025.yaml").read_text("utf-8")
    (folder / "calendars" / "cn-2025.yaml").write_text(
        old.split("holidays:", maxsplit=1)[0].replace("2026", "2025"), encoding="utf-8"
    )
    assert drafted(folder, "--year", 2026, "--write").exit_code == 0
    drawn = load_directory(folder).ruleset
    assert drawn is not None
    assert drawn.calendars["cn", 2026].holidays.keys() == ruleset.calendars["cn", 2026].holidays.keys()
    assert drawn.calendars["cn", 2026].working_days == ruleset.calendars["cn", 2026].working_days


def test_a_year_nobody_knows_is_misuse_and_says_what_to_do(folder: Path) -> None:
    result = drafted(folder, "--year", 2099)
    assert result.exit_code == 2
    assert "--notice" in result.stderr
