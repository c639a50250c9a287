"""The rulesets that decided, by digest: every one ever in force is kept whole on `bus.rulesets.v1`."""

from collections.abc import Container

from connectors.kafka.clients import Connection
from contracts.errors import Permanent
from contracts.ruleset import RulesetBundle
from contracts.serde import read
from contracts.topics import Topics
from incidentbus.readmodel.reading import read_all
from routing_rules.engine.compiler import Compiled
from streams.rulesets import RefusedRuleset, open_bundle


async def stored_rulesets(connection: Connection, topics: Topics, digests: Container[str]) -> dict[str, Compiled]:
    """Return the rulesets of these digests that are stored and that this release can still compile."""
    found: dict[str, Compiled] = {}
    async for record in read_all(connection, [(topics.bus("rulesets"), 0)]):
        digest = (record.key or b"").decode("ascii", "replace")
        if digest in digests and record.value:
            try:
                found[digest] = open_bundle(read(RulesetBundle, record.value)).compiled
            except (Permanent, RefusedRuleset):
                continue
    return found
