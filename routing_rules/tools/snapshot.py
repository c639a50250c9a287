"""A whole sample pinned: where each of its reports goes, one line of JSON each, to be compared with what it was.

A line of the sample is a canonical report with `received_at`, the moment at which it is decided; without a zone it is
the ruleset's civil time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from contracts.codes import Role
from contracts.decision import Decision, DecisionState
from contracts.ids import incident_id
from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.decide import decide
from routing_rules.tools.testfiles import Problem, moment, validated


def pinned(lines: Iterable[Mapping[str, Any]], compiled: Compiled) -> Iterator[dict[str, Any]]:
    """Yield where each report of a sample goes. Raises `Problem` for one that can't be decided as written."""
    zone = ZoneInfo(compiled.ruleset.timezone)
    for line in lines:
        given = dict(line)
        received = moment(given.pop("received_at", None), zone, "received_at")
        if received is None:
            raise Problem("no_received_at")
        report: Report = validated(Report, given, "report")
        id_ = incident_id(report.channel, report.external_id)
        incident = compiled.interpreter.understand(report, id_, received)
        yield {"channel": report.channel, "external_id": report.external_id} | _gone(
            decide(incident, DecisionState(), compiled, received), zone
        )


def _gone(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    def of(role: Role) -> list[str]:
        return [given.agency for given in decision.roles if given.role is role]

    return {
        "route": decision.route, "overlays": list(decision.overlays), "lead": decision.lead,
        "co_handlers": of(Role.CO_HANDLER), "inform": of(Role.INFORMED), "urgency": decision.urgency.value,
        "due": {due.milestone.value: due.at.astimezone(zone).isoformat() for due in decision.due},
    }  # fmt: skip


def written(lines: Iterable[Mapping[str, Any]]) -> str:
    """Return pinned lines as NDJSON, keys in the same order always."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def differences(before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Yield, for each report that goes elsewhere, is new or is gone, its name and what was (-) and is (+)."""
    old = {(line["channel"], line["external_id"]): line for line in before}
    new = {(line["channel"], line["external_id"]): line for line in now}
    for key in dict.fromkeys((*old, *new)):
        was, is_ = old.get(key, {}), new.get(key, {})
        changed = [name for name in dict.fromkeys((*was, *is_)) if was.get(name) != is_.get(name)]
        if changed:
            yield [f"{key[0]} {key[1]}", *_diff(changed, was, is_)]


def _diff(names: Iterable[str], was: Mapping[str, Any], is_: Mapping[str, Any]) -> Iterator[str]:
    for name in names:
        for sign, line in (("-", was), ("+", is_)):
            if name in line:
                yield f"  {sign} {name}: {json.dumps(line[name], ensure_ascii=False)}"
