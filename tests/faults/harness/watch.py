"""The other two witnesses: `read_committed` readers of every agency's topic, the decisions, the dead letters and facts.

Each notes when it saw what, so that afterwards the longest time without an assignment can be told.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.kafka.clients import Connection
from incidentbus.witness import TopicReader
from incidentbus.witness.reading import Seen
from incidentbus.witness.verdict import is_notice
from streams.gate.mending import MendingConsumer
from tests.faults.harness.readers import Readers

PATTERNS = {
    "assignments": r"agency\..+\.assignments\.v1",
    "decisions": r"bus\.decisions\.v1",
    "dead": r".+\.dlq",
    "facts": r"bus\.feedback\.v1",
}


class Watch(Readers):
    """The readers of one row."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        escaped = prefix.replace(".", r"\.")
        options = connection.options()
        super().__init__({name: TopicReader(escaped + p, options, MendingConsumer) for name, p in PATTERNS.items()})
        self._when: dict[str, tuple[list[int], list[float]]] = {name: ([], []) for name in PATTERNS}

    def seen(self, name: str) -> list[Seen]:
        """Return every record of `assignments`, `decisions`, `dead` or `facts` so far."""
        return self.readers[name].seen

    def _came(self, name: str) -> None:
        upto, at = self._when[name]
        upto.append(len(self.readers[name].seen))
        at.append(self.moved)

    def when(self, name: str, index: int) -> float:
        """Return the monotonic time at which the record of this index was seen."""
        upto, at = self._when[name]
        return at[bisect_right(upto, index)]

    def first_leads(self) -> tuple[dict[str, float], dict[str, str]]:
        """Return when each external id's first lead was seen, and its incident."""
        leads: dict[str, float] = {}
        incidents: dict[str, str] = {}
        for index, each in enumerate(self.seen("assignments")):
            if is_notice(each):
                continue
            body = _body(each)
            if body.get("role") == "lead" and body["external_id"] not in leads:
                leads[body["external_id"]] = self.when("assignments", index)
                incidents[body["external_id"]] = body["incident"]
        return leads, incidents

    def tasks(self) -> dict[str, int]:
        """Return the partition on which each incident was decided: its task."""
        return {_body(each).get("incident", ""): each.partition for each in self.seen("decisions")}


def longest_stall(acknowledged: Mapping[str, float], leads: Mapping[str, float]) -> float:
    """Return the longest time without a new lead while one was due, in seconds.

    What was due is what was acknowledged and had no lead; what never came is the verdict's, not counted here.
    """
    due = sorted((leads[each], acknowledged[each]) for each in leads if each in acknowledged)
    waiting = [0.0] * len(due)  # the earliest acknowledgement among those that came at this moment or later
    earliest = float("inf")
    for index in range(len(due) - 1, -1, -1):
        earliest = waiting[index] = min(earliest, due[index][1])
    longest, before = 0.0, due[0][0] if due else 0.0  # until the first there were no workers to speak of
    for (came, _), since in zip(due, waiting, strict=True):
        longest = max(longest, came - max(before, since))
        before = came
    return longest


def _body(seen: Seen) -> dict[str, Any]:
    body = orjson.loads(seen.value or b"{}")
    return body if isinstance(body, dict) else {}
