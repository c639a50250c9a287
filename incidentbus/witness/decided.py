"""What the decisions topic says was given, amended, held and let go; and what can't be true of it.

A round is decided once. It may be decided again as an amendment, which a directive recorded beside it must name by the
decision's id; then its lead is the same. A decision names the agencies whose assignments wait; each is let go once, or
never, where its case was decided anew or is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from incidentbus.witness.reading import Seen

GOES_ON: Final = "the rest follows by itself"
"""How a release says that it has let go a part only."""
_STRENGTH: Final = ("informed", "co_handler", "lead")


class Part(NamedTuple):
    """Who was given what: by names that the county knows, and never by an id of an assignment."""

    incident: str
    round: int
    agency: str
    role: str


@dataclass(slots=True)
class Decided:
    """What all decisions together gave. `waiting`: held, and not let go; `forgotten`: of these, what no hold keeps.

    `waiting_leads` are channel and external id of those whose lead waits. `faults`, `forgotten` and `disordered` are
    sentences.
    """

    given: set[Part] = field(default_factory=set)
    waiting: set[Part] = field(default_factory=set)
    waiting_leads: set[tuple[str, str]] = field(default_factory=set)
    releases: list[tuple[str, str, str]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)


def body_of(seen: Seen) -> dict[str, Any]:
    """Return a record's value. Raises `TypeError` where it is no object."""
    body = orjson.loads(seen.value or b"null")
    if not isinstance(body, dict):
        raise TypeError(f"{seen.topic}/{seen.partition}/{seen.offset} holds no object")
    return body


def read_decided(records: Sequence[Seen]) -> Decided:
    """Read every record of the decisions topic, in the order of each partition."""
    bodies = [(body_of(seen), seen) for seen in records]
    holds = _Holds()
    subjects: dict[str, dict[str, Any]] = {}
    amendments = {body["decision"] for body, _ in bodies if body.get("kind") == "amend" and body.get("decision")}
    found = Decided()
    rounds: dict[str, int] = {}
    leads: dict[tuple[str, int], str] = {}
    times: dict[tuple[str, int], int] = {}
    for body, seen in bodies:
        if "roles" in body:
            amends = seen.headers.get("ce_id", b"").decode() in amendments
            _decision(found, body, amends, rounds, leads, times)
            holds.routes[body["incident"], body["round"]] = (seen.partition, body.get("route", ""))
            subjects.setdefault(body["incident"], body.get("subject", {}))
        elif "released_at" in body:
            _release(found, body)
        elif "outcome" in body:
            holds.take(body, seen.partition)
    found.forgotten += [
        f"{part.incident} round {part.round}: {part.agency} waits for its {part.role}, and nothing holds it"
        for part in sorted(found.waiting)
        if rounds[part.incident] == part.round and not _replaced(found, part) and not holds.keep(part)
    ]
    for part in found.waiting:
        if part.role == "lead":
            subject = subjects[part.incident]
            found.waiting_leads.add((subject["channel"], subject["external_id"]))
    for (incident, round_), count in sorted(times.items()):
        if count > 1:
            found.faults.append(f"{incident} {round_}: decided {count} times")
    return found


class _Holds:
    """Which holds stand at the end of each partition, and which cases are over, by the directives that were taken."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, int], tuple[int, str]] = {}
        self._standing: set[tuple[int, str, str]] = set()
        self._over: set[str] = set()

    def take(self, body: dict[str, Any], partition: int) -> None:
        """Take one directive, as it was taken."""
        directive = body["directive"]
        if body["kind"] in ("withdraw", "close", "merge") and body["outcome"] == "passed_on":
            self._over.add(directive.get("incident", ""))
        if body["outcome"] != "acted":
            return
        on = (partition, directive.get("agency") or "", directive.get("rule") or "")
        if body["kind"] == "hold":
            self._standing.add(on)
        elif body["kind"] == "release" and not body.get("because", "").endswith(GOES_ON):
            self._standing.discard(on)

    def keep(self, part: Part) -> bool:
        """Say whether an assignment that waits is rightly kept back."""
        partition, route = self.routes[part.incident, part.round]
        standing = {(partition, part.agency, ""), (partition, "", route)} & self._standing
        return bool(standing) or part.incident in self._over


def _replaced(found: Decided, part: Part) -> bool:
    stronger = _STRENGTH[_STRENGTH.index(part.role) + 1 :]
    return any(part._replace(role=role) in found.given for role in stronger)


def _decision(
    found: Decided,
    body: dict[str, Any],
    amends: bool,
    rounds: dict[str, int],
    leads: dict[tuple[str, int], str],
    times: dict[tuple[str, int], int],
) -> None:
    incident, round_ = body["incident"], body["round"]
    latest = rounds.get(incident, 0)
    if round_ < latest:
        found.disordered.append(f"{incident}: round {round_} decided after round {latest}")
    rounds[incident] = max(round_, latest)
    lead = next((role["agency"] for role in body["roles"] if role["role"] == "lead"), "")
    if not amends:
        times[incident, round_] = times.get((incident, round_), 0) + 1
        leads.setdefault((incident, round_), lead)
    elif leads.get((incident, round_)) != lead:
        found.faults.append(f"{incident} {round_}: amended, and its lead is not the round's")
    held = set(body.get("held", ()))
    for role in body["roles"]:
        part = Part(incident, round_, role["agency"], role["role"])
        if part not in found.given and part.agency in held:
            found.waiting.add(part)
        found.given.add(part)


def _release(found: Decided, body: dict[str, Any]) -> None:
    """Let go what waited; of one agency and case only one part can wait, for a stronger one takes a weaker's place."""
    incident, agency = body["incident"], body["agency"]
    found.releases.append((incident, agency, body["assignment"]))
    waited = [part for part in found.waiting if (part.incident, part.agency) == (incident, agency)]
    if not waited:
        found.faults.append(f"{incident} {agency}: let go, and was not held")
        return
    found.waiting.discard(max(waited, key=lambda part: (part.round, _STRENGTH.index(part.role))))
