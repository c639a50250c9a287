"""Findings for other programs: a SARIF log that its schema's essential parts accept, workflow commands well escaped."""

import json
from typing import Any

import jsonschema
import pytest

from routing_rules.messages import Finding, Position
from routing_rules.tools.findingforms import github, sarif

FINDINGS = [
    Finding("RR114", Position("routes/20 topics.yaml", 6, 11), {"w": "吵"}),
    Finding("RR101", Position("routes/20 topics.yaml", 7, 3), {"field": "whn", "near": "when", "known": "when %"}),
    Finding("RR150", Position("routes/20 topics.yaml", 9, 1), {"id": "x"}),
]
TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}},
        },
        "region": {
            "type": "object",
            "required": ["startLine", "startColumn"],
            "additionalProperties": False,
            "properties": {n: {"type": "integer", "minimum": 1} for n in ("startLine", "startColumn")},
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "additionalProperties": False,
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": PLACE}},
        },
    },
}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "help", "defaultConfiguration"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": r"^RR\d{3}$"},
        "shortDescription": TEXT,
        "help": {**TEXT, "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}}},
        "defaultConfiguration": {"properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
    },
}
DRIVER = {
    "type": "object",
    "required": ["name", "version", "rules"],
    "properties": {"name": {"type": "string"}, "rules": {"type": "array", "items": RULE, "uniqueItems": True}},
}
LOG: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that a log of ours has (sections 3.13 to 3.49 of the standard)."""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("findings", [FINDINGS, []])
def test_a_sarif_log_is_one_by_its_schema(findings: list[Finding], language: str) -> None:
    jsonschema.validate(json.loads(sarif(findings, "my county", "1.0", language)), LOG)


def test_a_result_points_at_its_rule_and_its_place() -> None:
    (run,) = json.loads(sarif(FINDINGS, "my county/", "1.0"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [f.code for f in FINDINGS]
    assert [result["level"] for result in run["results"]] == ["warning", "error", "note"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20county/routes/20%20topics.yaml"
    assert place["region"] == {"startLine": 6, "startColumn": 11}
    assert "RR101".lower() in rules[0]["help"]["text"]


def test_a_rules_words_have_single_braces() -> None:
    (run,) = json.loads(sarif([FINDINGS[2]], ".", "1.0", "en"))["runs"]
    assert "expect: {route: {id}}" in run["tool"]["driver"]["rules"][0]["help"]["text"]


def test_a_workflow_command_escapes_what_would_end_it() -> None:
    told = github(FINDINGS[1], "my,county:a", "en")
    assert told.startswith("::error file=my%2Ccounty%3Aa/routes/20 topics.yaml,line=7,col=3,title=RR101::unknown field")
    assert told.endswith("the fields are: when %25")
    assert github(FINDINGS[2], ".").startswith("::notice file=routes/20 topics.yaml,line=9,col=1,")
