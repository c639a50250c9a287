"""What goes on the wire is what `assignments` says, field by field, whatever a report holds."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.assignment import Assignment
from contracts.codes import Kind, Outcome, ReporterKind, Role, Urgency
from contracts.decision import Decision, DecisionState
from contracts.incident import Incident, RulesetRef, incident_bytes, read_incident
from contracts.report import Point, Report, Reporter
from contracts.serde import read, write
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory
from routing_rules.engine.views import assignments, written

RULESETS = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets"
NOW = datetime(2026, 5, 12, 9, 30, 0, 123_000, tzinfo=UTC)
HOSTILE = "\"\\\n\r\t\b\f\x00\x1f\x7f\u2028\u2029\ufeff😀👨‍👩‍👧é{}[],:/<&'`1380幺苏H@"
"""What JSON must escape, what some readers stumble over, what the wire's own marks are."""

TOLD = st.one_of(st.text(max_size=30), st.text(alphabet=HOSTILE, max_size=30), st.sampled_from(["", '","text":"', "}"]))
OWN = st.one_of(st.none(), TOLD, st.sampled_from(["13800001234", '王小明"\n', "😀😀", "\x00\x01"]))


@cache
def compiled_of(name: str) -> Compiled:
    ruleset = load_directory(RULESETS / name).ruleset
    assert ruleset is not None
    return compile_ruleset(ruleset)


@st.composite
def incidents(draw: st.DrawFn, compiled: Compiled) -> Incident:
    """An incident that may have come in under the ruleset, hostile wherever a reporter or a channel writes."""
    ruleset = compiled.ruleset
    reporter = Reporter(
        kind=draw(st.sampled_from(ReporterKind)), name=draw(OWN), phone=draw(OWN), id_number=draw(OWN),
        address=draw(OWN), secrecy=draw(st.booleans()),
    )  # fmt: skip
    own = st.sampled_from([value or "" for value in (reporter.name, reporter.phone, reporter.id_number)])
    said = st.lists(st.one_of(TOLD, own), max_size=4).map("".join)
    report = Report(
        channel=draw(st.sampled_from(sorted(ruleset.channels))), external_id=draw(TOLD.filter(bool)),
        title=draw(said), text=draw(said), address=draw(OWN), reporter=reporter, exercise=draw(st.booleans()),
        point=draw(st.none() | st.builds(Point, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))),
        attributes=draw(st.dictionaries(TOLD, TOLD, max_size=4)),
    )  # fmt: skip
    return Incident(
        id="inc-" + draw(st.text(alphabet="0123456789abcdef", min_size=28, max_size=28)), report=report,
        received_at=NOW, kind=draw(st.sampled_from(Kind)), urgency=draw(st.sampled_from(Urgency)),
        category=draw(st.sampled_from([*sorted(ruleset.categories), 'not "known"\n'])),
        jurisdiction=draw(st.sampled_from([*sorted(ruleset.jurisdictions), "nowhere"])),
        tags=draw(st.lists(TOLD, max_size=2).map(tuple)),
        understood_by=RulesetRef(id=ruleset.id, version=ruleset.version, hash=ruleset.hash),
    )  # fmt: skip


@st.composite
def decisions(draw: st.DrawFn) -> tuple[Compiled, Incident, Decision]:
    """An incident under either ruleset with its decision, made confidential or not, with roles of its own or more."""
    compiled = compiled_of(draw(st.sampled_from(["hongze", "nyc"])))
    incident = draw(incidents(compiled))
    rounds = draw(st.integers(1, 3))
    decision = decide(incident, DecisionState(round=rounds, first_dispatched_at=NOW), compiled, NOW)
    confidential = draw(st.sampled_from([decision.confidential, False, True]))
    reason = draw(st.sampled_from([decision.reason, Outcome.ADJUDICATED]))
    more = draw(st.lists(st.tuples(st.sampled_from(sorted(compiled.ruleset.agencies)), st.sampled_from(Role))))
    taken = {given.agency for given in decision.roles}
    roles = tuple(replace(decision.roles[0], agency=agency, role=role) for agency, role in more if agency not in taken)
    return compiled, incident, replace(
        decision, confidential=confidential, reason=reason, roles=(*decision.roles, *roles)
    )  # fmt: skip


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its fields, and fail where one stands there twice: most readers would hide it."""
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def parsed(raw: bytes) -> Any:
    return json.loads(raw, object_pairs_hook=unique)


often: Callable[[Any], Any] = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@often
@given(decisions())
def test_what_is_written_is_what_the_objects_say(drawn: tuple[Compiled, Incident, Decision]) -> None:
    compiled, incident, decision = drawn
    made = assignments(decision, "dec-1", incident, compiled)
    quick = read_incident(incident_bytes(incident))
    for form in (incident, quick):
        wire = written(decision, "dec-1", form, compiled)
        assert [(w.id, w.role, w.agency) for w in wire] == [(a.id, a.role, a.agency) for a in made]
        assert [parsed(each.value) for each in wire] == [parsed(write(each)) for each in made]
        assert [read(Assignment, each.value) for each in wire] == [read(Assignment, write(each)) for each in made]


@often
@given(decisions())
def test_nothing_of_the_reporter_is_in_the_bytes_of_any_but_the_lead(
    drawn: tuple[Compiled, Incident, Decision],
) -> None:
    """By names that stand for nothing else, put where a reporter's own data and the whole report's would be."""
    compiled, incident, decision = drawn
    own = {name: f"personal-{name}" for name in ("name", "phone", "id_number", "address")}
    report = incident.report.model_copy(
        update={
            "reporter": Reporter(**own, secrecy=incident.report.reporter.secrecy), "address": "personal-place",
            "title": f"personal-phone {incident.report.title}", "attributes": {"caller": "personal-line"},
            "text": f"{incident.report.text} personal-name, personal-id_number, told-text",
            "point": Point(longitude=118.123456, latitude=33.2),
        }
    )  # fmt: skip
    told = incident.model_copy(update={"report": report})
    withheld = decision.confidential or report.reporter.secrecy
    for each in written(decision, "dec-1", told, compiled):
        if each.role is Role.LEAD:
            assert each.value.count(b"personal-") == 9
            continue
        assert b"personal-" not in each.value
        assert b"118.123456" not in each.value
        assert (b"told-text" in each.value) == (each.role is Role.CO_HANDLER and not withheld)
