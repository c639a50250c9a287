"""What decisions anew would say now: dispatch's own state, the ruleset in force and the modes of now, and its `decide`.

It writes nothing. What it says holds for the moment that it was asked: another ruleset or emergency, or a word on the
case, changes it. How a case is decided stands in streams.processors.dispatch; no rule of that may enter here.
"""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC
from typing import Final, NamedTuple

from connectors.kafka.clients import Connection
from contracts.codes import ReasonCode
from contracts.decision import Decision
from contracts.directive import Directive
from contracts.partition import partition_of_id
from contracts.topics import Topics
from incidentbus.declaring import declared
from incidentbus.publishing.book import bundle_of
from incidentbus.readmodel.reading import Progress, read_all, silent
from routing_rules.engine.decide import decide
from streams.counts import TurnCounts
from streams.gate.changelog import read_value
from streams.gate.stage import Limits
from streams.processors.dispatch.commands import asked_anew, case_over, refusal_of, seen_key
from streams.processors.dispatch.state import CaseState, ended_by
from streams.rulesets import HeldRuleset, RulesetInForce, open_bundle
from streams.stages import dispatch_stage

SAID_BEFORE: Final = "said before: it happens once"


class Foreseen(NamedTuple):
    """What would come of one directive. `case` is as dispatch has it, None where it is over or was never decided.

    `because` says why nothing would come of it; else there is a `decision`.
    """

    incident: str
    case: CaseState | None
    decision: Decision | None = None
    because: str = ""


async def ruleset_now(connection: Connection, topics: Topics, digest: str) -> RulesetInForce | None:
    """Return a ruleset under its digest, compiled, with the modes as they are declared; None where it isn't stored.

    Raises `RefusedRuleset` where it could decide nothing.
    """
    bundle = await bundle_of(connection, topics, digest)
    if bundle is None:
        return None
    held = HeldRuleset(open_bundle(bundle))
    held.declare(tuple(await declared(connection, topics)))
    return held.current()


async def foresee(
    connection: Connection,
    topics: Topics,
    directives: Sequence[Directive],
    in_force: RulesetInForce,
    progress: Progress = silent,
) -> list[Foreseen]:
    """Return what each directive that has a case decided anew would bring about, in their order.

    Reads the changelogs of those dispatch tasks whose cases they are. Raises `StateTooNew` where a newer version of the
    bus wrote them.
    """
    kept = await _kept(connection, topics, directives, progress)
    return [_foreseen(each, kept, in_force) for each in directives]


async def _kept(
    connection: Connection, topics: Topics, directives: Sequence[Directive], progress: Progress
) -> dict[bytes, bytes]:
    """Return what dispatch keeps of the cases and of the directives themselves, as its workers would restore it."""
    stage = dispatch_stage(topics, HeldRuleset(), lambda _: TurnCounts(), Limits())
    wanted = {(each.incident or "").encode() for each in directives} | {seen_key(each) for each in directives}
    partitions = sorted({partition_of_id(each.incident or "", topics.spine) for each in directives})
    kept: dict[bytes, bytes] = {}
    every = [(stage.changelog or "", partition) for partition in partitions]
    async with aclosing(read_all(connection, every, progress=progress)) as records:
        async for record in records:
            if record.key not in wanted:
                continue
            value = read_value(stage, record)
            if value is None:
                kept.pop(record.key, None)
            else:
                kept[record.key] = value
    return kept


def _foreseen(directive: Directive, kept: dict[bytes, bytes], in_force: RulesetInForce) -> Foreseen:
    incident = directive.incident or ""
    raw = kept.get(incident.encode())
    if raw is None:
        return Foreseen(incident, None, because=ReasonCode.UNKNOWN_INCIDENT.value)
    ended = ended_by(raw)
    if ended is not None:
        return Foreseen(incident, None, because=case_over(ended))
    case = CaseState.read(raw)
    if seen_key(directive) in kept:
        return Foreseen(incident, case, because=SAID_BEFORE)
    because = refusal_of(directive, case, in_force.compiled)
    if because:
        return Foreseen(incident, case, because=because)
    corrected, state = asked_anew(directive, case, in_force.modes)
    return Foreseen(incident, case, decide(corrected, state, in_force.compiled, directive.issued_at.astimezone(UTC)))
