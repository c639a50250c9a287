"""Which model stands behind each schema name of the topic registry, and its JSON Schema.

A schema's file is named after it and the major version of the topics that carry it: `incident.v1.json`. A channel's
native forms belong to its codec; whoever writes the files adds them (`native_name`).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.assignment import Assignment
from contracts.deadletter import DeadLetter
from contracts.decision import Decision, ModeRecord
from contracts.directive import Directive
from contracts.dispatch_record import AssignmentReleased, DirectiveTaken
from contracts.feedback import Feedback
from contracts.handling import DeadLetterHandling
from contracts.incident import Incident
from contracts.inputs import InputState
from contracts.lifecycle import LifecycleFact
from contracts.notice import AssignmentNotice
from contracts.outcome import Outcome
from contracts.probe import Probe
from contracts.report import Report
from contracts.ruleset import RulesetBundle, RulesetPointer
from contracts.rulesetact import RulesetAct
from contracts.serde import adapter
from contracts.shadow import ShadowDecision
from contracts.surge import Surge

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
NATIVE: Final = "native"
INTERNAL: Final = "state:"
"""Schema names that begin so are a stage's own: versioned by a header, no contract with anybody."""

MODELS: Final[Mapping[str, Any]] = {
    "Assignment": Assignment,
    "AssignmentNotice": AssignmentNotice,
    "AssignmentReleased": AssignmentReleased,
    "DeadLetter": DeadLetter,
    "DeadLetterHandling": DeadLetterHandling,
    "Decision": Decision,
    "Directive": Directive,
    "DirectiveTaken": DirectiveTaken,
    "Feedback": Feedback,
    "Incident": Incident,
    "InputState": InputState,
    "LifecycleFact": LifecycleFact,
    "ModeRecord": ModeRecord,
    "Outcome": Outcome,
    "Probe": Probe,
    "Report": Report,
    "RulesetAct": RulesetAct,
    "RulesetBundle": RulesetBundle,
    "RulesetPointer": RulesetPointer,
    "ShadowDecision": ShadowDecision,
    "Surge": Surge,
}
"""By schema name. DirectiveTaken and AssignmentReleased lie beside Decision on one topic, AssignmentNotice beside
Assignment; Report is part of Incident and of no topic."""

MAJORS: Final[Mapping[str, int]] = dict.fromkeys(MODELS, 1)
"""The major version of each schema: that of the topics that carry it."""


def file_name(schema: str, major: int = 1) -> str:
    """Return the file of a schema: words of the name in kebab-case, then the major version."""
    return f"{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '-', schema).lower()}.v{major}.json"


def native_name(channel: str) -> str:
    """Return the schema name of a channel's native form."""
    return f"{NATIVE}-{channel}"


class _AsRead(GenerateJsonSchema):
    """Says of a form that takes a number where text is due that it does."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        told = super().str_schema(schema)
        return told | {"type": ["string", "number"]} if self._config.coerce_numbers_to_str else told


def json_schema(kind: Any, schema: str, major: int = 1) -> dict[str, Any]:
    """Return the JSON Schema of what a reader must expect: what has a default may be absent, more may be there."""
    told = adapter(kind).json_schema(mode="validation", schema_generator=_AsRead)
    return {"$schema": DIALECT, "$id": f"urn:incidentbus:{file_name(schema, major).removesuffix('.json')}", **told}


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return every model's JSON Schema by file name."""
    return {
        file_name(name, MAJORS[name]): json_schema(model, name, MAJORS[name]) for name, model in sorted(MODELS.items())
    }
