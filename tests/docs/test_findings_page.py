"""docs/rules/findings.md: a heading for each finding, its words as the program says them, examples that are true."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Finding, Level
from routing_rules.messages.entries import LEVEL_TITLES, Language
from routing_rules.messages.findings import CATALOGUE
from routing_rules.tools.lint import lint
from routing_rules.tools.testing import run_tests
from routing_rules.tools.verify.boxes import Budget
from routing_rules.tools.verify.report import verify

RULES = Path(__file__).parents[2] / "docs" / "rules"
PAGE = (RULES / "findings.md").read_text(encoding="utf-8")
TODAY = date(2026, 5, 12)
EXAMPLE = re.compile(r"^(错例|正例) `([^`]+)`(末尾加)?：\n\n```yaml\n(.*?)```$", re.MULTILINE | re.DOTALL)
WITHOUT_A_FILE = {"RR142"}  # told by the absence of one


class Example(NamedTuple):
    code: str
    kind: str
    files: tuple[tuple[str, bool, str], ...]


def sections() -> dict[str, str]:
    parts = re.split(r"^## (RR\d{3})$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples() -> Iterator[Example]:
    for code, section in sections().items():
        found = EXAMPLE.findall(section)
        for kind in ("错例", "正例"):
            files = tuple((file, bool(added), text) for which, file, added, text in found if which == kind)
            if files:
                yield Example(code, kind, files)


def codes_with(example: Example) -> set[str]:
    files = read_bundle(RULES / "example")
    for file, added, text in example.files:
        files[file] = (files[file] if added else b"") + text.encode()
    return {finding.code for finding in (*lint(files, TODAY), *proven(files))}


def proven(files: dict[str, bytes]) -> tuple[Finding, ...]:
    loaded = load(files)
    if loaded.ruleset is None:
        return ()
    return verify(compile_ruleset(loaded.ruleset), Budget(), TODAY, loaded.waivers).findings


def test_every_finding_has_its_heading_and_no_other_has_one() -> None:
    assert set(sections()) == set(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_heading_shows_the_words_that_the_program_says(code: str) -> None:
    entry, section = CATALOGUE[code], sections()[code]
    for text in (entry.texts.zh, entry.texts.hint_zh, entry.texts.en, entry.texts.hint_en):
        assert text.replace("{{", "{").replace("}}", "}") in section
    assert f"**{LEVEL_TITLES[Language.ZH][entry.level]}**" in section


def test_every_finding_that_is_judged_has_a_bad_and_a_good_example() -> None:
    shown = {(example.code, example.kind) for example in examples()}
    due = set(CATALOGUE) - WITHOUT_A_FILE
    assert shown == {(code, kind) for code in due for kind in ("错例", "正例")}


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: f"{example.code}-{example.kind}")
def test_a_bad_example_is_found_and_a_good_one_is_not(example: Example) -> None:
    found = codes_with(example)
    assert (example.code in found) is (example.kind == "错例")


@pytest.mark.parametrize("example", [e for e in examples() if e.kind == "正例"], ids=lambda e: e.code)
def test_a_good_example_has_no_error_at_all(example: Example) -> None:
    assert not {code for code in codes_with(example) if CATALOGUE[code].level is Level.ERROR}


def test_the_example_ruleset_has_nothing_amiss() -> None:
    assert [finding.line() for finding in lint(read_bundle(RULES / "example"), TODAY)] == []


def test_the_example_rulesets_own_cases_pass() -> None:
    files = read_bundle(RULES / "example")
    ruleset = load(files).ruleset
    assert ruleset is not None
    report = run_tests(compile_ruleset(ruleset), files)
    assert report.results
    assert report.passed, report.text()


def test_a_year_without_a_calendar_is_told() -> None:
    files = read_bundle(RULES / "example")
    assert [f.code for f in lint(files, date(2026, 9, 30))] == []
    assert [(f.code, f.at.file) for f in lint(files, date(2026, 10, 1))] == [("RR142", "calendars/cn-2027.yaml")]
    files["ruleset.yaml"] = files["ruleset.yaml"].replace(b"calendar: cn", b"calendar: gov")
    assert "RR142" in {f.code for f in lint(files, TODAY)}
