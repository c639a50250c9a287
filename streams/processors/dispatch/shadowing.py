"""The decision in shadow: what another ruleset would have made of the same ask, told where it would have differed.

It runs after the live decision and gives at most one record, for `bus.shadow-decisions.v1` alone. Whatever it raises
ends the shadow, never the record in hand; it reads no state and puts none.
"""

from typing import Any, Final

from contracts.decision import Decision, DecisionState
from contracts.envelope import EventHeaders
from contracts.incident import Incident
from contracts.ports import Emit
from contracts.rulesetact import DropReason
from contracts.serde import read, write
from contracts.shadow import SHADOW_DECISION, Differs
from contracts.topics import Topics
from routing_rules.engine.decide import amend, decide
from streams.counts import TurnCounts
from streams.processors.dispatch.state import CaseState
from streams.shadows import Shadow

LARGEST: Final = 256 * 1024
"""Bytes of a difference: a quarter of what the topic takes, and a thousand agencies."""
_TYPE: Final = SHADOW_DECISION.encode()


class Shadowing:
    """Tells of one dispatch task where the shadow would have decided otherwise."""

    def __init__(self, task: int, topics: Topics, counts: TurnCounts, source: str) -> None:
        self._task = task
        self._topic = topics.bus("shadow-decisions")
        self._counts = counts
        self._source = source

    def beside(
        self,
        shadow: Shadow,
        live: Decision,
        id_: str,
        incident: Incident,
        traceparent: str | None,
        before: CaseState | None = None,
        *,
        raw: bytes | None = None,
        reread: bool = False,
    ) -> list[Emit]:
        """Return the difference between `live` and what the shadow makes of it, or nothing; it never raises.

        `before` is the case as an amendment found it. `reread`: the shadow understands reports otherwise than the live
        ruleset does, and reads this one again; in a case's first round only, for later ones rest on what was corrected.
        """
        began = shadow.clock()
        try:
            again = reread and before is None and live.round == 1
            found = incident if not again else _read_again(shadow, incident, raw)
            other = _decided(shadow, found, live.state, live, before)
            emits = self._compared(shadow, live, other, id_, incident, traceparent, again)
        except Exception as error:  # whatever it is: a shadow that fails is no reason for live to fail
            shadow.drop(DropReason.RAISED, f"{type(error).__name__} over {incident.id}")
            emits = []
        shadow.pay(shadow.clock() - began)
        return emits

    def _compared(
        self,
        shadow: Shadow,
        live: Decision,
        other: Decision,
        id_: str,
        incident: Incident,
        traceparent: str | None,
        again: bool,
    ) -> list[Emit]:
        differs = differences(live, other)
        if not differs:
            self._counts.shadowed["", "", ""] += 1
            return []
        value = write(
            {
                "incident": incident.id,
                "round": live.round,
                "decision": id_,
                "at": live.now,
                "live_hash": live.ruleset.hash,
                "shadow_hash": shadow.hash,
                "shadow_version": other.ruleset.version,
                "differs": differs,
                "live": _side(live),
                "shadow": _side(other),
                "reread": again,
                "exercise": incident.report.exercise,
            }
        )
        if len(value) > LARGEST:
            shadow.drop(DropReason.TOO_LARGE, f"{len(value)} bytes over {incident.id}")
            return []
        self._counts.shadowed[other.route, live.lead, other.lead] += 1
        headers = EventHeaders(source=self._source, time=live.now, subject=incident.id, traceparent=traceparent)
        key = incident.id.encode()
        return [Emit(self._topic, self._task, key, value, headers.of(f"{id_}-{shadow.hash[:12]}", _TYPE))]


def _read_again(shadow: Shadow, incident: Incident, raw: bytes | None) -> Incident:
    whole = incident if raw is None else read(Incident, raw)  # the quick form is for looking at alone
    return shadow.compiled.interpreter.understand(whole.report, whole.id, whole.received_at)


def _decided(
    shadow: Shadow, incident: Incident, state: DecisionState, live: Decision, before: CaseState | None
) -> Decision:
    if before is None:
        return decide(incident, state, shadow.compiled, live.now)
    return amend(
        incident, state, shadow.compiled, live.now, lead=before.lead, route=before.route,
        dispatched_at=before.dispatched_at, confidential=before.confidential,
    )  # fmt: skip


def differences(live: Decision, other: Decision) -> list[Differs]:
    """Return in what two decisions differ to the outside; a rule of another name that does the same is no difference.

    Both who has a part and the order of tags count as sets: nobody outside sees an order.
    """
    found = [Differs.LEAD] if live.lead != other.lead else []
    if live.roles != other.roles and _parts(live) != _parts(other):
        found.append(Differs.ROLES)
    if live.due != other.due and _due(live) != _due(other):
        found.append(Differs.DUE)
    if live.urgency is not other.urgency:
        found.append(Differs.URGENCY)
    if live.confidential is not other.confidential:
        found.append(Differs.CONFIDENTIAL)
    if live.tags != other.tags and set(live.tags) != set(other.tags):
        found.append(Differs.TAGS)
    return found


def _parts(decision: Decision) -> set[tuple[str, str]]:
    return {(part.agency, part.role) for part in decision.roles}


def _due(decision: Decision) -> dict[str, Any]:
    return {due.milestone.value: due.at for due in decision.due}  # plain keys: orjson writes no others


def _side(decision: Decision) -> dict[str, Any]:
    return {
        "rule": decision.route,
        "lead": decision.lead,
        "roles": [{"role": part.role, "agency": part.agency} for part in decision.roles],
        "due": _due(decision),
        "urgency": decision.urgency,
        "confidential": decision.confidential,
        "tags": decision.tags,
    }
