"""Findings in the forms of other programs: SARIF 2.1.0 for code scanning, workflow commands for a pull request's lines.

Pure: findings in, text out. Columns are counted in characters (code points), as everywhere here, and SARIF is told so.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from routing_rules.messages import Finding, Language, Level
from routing_rules.messages.entries import Entry
from routing_rules.messages.findings import CATALOGUE

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
PAGE: Final = "docs/rules/findings.md"
_GITHUB: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def github(finding: Finding, folder: str, language: str = Language.ZH) -> str:
    """Return a finding as a workflow command; `folder` is the ruleset's, from the repository's root."""
    at = finding.at
    place = f"file={_property(_path(folder, at.file))},line={at.line},col={at.column},title={finding.code}"
    told = f"{finding.message(language)} \u2014 {finding.hint(language)}"
    return f"::{_GITHUB[finding.level]} {place}::{_data(told)}"


def sarif(findings: Sequence[Finding], folder: str, version: str, language: str = Language.ZH) -> str:
    """Return findings as one SARIF log: every rule of the catalogue that a finding names, results in their order."""
    codes = sorted({finding.code for finding in findings})
    driver = {"name": "incidentbus rules lint", "version": version, "rules": [_rule(code, language) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(findings, folder, codes, language)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _results(findings: Iterable[Finding], folder: str, codes: list[str], language: str) -> Iterable[dict[str, Any]]:
    for finding in findings:
        at = finding.at
        place = {
            "artifactLocation": {"uri": quote(_path(folder, at.file))},
            "region": {"startLine": max(at.line, 1), "startColumn": max(at.column, 1)},
        }
        yield {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": finding.level.value,
            "message": {"text": f"{finding.message(language)} \u2014 {finding.hint(language)}"},
            "locations": [{"physicalLocation": place}],
        }


def _rule(code: str, language: str) -> dict[str, Any]:
    entry = CATALOGUE[code]
    sentence, hint = _words(entry, language)
    return {
        "id": code,
        "shortDescription": {"text": sentence},
        "help": {"text": f"{hint}\n{PAGE}#{code.lower()}", "markdown": f"{hint}\n\n`{PAGE}#{code.lower()}`"},
        "defaultConfiguration": {"level": entry.level.value},
    }


def _words(entry: Entry, language: str) -> tuple[str, str]:
    texts = entry.texts
    words = (texts.zh, texts.hint_zh) if language == Language.ZH else (texts.en, texts.hint_en)
    sentence, hint = (text.replace("{{", "{").replace("}}", "}") for text in words)
    return sentence, hint


def _path(folder: str, file: str) -> str:
    folder = folder.removeprefix("./").rstrip("/")
    return f"{folder}/{file}" if folder not in {"", "."} else file


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
