"""What a story does: each step put on the topics as whoever does it in life would, under the story's own stamp."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from connectors.agencies.client.telling import outgoing
from connectors.kafka.publisher import Outgoing, report
from contracts.codes import DirectiveKind
from contracts.directive import Correction, Directive
from contracts.envelope import binary_headers
from contracts.feedback import Feedback
from contracts.ids import directive_id, fact_id
from contracts.partition import partition_of_id
from contracts.serde import write
from contracts.topics import Topics
from incidentbus.storylines.script import CommandStep, TellStep

ID_FIELDS: Final[Mapping[str, str]] = {
    "hotline-12345": "市受理编号",
    "urban-management": "任务号",
    "police-110": "JJDBH",
    "petition": "xfjbh",
    "message-board": "message_id",
}
"""The field of each channel's own form that says which matter it is."""
_TO_ALL: Final = frozenset({DirectiveKind.HOLD, DirectiveKind.RELEASE})
_CORRECTED: Final = ("tags", "category", "jurisdiction", "urgency")


def reported(topics: Topics, channel: str, native: Mapping[str, Any], at: datetime) -> Outgoing:
    """Return a channel's report, under its own number."""
    payload = orjson.dumps(dict(native))
    made = report(topics, channel, str(native[ID_FIELDS[channel]]), payload, at)
    return _stamped(made, at)


def told(
    topics: Topics, incident: str, step: TellStep, at: datetime, until: datetime | None, cause: str, **more: Any
) -> Outgoing:
    """Return an agency's fact. `cause` makes its id."""
    fact = Feedback(
        id=fact_id(incident, step.fact, cause), incident=incident, fact=step.fact, at=at, agency=step.agency,
        return_reason=step.return_reason, suggested_agency=step.suggested_agency, note=step.note, until=until,
        satisfaction=step.satisfaction, notice=step.notice, system=step.system, number=step.number, **more,
    )  # fmt: skip
    return _stamped(outgoing(topics, fact, step.agency), at)


def commanded(
    topics: Topics,
    incident: str | None,
    step: CommandStep,
    at: datetime,
    until: datetime | None,
    into: str | None,
    cause: str,
) -> list[Outgoing]:
    """Return a directive as it goes on the topic: to the case's task, or to every task where it names no case."""
    incident = None if step.kind in _TO_ALL else incident
    directive = Directive(
        id=directive_id(step.kind, incident or f"{step.agency}/{step.rule}", cause), kind=step.kind, issued_at=at,
        issued_by=step.by, incident=incident, reason=step.why, agency=step.agency, rule=step.rule, until=until,
        milestone=step.milestone, into=into, reporters=step.reporters, reports=step.reports,
        correction=_correction(step),
    )  # fmt: skip
    headers = binary_headers(
        id_=directive.id, source=f"incidentbus/{step.by}", type_="incidentbus.directive.v1", time=at, subject=incident
    )
    key, topic = (incident or directive.id).encode(), topics.bus("directives")
    to = range(topics.spine) if incident is None else (partition_of_id(incident, topics.spine),)
    return [_stamped(Outgoing(topic, key, write(directive), headers, partition), at) for partition in to]


def _correction(step: CommandStep) -> Correction | None:
    changed = {name: value for name in _CORRECTED if (value := getattr(step, name)) is not None}
    if step.kind_of_report is not None:
        changed["kind"] = step.kind_of_report
    return Correction(**changed) if changed else None


def _stamped(record: Outgoing, at: datetime) -> Outgoing:
    return record._replace(timestamp_ms=round(at.timestamp() * 1000))
