"""Runbooks: one an alert and none besides, each names the metrics that its alert rests on, and every command that it
shows is one that the command line has, with options that it knows.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from contracts.telemetry import SPECS
from incidentbus.cli import app
from incidentbus.examining import CHECKS

ROOT = Path(__file__).resolve().parents[2]
GROUPS = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs/runbooks").glob("*.md"))}
METRICS = {spec.name for spec in SPECS}
OUTSIDE = {"curl", "kafka-consumer-groups.sh", "kafka-configs.sh", "kafka-transactions.sh"}
SECTIONS = ["What it means", "How to see it", "What to do", "When it is over"]


def metrics_of(expression: str) -> set[str]:
    """Return the metrics that an expression rests on, those of its recording rules among them."""
    told = set(re.findall(r"\bincidentbus_\w+", expression))
    for name in re.findall(r"\bincidentbus:[\w:]+", expression):
        told |= metrics_of(RECORDED[name])
    return {name.removesuffix("_bucket") for name in told}


def commands(page: str) -> list[list[str]]:
    """Return every command that a page shows, in its blocks and between back quotes, as words."""
    blocks = re.findall(r"^\$ (.+)$", page, re.MULTILINE)
    running = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", running)]
    every = [*blocks, *(span for span in spans if span.split()[0] in {"incidentbus", *OUTSIDE})]
    return [shlex.split(each.split(" | ")[0].replace("…", "x")) for each in every]


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert PAGES.keys() == ALERTS.keys()
    listed = re.findall(
        r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \|", (ROOT / "docs/operations.md").read_text("utf-8"), re.M
    )
    assert listed == [(name, name, rule["labels"]["severity"]) for name, rule in ALERTS.items()]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_built_like_the_others_and_begins_with_its_sense_in_chinese(name: str) -> None:
    title, chinese, severity, *_ = [line for line in PAGES[name].splitlines() if line]
    assert title == f"# {name}"
    assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 10
    assert severity.startswith("Pages" if ALERTS[name]["labels"]["severity"] == "page" else "A warning")
    assert re.findall(r"^## (.+)$", PAGES[name], re.MULTILINE) == SECTIONS
    steps = [int(n) for n in re.findall(r"^(\d)\. ", PAGES[name], re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 3


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_every_metric_that_its_alert_rests_on_and_none_that_is_not_there(name: str) -> None:
    assert metrics_of(ALERTS[name]["expr"]) <= set(re.findall(r"\bincidentbus_\w+", PAGES[name]))
    told = set(re.findall(r"\bincidentbus_[a-z_]+[a-z]", PAGES[name]))
    assert told <= METRICS
    assert set(re.findall(r"\bincidentbus:[\w:]+\w", PAGES[name])) <= RECORDED.keys()


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_exists_and_knows_its_options(name: str) -> None:
    shown = commands(PAGES[name])
    assert any(words[0] in {"incidentbus", "curl"} for words in shown)
    for words in shown:
        if words[0] != "incidentbus":
            assert words[0] in OUTSIDE, words
            continue
        found: Any = typer.main.get_command(app)
        rest = words[1:]
        while rest and hasattr(found, "commands"):
            assert rest[0] in found.commands, words
            found, rest = found.commands[rest[0]], rest[1:]
        assert not hasattr(found, "commands"), words
        known = {option: each for each in found.params for option in (*each.opts, *each.secondary_opts)}
        options = [word for word in rest if word.startswith("--")]
        assert set(options) <= known.keys(), words
        arguments = len(rest) - len(options) - sum(not known[option].is_flag for option in options)
        takes = [each for each in found.params if each.param_type_name == "argument"]
        many = any(each.nargs == -1 for each in takes)
        assert arguments <= len(takes) or many, words


@pytest.mark.parametrize("span", ["incidentbus dlq lst --since 2h", "incidentbus dlq list --sinc 2h", "rm -r x"])
def test_that_check_can_fail(span: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAGES, "wrong", f"```console\n$ curl x\n$ {span}\n```")
    with pytest.raises(AssertionError):
        test_every_command_of_a_page_exists_and_knows_its_options("wrong")


def test_the_page_on_doctors_findings_says_something_of_each_check() -> None:
    page = PAGES["IncidentbusUnsound"]
    assert {check for check in CHECKS if f"`{check}`" in page} == set(CHECKS) - {"inputs", "agencies"}


def test_every_setting_and_link_of_a_page_leads_somewhere() -> None:
    for name, page in PAGES.items():
        for target in re.findall(r"\]\(([^)#]+)", page):
            assert (ROOT / "docs/runbooks" / target).exists(), (name, target)
