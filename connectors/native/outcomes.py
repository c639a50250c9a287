"""Outcomes in a channel's own words: a table of words and the names of its fields. Pure, the same for every channel.

A channel's folder says which words (`outcomes.py`); what it has no word for is a defect, found by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from contracts.codes import FactKind, Satisfaction
from contracts.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Fields:
    """How a channel's system calls what an outcome says. `drill` is left out where the channel knows no drills."""

    number: str
    stage: str
    at: str
    agency: str
    until: str
    satisfaction: str
    again: str
    event: str
    drill: str = ""


@dataclass(frozen=True, slots=True)
class NativeOutcomes:
    """Writes one channel's outcomes as JSON with its own field names and words."""

    channel: str
    fields: Fields
    stages: Mapping[FactKind, str]
    satisfactions: Mapping[Satisfaction, str]

    def encode(self, outcome: Outcome) -> bytes:
        """Return the native payload: UTF-8 JSON; what the outcome does not say is left out."""
        names = self.fields
        native: dict[str, object] = {
            names.number: outcome.external_id,
            names.stage: self.stages[outcome.fact],
            names.at: outcome.at,
            names.event: outcome.id,
        }
        if outcome.lead is not None:
            native[names.agency] = outcome.lead
        if outcome.until is not None:
            native[names.until] = outcome.until
        if outcome.satisfaction is not None:
            native[names.satisfaction] = self.satisfactions[outcome.satisfaction]
        if outcome.reopened:
            native[names.again] = outcome.reopened
        if outcome.exercise and names.drill:
            native[names.drill] = "是"
        return orjson.dumps(native, option=orjson.OPT_OMIT_MICROSECONDS)
