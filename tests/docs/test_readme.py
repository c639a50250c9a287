"""What the README shows is run: its examples load and pass, its last line is the demo's, its commands answer."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from incidentbus.cli import app
from incidentbus.demo.agencies import Followed
from incidentbus.demo.show import last_line
from incidentbus.witness import Verdict

ROOT = Path(__file__).resolve().parents[2]
HONGZE = ROOT / "routing_rules" / "rulesets" / "hongze"
PAGES = ["README.md", "README.zh.md"]
RUN = CliRunner()


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def snippets(page: str) -> dict[str, str]:
    """Return the lines that the page would have an author write, by file."""
    found: dict[str, str] = {}
    for block in re.findall(r"```yaml\n(.*?)```", text(page), flags=re.DOTALL):
        name = ""
        for line in block.splitlines():
            if line.startswith("# "):
                name = line[2:]
            else:
                found[name] = found.get(name, "") + line + "\n"
    return found


@pytest.fixture(params=PAGES)
def county(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The county's ruleset with what the page shows written into it."""
    folder = Path(shutil.copytree(HONGZE, tmp_path / "hongze"))
    for name, lines in snippets(request.param).items():
        file, _, under = name.partition(", under ")
        path = folder / file
        old = path.read_text("utf-8") if path.exists() else ""
        path.write_text(old.replace(f"{under}:\n", f"{under}:\n{lines}", 1) if under else old + lines, "utf-8")
    return folder


def test_the_agency_and_the_rule_that_are_shown_load_and_pass(county: Path) -> None:
    for verb in ("lint", "test"):
        done = RUN.invoke(app, ["rules", verb, str(county)])
        assert done.exit_code == 0, done.output[-3000:]
    asserted = RUN.invoke(app, ["rules", "test", str(county), "--json"]).stdout
    assert "有人砍路边的树" in asserted


@pytest.mark.parametrize("page", PAGES)
def test_the_last_line_shown_is_the_one_that_the_demo_prints(page: str) -> None:
    (shown,) = re.findall(r"^demo: .*$", text(page), flags=re.MULTILINE)
    figures = dict(re.findall(r"(\w+)=(\d+)", shown))
    counts = {name: [None] * int(figures[name]) for name in ("reports", "incidents")}
    run: Any = SimpleNamespace(
        ledger=SimpleNamespace(published=counts["reports"]), incidents=SimpleNamespace(seen=counts["incidents"])
    )
    verdict = Verdict(0, int(figures["assignments"]), int(figures["dead_letters"]), (), (), ())
    followed = Followed(
        **{name: {str(each) for each in range(int(figures[name]))} for name in ("closed", "overdue", "escalated")}
    )
    assert last_line(run, verdict, followed, float(figures["seconds"])) == shown


@pytest.mark.parametrize("page", PAGES)
def test_every_command_shown_answers_help(page: str) -> None:
    shown = set(re.findall(r"`?(?:incidentbus )?(rules (?:lint|test|explain|route|publish))\b", text(page)))
    assert len(shown) >= 3
    for command in shown:
        assert RUN.invoke(app, [*command.split(), "--help"]).exit_code == 0, command


def test_a_report_of_the_readmes_kind_is_explained(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(
        '{"channel": "hotline-12345", "external_id": "A1", "title": "投诉公安局不作为", "kind": "complaint", '
        '"text": "朱坝街道派出所出警慢", "about": ["公安局"], "native_category": "公安执法"}',
        "utf-8",
    )
    done = RUN.invoke(
        app, ["rules", "explain", "--ruleset", str(HONGZE), "--report", str(report), "--now", "2026-05-12T10:00"]
    )
    assert done.exit_code == 0, done.output
    assert "回避" in done.stdout
    assert "派给" in done.stdout
