"""Whether each fact was applied once and each step taken once, by what lies on the lifecycle and with the dead letters.

It knows what was told; of the processor's code it uses nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

_TIMER: Final = "timer:"


@dataclass(slots=True)
class Judged:
    """What the witness found. `lateness` has, of each step, when it fell due and how late it was seen, seconds."""

    applied: int = 0
    refused: int = 0
    steps: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    lateness: list[tuple[float, float]] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing done twice."""
        return not (self.lost or self.twice)


def judge(
    told: Iterable[str],
    due: Mapping[str, int],
    lifecycle: Sequence[bytes],
    letters: Iterable[bytes],
    seen_at: Sequence[float] = (),
) -> Judged:
    """Judge. `told` are the ids of all facts, `due` says of an incident when its acknowledgement fell due (ms).

    A fact that was told must be applied or lie with the dead letters, one of the two, once. A step is known by case,
    agency, milestone, moment and what it did.
    """
    found = Judged()
    done: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    overdue: set[str] = set()
    for number, value in enumerate(lifecycle):
        fact = orjson.loads(value)
        ids[fact["id"]] += 1
        cause = fact["cause"]
        if cause.startswith(_TIMER):
            steps[f"{fact['incident']} {cause} {fact['fact']}"] += 1
            found.lateness += _late(cause, seen_at[number] if seen_at else None)
            if _is_acknowledgement(fact, due):
                overdue.add(fact["incident"])
        elif cause.startswith("fct-") and fact["fact"] != "closed":
            done[cause] += 1
    refused = Counter(orjson.loads(letter)["id"] for letter in letters)
    found.applied, found.refused, found.steps = len(done), len(refused), len(steps)
    accounted = done + refused
    found.lost = [id_ for id_ in dict.fromkeys(told) if not accounted[id_]]
    found.lost += [f"{incident}: its acknowledgement was due" for incident in due if incident not in overdue]
    for counted in (accounted, steps, ids):
        found.twice += [what for what, times in counted.items() if times > 1]
    return found


def _is_acknowledgement(fact: Mapping[str, Any], due: Mapping[str, int]) -> bool:
    """Say whether a step is the deadline of the acknowledgement that a case was given."""
    at = due.get(fact["incident"])
    return at is not None and fact["fact"] == "overdue" and f":acknowledge:{at}:" in fact["cause"]


def _late(cause: str, seen: float | None) -> list[tuple[float, float]]:
    parts = cause.split(":")
    if seen is None or len(parts) < 6 or not parts[4].isdigit():
        return []
    at = int(parts[4]) / 1000
    return [(at, seen - at)]
