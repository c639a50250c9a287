"""The witness of surges finds what it is there for: each is planted, and seen; of a sound run nothing is said."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from incidentbus.witness.reading import Seen
from tests.faults.harness.observed import Told, judge_observed

COUNTS = ((20, "begun"), (30, "updated"))


def seen(topic: str, body: Any, id_: str = "") -> Seen:
    return Seen(topic, 0, 0, orjson.dumps(body), {"ce_id": id_.encode()})


class Run:
    """One town's thirty reports, and what an observer told of them; the minute is its surge's own."""

    def __init__(self, minute: str = "10:01") -> None:
        self.minute, names = minute, [f"inc-{n}" for n in range(30)]
        self.incidents = [seen("bus.incidents.v1", {"id": name}) for name in names]
        self.sightings = [seen("bus.surge-sightings.v1", [0, name, False]) for name in names]
        self.surges = [self.fact(count, status) for count, status in COUNTS]
        self.directives = [self.amendment(name) for name in names]
        self.directives.append(seen("bus.directives.v1", {"id": "dir-other", "issued_by": "police"}, "dir-other"))

    def fact(self, count: int, status: str, town: str = "320813106", surge: str = "") -> Seen:
        surge = surge or f"srg-{town}-{self.minute}"
        body = {"id": surge, "town": town, "category": "labour", "exercise": False, "status": status, "count": count}
        return seen("bus.surges.v1", body, f"{surge}-{status}-{count}")

    def amendment(self, name: str, surge: str = "") -> Seen:
        id_ = f"dir-{name}-{surge or self.minute}"
        return seen("bus.directives.v1", {"id": id_, "incident": name, "issued_by": "surge"}, id_)

    def told(self) -> Told:
        return Told(self.incidents, self.sightings, self.surges, self.directives)


def test_of_a_sound_run_nothing_is_said_though_it_saw_its_surge_in_another_minute_and_told_a_record_again() -> None:
    run = Run("10:02")
    run.surges.append(run.surges[0])
    run.directives.append(run.directives[3])
    run.sightings.append(run.sightings[7])
    judged = judge_observed(run.told(), Run().told())
    assert (judged.lost, judged.twice, judged.invented) == ([], [], [])
    assert (judged.incidents, judged.surges, judged.facts, judged.amended, judged.again) == (30, 1, 2, 30, 2)


def _another_body(run: Run) -> None:
    run.surges.append(run.surges[1]._replace(value=(run.surges[1].value or b"").replace(b"labour", b"noise")))


PLANTED: dict[str, tuple[str, Callable[[Run], object]]] = {
    "an incident that nobody sighted": ("lost", lambda run: run.sightings.pop()),
    "a surge that was not told": ("lost", lambda run: run.surges.clear()),
    "an update that was not told": ("lost", lambda run: run.surges.pop()),
    "a case that was not amended": ("lost", lambda run: run.directives.pop(0)),
    "a surge told twice under two ids": ("twice", lambda run: run.surges.append(run.fact(20, "begun", surge="srg-b"))),
    "an id with two bodies": ("twice", _another_body),
    "a case amended under two ids": ("twice", lambda run: run.directives.append(run.amendment("inc-3", "10:09"))),
    "a surge that nobody else saw": ("invented", lambda run: run.surges.append(run.fact(20, "begun", "320813001"))),
    "a count that is another's": ("invented", lambda run: run.surges.append(run.fact(45, "updated"))),
    "a case that has no part in it": ("invented", lambda run: run.directives.append(run.amendment("inc-99"))),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str) -> None:
    where, plant = PLANTED[what]
    run = Run()
    plant(run)
    assert getattr(judge_observed(run.told(), Run().told()), where), what
