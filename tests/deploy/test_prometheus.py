"""The alert rules: they ask for metrics and labels that exist, each says what to do, and promtool finds them right."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.telemetry import SPECS, MetricKind
from incidentbus.agencylag import DANGER
from incidentbus.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
GROUPS = yaml.safe_load((FOLDER / "rules.yml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
BY_SCRAPE = {"instance", "job", "le"}


def exposed() -> dict[str, set[str]]:
    """Return every name that a scrape shows, with its labels."""
    names: dict[str, set[str]] = {}
    for spec in SPECS:
        suffixes = ("_bucket", "_sum", "_count") if spec.kind is MetricKind.HISTOGRAM else ("",)
        names |= {spec.name + suffix: set(spec.labels) for suffix in suffixes}
    return names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_only_for_what_a_scrape_shows(rule: dict[str, Any]) -> None:
    shown = exposed()
    names = set(re.findall(r"\bincidentbus_\w+", rule["expr"]))
    assert names <= shown.keys()
    assert set(re.findall(r"\bincidentbus:[\w:]+", rule["expr"])) <= RECORDED
    for name, matchers in re.findall(r"\b(incidentbus_\w+)\{([^}]*)\}", rule["expr"]):
        assert set(re.findall(r"(\w+)\s*=", matchers)) <= shown[name] | BY_SCRAPE
    labels = {label for name in names for label in shown[name]} | BY_SCRAPE
    grouped = {word.strip() for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", rule["expr"]) for word in by.split(",")}
    assert grouped <= labels | {"stage"}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_in_both_languages_what_is_wrong_and_where_to_read_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    chinese, english = alert["annotations"]["summary"].split(" / ")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert re.search(r"[a-z]", english)
    assert alert["labels"]["severity"] in ("page", "warn")
    assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"


def test_every_alert_is_tried_out_in_a_unit_test_and_shown_to_keep_silent_too() -> None:
    tests = yaml.safe_load((FOLDER / "rules.test.yml").read_text(encoding="utf-8"))["tests"]
    tried = [each for test in tests for each in test["alert_rule_test"]]
    assert {each["alertname"] for each in tried if each["exp_alerts"]} == set(ALERTS)
    assert {each["alertname"] for each in tried if not each["exp_alerts"]} == set(ALERTS)


def test_where_nothing_is_told_at_all_every_alert_is_asked() -> None:
    tests = yaml.safe_load((FOLDER / "rules.test.yml").read_text(encoding="utf-8"))["tests"]
    (empty,) = [test for test in tests if not test["input_series"]]
    asked = {each["alertname"]: bool(each["exp_alerts"]) for each in empty["alert_rule_test"]}
    assert asked.keys() == ALERTS.keys()
    assert {name for name, speaks in asked.items() if speaks} == {"IncidentbusNoWorker", "IncidentbusNoWatch"}


COUNTERS = {spec.name for spec in SPECS if spec.kind is MetricKind.COUNTER}


def test_every_counter_that_an_alert_rests_on_is_reset_in_a_unit_test() -> None:
    tests = yaml.safe_load((FOLDER / "rules.test.yml").read_text(encoding="utf-8"))["tests"]
    (anew,) = [test for test in tests if "starts anew" in test["name"]]
    reset = {each["series"].split("{")[0] for each in anew["input_series"]} & COUNTERS
    used = {name for rule in RULES for name in re.findall(r"\bincidentbus_\w+", rule["expr"])} & COUNTERS
    assert reset == used


def test_where_danger_begins_is_said_once() -> None:
    assert ALERTS["IncidentbusAgencyExpiring"]["expr"].endswith(f"> {DANGER}")


@pytest.mark.promtool
@pytest.mark.parametrize("words", [("check", "config", "prometheus.yml"), ("test", "rules", "rules.test.yml")])
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) isn't installed")
    done = subprocess.run([promtool, *words], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scrapes_ports_are_the_settings_defaults() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {each["job_name"]: each["static_configs"][0]["targets"] for each in config["scrape_configs"]}
    host, fields = Settings.model_fields["metrics_host"].default, Settings.model_fields
    assert targets == {
        "incidentbus": [f"{host}:{fields['metrics_port'].default}"],
        "incidentbus-watch": [f"{host}:{fields['watch_port'].default}"],
        "incidentbus-surge": [f"{host}:{fields['surge_port'].default}"],
        "incidentbus-readmodel": [f"{host}:{fields['readmodel_port'].default}"],
    }
