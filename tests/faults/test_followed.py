"""The fourth witness finds what it is there for: each kind of fault is planted once, and seen; the sound run is not."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from contracts.case import Case, Clock, write_case
from contracts.codes import CaseStatus, Milestone
from incidentbus.witness.reading import Seen
from tests.faults.harness.followed import Topics, judge_followed

INCIDENT = "inc-1"
DUE, NOW = 1_800_000_000_000, 1_700_000_000_000


def seen(topic: str, offset: int, body: dict[str, Any], type_: str = "") -> Seen:
    return Seen(topic, 0, offset, orjson.dumps(body), {"ce_type": type_.encode()})


def fact(kind: str, cause: str, step: int | None = None, status: str = "dispatched", round_: int = 1) -> dict[str, Any]:
    return {
        "id": f"fct-of-{cause}-{kind}", "incident": INCIDENT, "fact": kind, "cause": cause, "step": step,
        "status": status, "round": round_,
    }  # fmt: skip


def step(number: int, kind: str) -> dict[str, Any]:
    return fact(SAID[kind], f"timer:1.0:police:resolve:{DUE + number}:{kind}:{number}", number)


SAID = {"overdue": "overdue", "remind": "reminded", "supervise": "supervised", "escalate": "escalated"}


class Run:
    """A small run in which nothing went wrong."""

    def __init__(self) -> None:
        self.facts = [fact("registered", "dec-1"), fact("dispatched", "dec-1"), fact("acknowledged", "fct-told")]
        self.facts += [step(0, "overdue"), step(1, "remind"), step(2, "supervise"), step(3, "remind")]
        self.told = ["fct-told", "fct-told", "fct-bad"]
        self.refused = ["fct-bad"]
        self.asked, self.taken = ["dir-1"], ["dir-1"]
        self.case = Case(
            CaseStatus.DISPATCHED, round=1, reminders=2, clocks=[Clock("police", Milestone.RESOLVE, [DUE], "e", 3)]
        )

    def judged(self) -> Any:
        taken = [
            seen("bus.decisions.v1", n, {"directive": {"id": id_}}, "incidentbus.directive-taken.v1")
            for n, id_ in enumerate(self.taken)
        ]
        decided = [seen("bus.decisions.v1", 90, {"incident": INCIDENT, "round": 1}, "incidentbus.decision.v1")]
        topics = Topics(
            told=[seen("agency.police.feedback.v1", n, {"id": id_}) for n, id_ in enumerate(self.told)],
            lifecycle=[seen("bus.lifecycle.v1", n, body) for n, body in enumerate(self.facts)],
            dead=[seen("agency.police.feedback.v1.dlq", n, {"id": id_}) for n, id_ in enumerate(self.refused)],
            directives=[seen("bus.directives.v1", n, {"id": id_}) for n, id_ in enumerate(self.asked)],
            decisions=[*decided, *taken],
            cases=[Seen("bus.cases.v1", 0, 0, write_case(self.case), {})],
        )
        return judge_followed(topics, NOW, {("bus.cases.v1", 0, 0): INCIDENT})


def test_of_a_sound_run_nothing_is_said() -> None:
    judged = Run().judged()
    assert (judged.lost, judged.twice, judged.disordered) == ([], [], [])
    assert (judged.facts, judged.steps, judged.cases) == (2, 4, 1)


def _no_longer_followed(run: Run) -> None:
    run.facts, run.told = [], []
    run.case = Case(CaseStatus.EXPECTED)


PLANTED: dict[str, tuple[str, Callable[[Run], object]]] = {
    "a fact that was told and came to nothing": ("lost", lambda run: run.told.append("fct-lost")),
    "a refused fact without its dead letter": ("lost", lambda run: run.refused.clear()),
    "a fact applied twice": ("twice", lambda run: run.facts.append(run.facts[2])),
    "a step taken twice": ("twice", lambda run: run.facts.append({**run.facts[5], "id": "fct-another"})),
    "a step lost between two": ("lost", lambda run: run.facts.pop(5)),
    "the last step lost, though the case says it was taken": ("lost", lambda run: run.facts.pop()),
    "the last step of a ladder that is over lost": ("lost", lambda run: setattr(run.case, "level", 1)),
    "a step that is due and was not taken": ("lost", lambda run: run.case.clocks[0].at.__setitem__(0, NOW - 1)),
    "a directive that nobody took": ("lost", lambda run: run.taken.clear()),
    "a directive taken twice": ("twice", lambda run: run.taken.append("dir-1")),
    "a case decided and not followed": ("lost", _no_longer_followed),
    "rounds that go backwards": ("disordered", lambda run: run.facts.insert(3, fact("amended", "dec-2", round_=2))),
    "a state beside its facts": ("disordered", lambda run: setattr(run.case, "status", CaseStatus.CLOSED)),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str) -> None:
    where, plant = PLANTED[what]
    run = Run()
    plant(run)
    assert getattr(run.judged(), where), what
