"""What the demo prints: who got what, three decisions explained, what was refused and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from rich.console import Console
from rich.table import Table

from contracts.codes import HardRule, Outcome
from contracts.decision import Decision
from contracts.incident import Incident
from contracts.serde import read
from incidentbus.witness.reading import Seen
from routing_rules.engine.compiler import Compiled
from routing_rules.tools.explain import render

_ASSIGNMENT: Final = b"incidentbus.assignment.v1"
_DECISION: Final = b"incidentbus.decision.v1"
_ROLES = {"lead": "主办 lead", "co_handler": "协办 helps", "informed": "知会 informed"}


def agencies_table(assignments: Sequence[Seen], titles: Mapping[str, str]) -> Table:
    """Return what each agency got, by role, the busiest lead first."""
    counted: dict[str, Counter[str]] = {}
    for seen in _of_type(assignments, _ASSIGNMENT):
        body = orjson.loads(seen.value or b"{}")
        counted.setdefault(body["agency"], Counter())[body["role"]] += 1
    table = Table("agency", "单位", *_ROLES.values(), title="Assignments by agency and role")
    for agency, roles in sorted(counted.items(), key=lambda item: (-item[1]["lead"], -item[1].total(), item[0])):
        table.add_row(agency, titles.get(agency, ""), *(str(roles[role] or "·") for role in _ROLES))
    return table


def dead_letters_table(dead: Sequence[Seen]) -> Table:
    """Return what was refused, by channel topic and reason, with the first detail."""
    groups: dict[tuple[str, str], list[str]] = {}
    for seen in dead:
        told = {name: raw.decode("utf-8", "replace") for name, raw in seen.headers.items()}
        groups.setdefault((told["dlq_topic"], told["dlq_reason"]), []).append(told.get("dlq_detail", ""))
    table = Table(
        "topic", "reason", "n", "for example", title="Dead letters: kept whole, with a reason of the closed list"
    )
    for (topic, reason), details in sorted(groups.items()):
        table.add_row(topic, reason, str(len(details)), details[0])
    return table


def explain_three(console: Console, decisions: Sequence[Seen], incidents: Sequence[Seen], compiled: Compiled) -> None:
    """Print one plain decision, one that a hard rule changed, and one that fell back, each in full."""
    known = {incident.id: incident for incident in (read(Incident, seen.value or b"") for seen in incidents)}
    made = [read(Decision, seen.value or b"") for seen in _of_type(decisions, _DECISION)]
    for title, found in (
        ("a plain one", next((d for d in made if _plain(d)), None)),
        ("one that a hard rule changed", next((d for d in made if HardRule.CONFLICT in d.hard_rules), None)),
        ("one that fell back", next((d for d in made if d.reason is Outcome.FALLBACK), None)),
    ):
        console.rule(f"A decision explained: {title}", align="left")
        if found is None:
            console.print("none among these reports")
            continue
        console.print(render(found, known[found.incident], compiled), markup=False, highlight=False)


def _of_type(records: Sequence[Seen], kind: bytes) -> list[Seen]:
    """Return the records of one type of event: beside decisions and assignments lie others."""
    return [seen for seen in records if seen.headers.get("ce_type") == kind]


def _plain(decision: Decision) -> bool:
    roles = {role.role.value for role in decision.roles}
    return decision.reason is Outcome.MATCHED and not decision.hard_rules and len(roles) == len(_ROLES)
