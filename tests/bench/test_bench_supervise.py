"""What `bench-supervise` measures with: its workload is what the processor takes, its witness finds what is planted."""

from collections import Counter
from itertools import count, islice

import orjson
import pytest

from contracts.case import read_case
from contracts.codes import CaseStatus, FactKind
from incidentbus.settings import Settings
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load_directory
from tests.bench.bench_supervise import planned
from tests.bench.supervise import workload as made
from tests.bench.supervise.judging import judge
from tests.bench.supervise.workload import DictState, Workload

NOW = 1_778_551_200_000
AT = NOW + 5_000


@pytest.fixture(scope="module")
def workload() -> Workload:
    patch = pytest.MonkeyPatch()
    patch.setattr(made, "TEMPLATES", 60)
    settings = Settings(partitions=4)
    loaded = load_directory(settings.ruleset_dir)
    assert loaded.ruleset is not None
    try:
        return Workload(compile_ruleset(loaded.ruleset), settings.topics(), NOW)
    finally:
        patch.undo()


def test_cases_are_open_each_under_an_id_and_a_number_of_its_own(workload: Workload) -> None:
    cases = dict(workload.case(number) for number in range(200))
    read = [read_case(value) for value in cases.values()]
    assert len(cases) == len({case.external_id for case in read}) == 200
    assert {case.status for case in read} >= {CaseStatus.DISPATCHED, CaseStatus.ACKNOWLEDGED, CaseStatus.IN_PROGRESS}
    assert all(case.clocks for case in read)


def test_the_processor_takes_the_facts_but_those_that_are_meant_to_be_refused(workload: Workload) -> None:
    state = DictState({incident.encode(): value for incident, value in map(workload.case, range(600))})
    handlers = [workload.supervise(task).begin_turn() for task in range(4)]
    told = list(islice(workload.facts(count(), wave=50), 800))
    outcomes: Counter[str] = Counter()
    for fact in told:
        emits = handlers[fact.record.partition](fact.record, state)
        letters = [each for each in emits if each.topic.endswith(".dlq")]
        outcomes["refused" if letters else "applied" if emits else "repeated"] += 1
    assert outcomes["repeated"] + outcomes["applied"] + outcomes["refused"] == len(told)
    assert 0 < outcomes["repeated"] < 0.05 * len(told)
    assert 0 < outcomes["refused"] < 0.03 * len(told)
    assert FactKind.RESOLVED in {fact.kind for fact in told}


def test_facts_are_planned_by_the_cases_that_there_are_and_too_few_are_refused(workload: Workload) -> None:
    bare = {fact.id for fact in workload.facts(iter(range(300)), wave=50)}
    illegal = {fact.id for fact in workload.facts(iter(range(300)), wave=50) if fact.kind is FactKind.ACKNOWLEDGED}
    cases = {incident for incident, _ in map(workload.case, range(300))}
    assert {fact.record.key.decode() for fact in workload.facts(iter(range(300)), wave=50)} <= cases
    legal = len(bare) - (len(illegal) - sum(number % 3 == 0 for number in range(300)))
    assert workload.facts_in(300) == legal
    plan = planned(workload, 60_000, 300_000)
    assert plan.backlog == workload.facts_in(60_000) // 2
    assert plan.backlog + plan.steady == workload.facts_in(60_000)
    assert planned(workload, 1_000_000, 300_000).backlog == 300_000
    with pytest.raises(SystemExit, match="--cases"):
        planned(workload, 3_000, 300_000)


def test_a_decision_opens_a_case_whose_acknowledgement_is_due_when_it_should_be(workload: Workload) -> None:
    state = DictState()
    record = workload.decision(9_000, AT)
    workload.supervise(record.partition).begin_turn()(record._replace(timestamp=NOW), state)
    (value,) = state.kept.values()
    assert read_case(value).parts[0].acknowledge_by == AT


def _line(incident: str, kind: str, cause: str, number: int) -> bytes:
    return orjson.dumps({"id": f"lf-{number}", "incident": incident, "fact": kind, "cause": cause})


SOUND = [
    _line("inc-1", "acknowledged", "fct-1", 1),
    _line("inc-2", "overdue", f"timer:1.0:police:acknowledge:{AT}:overdue:0", 2),
    _line("inc-1", "resolved", "fct-2", 3),
    _line("inc-1", "closed", "fct-2", 4),
]
REFUSED = [orjson.dumps({"id": "fct-3"})]
TOLD = ["fct-1", "fct-1", "fct-2", "fct-3"]


def test_the_witness_says_nothing_of_a_sound_run_and_how_late_a_step_was_seen() -> None:
    judged = judge(TOLD, {"inc-2": AT}, SOUND, REFUSED, [0.0, AT / 1000 + 0.25, 0.0, 0.0])
    assert judged.clean
    assert (judged.applied, judged.refused, judged.steps) == (2, 1, 1)
    assert judged.lateness == [(AT / 1000, pytest.approx(0.25))]


def test_the_witness_finds_a_lost_fact_a_lost_step_and_both_done_twice() -> None:
    due = {"inc-2": AT}
    assert judge([*TOLD, "fct-9"], due, SOUND, REFUSED).lost == ["fct-9"]
    assert judge(TOLD, due, SOUND, []).lost == ["fct-3"]
    assert judge(TOLD, due, [SOUND[0], *SOUND[2:]], REFUSED).lost == ["inc-2: its acknowledgement was due"]
    again = _line("inc-2", "overdue", f"timer:1.0:police:acknowledge:{AT}:overdue:0", 9)
    assert judge(TOLD, due, [*SOUND, again], REFUSED).twice
    assert judge(TOLD, due, [*SOUND, _line("inc-1", "acknowledged", "fct-1", 9)], REFUSED).twice == ["fct-1"]
