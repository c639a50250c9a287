"""The fourth witness: whether each case was followed as the bus promises, by what lies on the topics alone.

Told: every record of the agencies' feedback topics. Seen: `bus.lifecycle.v1`, the dead letters, `bus.directives.v1` and
`bus.decisions.v1`, and the last word on each case. It shares no code with the processors but the reading of a case.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from contracts.case import due_of, read_case
from incidentbus.witness.reading import Seen

_TIMER: Final = "timer:"
_LADDER_PARTS: Final = 7
_ANEW: Final = frozenset(
    {"reassigned", "adjudicated", "disputed", "amended", "extension_granted", "deferred", "reopened", "released",
     "return_refused"}
)  # fmt: skip
_TAKEN: Final = b"incidentbus.directive-taken.v1"
_DECISION: Final = b"incidentbus.decision.v1"


@dataclass(slots=True)
class Followed:
    """What was found, each finding as a sentence, and how much there was to find it in."""

    facts: int = 0
    steps: int = 0
    cases: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.twice or self.disordered)

    def line(self) -> str:
        """Return the figures."""
        return (
            f"followed: cases={self.cases} facts={self.facts} steps={self.steps} lost={len(self.lost)} "
            f"twice={len(self.twice)} disordered={len(self.disordered)}"
        )


@dataclass(slots=True)
class Topics:
    """Everything that the witness reads."""

    told: Sequence[Seen] = ()
    lifecycle: Sequence[Seen] = ()
    dead: Sequence[Seen] = ()
    directives: Sequence[Seen] = ()
    decisions: Sequence[Seen] = ()
    cases: Sequence[Seen] = ()


def judge_followed(topics: Topics, clock_ms: int, keys: Mapping[tuple[str, int, int], str]) -> Followed:
    """Judge. `clock_ms` is what the workers' clock shows; `keys` say whose each record of the cases topic is.

    Lost: a fact that an agency told and that is neither applied nor refused; a step missing between two, or behind the
    last though the case says that it was taken; a step that is due and was not taken; a case that was decided and is
    not followed; a directive that nobody took. Twice: a fact applied twice, a step taken twice, a directive taken
    twice. Disordered: a case whose rounds go backwards, or whose state isn't where its last fact left it.
    """
    found = Followed()
    placed = {(seen.topic, seen.partition, seen.offset): seen.value or b"{}" for seen in topics.lifecycle}
    facts = [orjson.loads(value) for _, value in sorted(placed.items())]  # a reader may meet a record again
    _facts(found, topics, facts)
    ladders = _steps(found, facts)
    _cases(found, topics, facts, ladders, clock_ms, keys)
    _directives(found, topics)
    return found


def _facts(found: Followed, topics: Topics, facts: Sequence[Mapping[str, Any]]) -> None:
    told = Counter(str(_body(seen).get("id")) for seen in topics.told)
    refused = {str(_body(seen).get("id")) for seen in topics.dead if seen.topic.endswith(".feedback.v1.dlq")}
    applied = {fact["cause"] for fact in facts}
    found.facts = len(told)
    found.lost += [f"{id_}: told, and neither applied nor refused" for id_ in told if id_ not in applied | refused]
    found.twice += [
        f"{id_}: told once, applied and refused" for id_, n in told.items() if n == 1 and id_ in applied & refused
    ]
    found.twice += _beyond_one(
        "a fact on the lifecycle",
        (f"{each['id']} ({each['fact']} by {each['cause']}, round {each['round']})" for each in facts),
    )


def _steps(found: Followed, facts: Sequence[Mapping[str, Any]]) -> dict[str, dict[tuple[str, str], int]]:
    """Judge the ladders; return, of each case, the number of the last rung of each ladder. The deadline has none.

    A ladder begun anew (another round, more time, reopened) need not begin at its first rung.
    """
    last: dict[str, dict[tuple[str, str], int]] = {}
    anew: set[str] = set()
    every = []
    for fact in facts:
        incident, parts = fact["incident"], fact["cause"].split(":")
        if fact["fact"] in _ANEW:
            anew.add(incident)
            last.pop(incident, None)
        if not fact["cause"].startswith(_TIMER):
            continue
        every.append(f"{incident} {fact['cause']}")
        if len(parts) != _LADDER_PARTS or fact["fact"] == "overdue":
            continue
        ladders, ladder, step = last.setdefault(incident, {}), (parts[2], parts[3]), fact["step"]
        before = ladders.get(ladder, None if incident in anew else 0)
        if before is not None and step != before + 1:
            found.lost.append(f"{incident} {' '.join(ladder)}: rung {step} behind rung {before}")
        ladders[ladder] = step
    found.steps = len(every)
    found.twice += _beyond_one("a step", every)
    return last


def _cases(
    found: Followed,
    topics: Topics,
    facts: Sequence[Mapping[str, Any]],
    ladders: Mapping[str, Mapping[tuple[str, str], int]],
    clock_ms: int,
    keys: Mapping[tuple[str, int, int], str],
) -> None:
    last: dict[str, Mapping[str, Any]] = {}
    for fact in facts:
        before = last.get(fact["incident"])
        if before is not None and fact["round"] < before["round"]:
            found.disordered.append(f"{fact['incident']}: round {fact['round']} behind round {before['round']}")
        last[fact["incident"]] = fact
    reminded = Counter(fact["incident"] for fact in facts if fact["fact"] == "reminded")
    climbed = Counter(
        (fact["incident"], fact["round"])
        for fact in facts
        if fact["fact"] == "escalated" and fact.get("agency") in (None, fact.get("lead"))
    )
    kept = {keys[seen.topic, seen.partition, seen.offset]: seen.value for seen in topics.cases if seen.value}
    found.cases = len(kept)
    for incident, value in kept.items():
        if incident not in last:
            continue  # only facts came, and wait for their decision
        case, due = read_case(value), due_of(value)
        if (case.status.value, case.round) != (last[incident]["status"], last[incident]["round"]):
            found.disordered.append(f"{incident}: {case.status}, and its last fact says {last[incident]['status']}")
        if due is not None and due <= clock_ms:
            found.lost.append(f"{incident}: a step is due since {(clock_ms - due) / 1000:.0f} s")
        counted = (case.reminders, case.level)
        if counted != (reminded[incident], climbed[incident, case.round]):
            found.lost.append(f"{incident}: {counted} reminders and levels are counted, others were seen")
        for (agency, milestone), rung in ladders.get(incident, {}).items():
            clock = next((each for each in case.clocks if (each.agency, each.milestone) == (agency, milestone)), None)
            if clock is not None and clock.step != rung:
                found.lost.append(f"{incident}: rung {clock.step} of {agency}'s {milestone} is taken, unseen")
    decided = {str(_body(seen).get("incident")) for seen in topics.decisions if _type(seen) == _DECISION}
    found.lost += [f"{incident}: decided, and not followed" for incident in decided - last.keys()]


def _directives(found: Followed, topics: Topics) -> None:
    asked = {str(_body(seen).get("id")) for seen in topics.directives}
    taken = [_body(seen)["directive"]["id"] for seen in topics.decisions if _type(seen) == _TAKEN]
    decided = {str(_body(seen).get("directive")) for seen in topics.decisions if _type(seen) == _DECISION}
    refused = {str(_body(seen).get("id")) for seen in topics.dead if seen.topic.endswith("bus.directives.v1.dlq")}
    found.lost += [f"{id_}: a directive that nobody took" for id_ in asked - set(taken) - decided - refused]
    found.twice += _beyond_one("a directive taken", taken)


def _beyond_one(what: str, ids: Iterable[str]) -> list[str]:
    return [f"{id_}: {what}, {times} times" for id_, times in Counter(ids).items() if times > 1]


def _type(seen: Seen) -> bytes:
    return seen.headers.get("ce_type") or b""


def _body(seen: Seen) -> dict[str, Any]:
    body = orjson.loads(seen.value or b"{}")
    return body if isinstance(body, dict) else {}
