"""The witness of surges: what a disturbed observer told against what an undisturbed one tells of the same incidents.

It shares no code with the observer. Two runs need not agree on the id of a surge, which names the minute of the window
in which it was seen; they agree on who surged, at which counts it was told, and which cases were amended.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from incidentbus.witness.reading import Seen

ISSUER = "surge"
Step = tuple[str, str, str, int]
"""A fact of a surge: town, category, status, count."""


@dataclass(slots=True)
class Observed:
    """What was found, each finding as a sentence, and how much there was to find it in."""

    incidents: int = 0
    surges: int = 0
    facts: int = 0
    amended: int = 0
    again: int = 0
    """Records told once more, the same byte for byte: what at-least-once is allowed."""
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.twice or self.invented)

    def line(self) -> str:
        """Return the figures."""
        return (
            f"surges: incidents={self.incidents} surges={self.surges} facts={self.facts} amended={self.amended} "
            f"again={self.again} lost={len(self.lost)} twice={len(self.twice)} invented={len(self.invented)}"
        )


@dataclass(slots=True)
class Told:
    """Everything on the observer's topics: of the incidents it read, the sightings, the surges, the directives."""

    incidents: Sequence[Seen] = ()
    sightings: Sequence[Seen] = ()
    surges: Sequence[Seen] = ()
    directives: Sequence[Seen] = ()


def judge_observed(told: Told, calm: Told) -> Observed:
    """Judge a disturbed run by an undisturbed one of the same incidents, within one hour: no surge ends.

    Lost: an incident that was not sighted; a fact of a surge, or an amended case, that the calm run has and this one
    has not. Twice: one id with two bodies, one group with two surges, one case amended under two ids. Invented: what
    the calm run does not have.
    """
    found = Observed()
    incidents = {str(_body(seen)["id"]) for seen in told.incidents}
    sighted = {name for seen in told.sightings if (name := orjson.loads(seen.value or b"[0,'']")[1])}
    steps, ours = _steps(told.surges), _amended(told.directives)
    expected, theirs = _steps(calm.surges), _amended(calm.directives)
    found.incidents, found.facts, found.amended = len(incidents), len(steps), len(ours)
    found.surges = len({_body(seen)["id"] for seen in told.surges})
    found.again = len(told.surges) + sum(map(len, _bodies(told.directives, ISSUER).values()))
    found.again -= len(_bodies(told.surges)) + len(_bodies(told.directives, ISSUER))
    found.lost += [f"{each}: not sighted" for each in sorted(incidents - sighted)]
    found.lost += [f"{_said(each)}: the calm run told it" for each in sorted(set(expected) - set(steps))]
    found.lost += [f"{each}: amended in the calm run" for each in sorted(theirs.keys() - ours.keys())]
    found.invented += [f"{each}: sighted, and no incident" for each in sorted(sighted - incidents)]
    found.invented += [f"{_said(each)}: the calm run didn't" for each in sorted(set(steps) - set(expected))]
    found.invented += [f"{each}: not amended in the calm run" for each in sorted(ours.keys() - theirs.keys())]
    found.twice += _two_bodies("a surge's fact", _bodies(told.surges))
    found.twice += _two_bodies("a directive", _bodies(told.directives, ISSUER))
    found.twice += _several("surges", _by(told.surges, lambda body: (body["town"], body["category"], body["exercise"])))
    found.twice += _several("amendments", ours)
    return found


def _steps(surges: Sequence[Seen]) -> Counter[Step]:
    bodies = map(orjson.loads, {seen.value for seen in surges if seen.value})
    return Counter((body["town"], body["category"], body["status"], body["count"]) for body in bodies)


def _amended(directives: Sequence[Seen]) -> dict[str, set[str]]:
    """Return incident → the ids of its amendments."""
    return {
        str(incident): ids
        for incident, ids in _by(
            [seen for seen in directives if _body(seen).get("issued_by") == ISSUER], lambda body: body["incident"]
        ).items()
    }


def _by(records: Iterable[Seen], of: Any) -> dict[Hashable, set[str]]:
    found: dict[Hashable, set[str]] = defaultdict(set)
    for seen in records:
        body = _body(seen)
        found[of(body)].add(str(body["id"]))
    return found


def _bodies(records: Sequence[Seen], issuer: str | None = None) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for seen in records:
        if issuer is None or _body(seen).get("issued_by") == issuer:
            found[_id(seen)].append(seen.value or b"")
    return found


def _two_bodies(what: str, bodies: Mapping[str, Sequence[bytes]]) -> list[str]:
    return [f"{id_}: {what} with {n} bodies" for id_, each in bodies.items() if (n := len(set(each))) > 1]


def _several(what: str, ids: Mapping[Any, set[str]]) -> list[str]:
    return [f"{key}: {len(each)} {what}" for key, each in ids.items() if len(each) > 1]


def _id(seen: Seen) -> str:
    return seen.headers.get("ce_id", b"").decode()


def _said(step: Step) -> str:
    return " ".join(map(str, step))


def _body(seen: Seen) -> dict[str, Any]:
    body = orjson.loads(seen.value or b"{}")
    return body if isinstance(body, dict) else {}
