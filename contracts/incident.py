"""Incident: one matter in the world, as intake understood it. Dispatch infers nothing again (RULE-LANGUAGE §4)."""

from typing import Final

from pydantic import Field

from contracts.codes import ClassifiedBy, Flag, Kind, LocatedBy, Urgency
from contracts.evidence import Evidence
from contracts.moments import Moment
from contracts.quick import quick_reader
from contracts.report import Code, Report, Wire
from contracts.serde import read

MOST_REPORTERS: Final = 1_000_000


class RulesetRef(Wire):
    """Which ruleset: version for people, hash for machines (G46)."""

    id: Code
    version: str
    hash: str


class RuleWords(Wire):
    """The words that some rule of a ruleset asks for, as far as they occur in a title and in a text; sorted."""

    title: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


class Incident(Wire):
    """A report with what was understood of it.

    `received_at` is the broker's stamp on the report's record: no publisher sets our clock. `areas` and `about` hold
    codes of the ruleset that understood it; so does `rule_words`, which saves who decides by the same ruleset a second
    search of the texts, and says nothing under any other.
    """

    id: str
    report: Report
    received_at: Moment
    kind: Kind
    category: Code = "unclassified"
    classified_by: ClassifiedBy = ClassifiedBy.NONE
    jurisdiction: Code
    located_by: LocatedBy = LocatedBy.DEFAULT
    areas: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    tags: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rule_words: RuleWords | None = None
    understood_by: RulesetRef
    reporters: int = Field(default=1, ge=1, le=MOST_REPORTERS)
    reports: int = Field(default=1, ge=1, le=MOST_REPORTERS)


_quick: Final = quick_reader(Incident)


def read_incident(raw: bytes) -> Incident:
    """Return the fields of `read(Incident, raw)`, in half the time. Raises `Permanent` as `read` does.

    For who only looks at them: what comes back is a quick form (`contracts.quick`), or the model where that must judge.
    """
    incident = _quick(raw)
    return read(Incident, raw) if incident is None else incident


def incident_bytes(incident: Incident) -> bytes:
    """Return an incident as it goes on the wire: what it does not say is left out."""
    return incident.__pydantic_serializer__.to_json(incident, exclude_none=True, exclude_defaults=True)
