"""What becomes of the demo's reports, as bytes: a line for each decision with the digest of all that it publishes.

Run as `python -m tests.compiled.decisions`, compiled or from source: both must print the same but for the first line,
which says how it ran. Every report is understood and decided under each kept ruleset, in the first round and in those
that a return, a ruling and a repetition make.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from connectors.registry import codecs
from contracts.decision import DecisionState, decision_wire
from contracts.errors import Permanent
from contracts.ids import decision_id, incident_id
from contracts.incident import Incident, incident_bytes
from contracts.report import Report
from contracts.serde import write
from incidentbus.compiled import refuse_stale
from incidentbus.demo.corpus import corpus
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory
from routing_rules.engine.views import assignments, written

RULESETS = Path(__file__).resolve().parents[2] / "routing_rules" / "rulesets"
MOMENTS = (datetime(2026, 5, 12, 2, tzinfo=UTC), datetime(2026, 10, 3, 23, 59, 59, tzinfo=UTC))


def reports() -> list[Report]:
    """Return what the demo publishes and a codec can read."""
    read = codecs()
    told = []
    for telling in corpus():
        try:
            told.append(read[telling.channel].decode(telling.payload, {}))
        except Permanent:
            continue
    return told


def published(incident: Incident, state: DecisionState, compiled: Compiled, now: datetime) -> tuple[str, bytes]:
    """Return who leads, and everything that one decision publishes."""
    decision = decide(incident, state, compiled, now)
    id_ = decision_id(incident.id, decision.round, incident.id)
    given = [each.value for each in written(decision, id_, incident, compiled)]
    whole = write(assignments(decision, id_, incident, compiled))
    return decision.lead, b"\n".join([write(decision_wire(decision)), *given, whole])


def lines(compiled: Compiled, told: list[Report]) -> Iterator[str]:
    """Yield a line for each decision under one ruleset: incident, round, lead, digest."""
    agency = sorted(compiled.ruleset.agencies)[0]
    for report in told:
        for now in MOMENTS:
            id_ = incident_id(report.channel, report.external_id)
            incident = compiled.interpreter.understand(report, id_, now)
            lead, first = published(incident, DecisionState(), compiled, now)
            yield f"{id_} 1 {lead} {sha256(incident_bytes(incident) + first).hexdigest()}"
            later = {"first_dispatched_at": MOMENTS[0], "reporters": 3, "reports": 6}
            for round_, state in (
                (2, DecisionState(round=2, returned_by=(lead,), **later)),
                (3, DecisionState(round=3, returned_by=(lead, agency), **later)),
                (4, DecisionState(round=4, adjudicated_to=agency, **later)),
            ):
                lead_then, then = published(incident, state, compiled, now)
                yield f"{id_} {round_} {lead_then} {sha256(then).hexdigest()}"


def main() -> None:
    print(refuse_stale().told)
    told = reports()
    for folder in ("hongze", "nyc"):
        ruleset = load_directory(RULESETS / folder).ruleset
        assert ruleset is not None
        print("\n".join(lines(compile_ruleset(ruleset), told)))


if __name__ == "__main__":
    main()
