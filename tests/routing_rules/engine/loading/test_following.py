"""`lifecycle` in a ruleset: what is written replaces what was, channel by channel; mistakes are told where they are."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.codes import Milestone, TimerKind
from routing_rules.engine.loader import Loaded, load, read_bundle
from routing_rules.engine.loading.following import MOST_RUNGS
from routing_rules.engine.schema import (
    Extension,
    FollowUp,
    FollowUpOn,
    Lifecycle,
    Reopen,
    Ruleset,
    Rung,
    Span,
    SpanUnit,
)
from routing_rules.messages import Level
from routing_rules.messages.fields import FileKind
from routing_rules.tools.fields import schema_of

EXAMPLE = read_bundle(Path(__file__).parents[4] / "docs" / "rules" / "example")
REMIND, SUPERVISE, ESCALATE = TimerKind.REMIND, TimerKind.SUPERVISE, TimerKind.ESCALATE


def loaded(written: str) -> Loaded:
    return load({**EXAMPLE, "ruleset.yaml": EXAMPLE["ruleset.yaml"] + f"lifecycle: {written}\n".encode()})


def ruleset_of(written: str) -> Ruleset:
    result = loaded(written)
    assert result.ruleset is not None, [finding.line() for finding in result.errors]
    return result.ruleset


def bd(count: int) -> Span:
    return Span(count, SpanUnit.BUSINESS_DAYS)


def test_a_ruleset_that_says_nothing_has_the_defaults_and_no_channel_its_own() -> None:
    ruleset = load(EXAMPLE).ruleset
    assert ruleset is not None
    assert ruleset.lifecycle == Lifecycle()
    assert ruleset.lifecycle_by_channel == {}


def test_every_field_is_read() -> None:
    followed = ruleset_of("""
  return_within: 4wh
  returns_need_approval: true
  ladder:
    acknowledge: [{at: due, do: remind}, {at: +2wh, do: supervise}, {at: +1bd, do: escalate}]
    respond: []
    resolve: [{at: 80%, do: remind}, {at: due, do: remind}, {at: +30m, do: escalate}]
  follow_up: {on: time_limit, within: 2d, close_after: none}
  verify: true
  reopen: {deadline: 5bd, max: 3}
  extension: {max: 2, longest: 15d}
  wait_early: 10m""").lifecycle
    assert followed == Lifecycle(
        return_within=Span(4, SpanUnit.WORKING_HOURS),
        returns_need_approval=True,
        ladder={
            Milestone.ACKNOWLEDGE: (
                Rung(REMIND),
                Rung(SUPERVISE, after=Span(2, SpanUnit.WORKING_HOURS)),
                Rung(ESCALATE, after=bd(1)),
            ),
            Milestone.RESPOND: (),
            Milestone.RESOLVE: (
                Rung(REMIND, percent=80),
                Rung(REMIND),
                Rung(ESCALATE, after=Span(30, SpanUnit.MINUTES)),
            ),
        },
        follow_up=FollowUp(FollowUpOn.TIME_LIMIT, Span(2, SpanUnit.CALENDAR_DAYS), Span(0, SpanUnit.NONE)),
        verify=True,
        reopen=Reopen(bd(5), 3),
        extension=Extension(2, Span(15, SpanUnit.CALENDAR_DAYS)),
        wait_early=Span(10, SpanUnit.MINUTES),
    )


def test_a_channel_says_only_what_is_its_own_and_has_the_countys_for_the_rest() -> None:
    ruleset = ruleset_of("""
  return_within: 2bd
  ladder: {acknowledge: [{at: due, do: supervise}]}
  follow_up: {within: 4bd, close_after: 5bd}
  extension: {longest: 10d}
  by_channel:
    petition: {returns_need_approval: true, follow_up: {on: none}, ladder: {resolve: []}, extension: {max: 0}}""")
    county, petition = ruleset.lifecycle, ruleset.lifecycle_by_channel["petition"]
    assert set(ruleset.lifecycle_by_channel) == {"petition"}
    assert (county.returns_need_approval, petition.returns_need_approval) == (False, True)
    assert petition.return_within == county.return_within == bd(2)
    assert county.follow_up == FollowUp(FollowUpOn.RESOLVED, bd(4), bd(5))
    assert petition.follow_up == FollowUp(FollowUpOn.NONE, bd(4), bd(5))
    assert petition.extension == Extension(0, Span(10, SpanUnit.CALENDAR_DAYS))
    assert petition.ladder == {**county.ladder, Milestone.RESOLVE: ()}
    assert county.ladder == {**Lifecycle().ladder, Milestone.ACKNOWLEDGE: (Rung(SUPERVISE),)}
    assert petition.reopen == county.reopen == Reopen()


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("{return_withn: 1bd}", "RR101", "return_within"),
        ("{follow_up: {until: 1bd}}", "RR101", "until"),
        ("{by_channel: {petition: {by_channel: {}}}}", "RR101", "by_channel"),
        ("{ladder: {answer: []}}", "RR101", "answer"),
        ("{by_channel: {petitions: {verify: true}}}", "RR110", "petition"),
        ("{ladder: {resolve: [{at: due, do: remindd}]}}", "RR110", "remind"),
        ("{ladder: {resolve: [{at: due, do: 催办}]}}", "RR110", "remind"),
        ("{ladder: {resolve: [{at: due, do: overdue}]}}", "RR110", "overdue"),
        ("{follow_up: {on: resolve}}", "RR110", "resolved"),
        ("{return_within: 1day}", "RR140", "1day"),
        ("{follow_up: {within: none}}", "RR146", "none"),
        ("{reopen: {deadline: none}}", "RR146", "none"),
        ("{extension: {longest: none}}", "RR146", "none"),
        ("{wait_early: none}", "RR146", "none"),
        ("{verify: yes}", "RR146", "yes"),
        ("{extension: {max: many}}", "RR146", "many"),
        ("{ladder: {resolve: [{at: 0%, do: remind}]}}", "RR146", "0%"),
        ("{ladder: {resolve: [{at: 100%, do: remind}]}}", "RR146", "100%"),
        ("{ladder: {resolve: [{at: 2wh, do: remind}]}}", "RR146", "2wh"),
        ("{ladder: {resolve: [{at: +none, do: remind}]}}", "RR146", "+none"),
        ("{ladder: {resolve: [{at: +２wh, do: remind}]}}", "RR103", "２"),
        ("{ladder: {resolve: [{at: -2wh, do: remind}]}}", "RR146", "-2wh"),
        ("{ladder: {resolve: [{at: [due], do: remind}]}}", "RR146", "at"),
        ("{ladder: {resolve: [{at: due}]}}", "RR145", "do"),
        ("{ladder: {resolve: [{do: remind}]}}", "RR145", "at"),
        ("{ladder: {resolve: {at: due, do: remind}}}", "RR104", "resolve"),
        ("{ladder: []}", "RR146", "ladder"),
        ("{}", "RR105", "lifecycle"),
        ("soon", "RR146", "soon"),
        ("{ladder: {resolve: [{at: 80%, do: remind}, {at: 50%, do: remind}]}}", "RR160", "50%"),
        ("{ladder: {resolve: [{at: +1bd, do: remind}, {at: due, do: remind}]}}", "RR160", "due"),
        ("{ladder: {resolve: [{at: +2h, do: remind}, {at: +90m, do: escalate}]}}", "RR160", "+90m"),
        ("{ladder: {resolve: [{at: due, do: remind}, {at: +1h, do: remind}, {at: 80%, do: remind}]}}", "RR160", "80%"),
    ],
)
def test_a_mistake_is_told_and_the_ruleset_refused(written: str, code: str, says: str) -> None:
    result = loaded(written)
    assert result.ruleset is None
    (finding,) = (finding for finding in result.errors if finding.code == code)
    told = finding.message() + finding.hint() + finding.message("en") + finding.hint("en")
    assert says in told
    assert finding.at.file == "ruleset.yaml"
    assert finding.at.line == EXAMPLE["ruleset.yaml"].count(b"\n") + 1


def test_the_same_step_twice_is_warned_of_and_two_steps_at_one_moment_are_not() -> None:
    twice = loaded("{ladder: {resolve: [{at: due, do: remind}, {at: due, do: remind}]}}")
    assert twice.ruleset is not None
    assert [(finding.code, finding.level) for finding in twice.findings] == [("RR161", Level.WARNING)]
    assert "due" in twice.findings[0].message()
    for when in ("80%", "due", "+1bd"):
        assert (
            loaded(f"{{ladder: {{resolve: [{{at: {when}, do: remind}}, {{at: {when}, do: supervise}}]}}}}").findings
            == ()
        )


def test_steps_that_only_the_calendar_can_compare_are_left_alone() -> None:
    assert loaded("{ladder: {resolve: [{at: +9wh, do: remind}, {at: +1bd, do: supervise}]}}").findings == ()
    assert loaded("{ladder: {resolve: [{at: +1bd, do: remind}, {at: +2h, do: supervise}]}}").findings == ()


def test_a_ladder_has_so_many_steps_and_not_one_more() -> None:
    rungs = ", ".join(f"{{at: +{n}h, do: remind}}" for n in range(1, MOST_RUNGS + 2))
    (finding,) = loaded(f"{{ladder: {{resolve: [{rungs}]}}}}").errors
    assert (finding.code, finding.params["n"], finding.params["max"]) == ("RR137", str(MOST_RUNGS + 1), str(MOST_RUNGS))
    fewer = rungs[: rungs.rindex(", {")]
    assert loaded(f"{{ladder: {{resolve: [{fewer}]}}}}").findings == ()


spans = st.builds(Span, st.integers(1, 999), st.sampled_from([unit for unit in SpanUnit if unit is not SpanUnit.NONE]))
spans_or_none = spans | st.just(Span(0, SpanUnit.NONE))
doing = st.sampled_from([REMIND, SUPERVISE, ESCALATE])
before = st.lists(st.integers(1, 99), unique=True, max_size=3).map(sorted)


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    after = draw(st.lists(st.integers(1, 999), unique=True, max_size=3).map(sorted))
    unit = draw(st.sampled_from([unit for unit in SpanUnit if unit is not SpanUnit.NONE]))
    shares = [Rung(draw(doing), percent=percent) for percent in draw(before)]
    at = [Rung(draw(doing))] if draw(st.booleans()) else []
    return (*shares, *at, *(Rung(draw(doing), after=Span(count, unit)) for count in after))


lifecycles = st.builds(
    Lifecycle,
    return_within=spans_or_none,
    returns_need_approval=st.booleans(),
    ladder=st.fixed_dictionaries({milestone: ladders() for milestone in Milestone}),
    follow_up=st.builds(FollowUp, st.sampled_from(FollowUpOn), spans, spans_or_none),
    verify=st.booleans(),
    reopen=st.builds(Reopen, spans, st.integers(0, 100)),
    extension=st.builds(Extension, st.integers(0, 100), spans),
    wait_early=spans,
)


def written(lifecycle: Lifecycle) -> dict[str, Any]:
    """Return a lifecycle as an author writes it, nothing left out."""

    def when(rung: Rung) -> str:
        return f"{rung.percent}%" if rung.percent else "due" if rung.after is None else f"+{rung.after}"

    follow_up, reopen, extension = lifecycle.follow_up, lifecycle.reopen, lifecycle.extension
    return {
        "return_within": str(lifecycle.return_within),
        "returns_need_approval": lifecycle.returns_need_approval,
        "ladder": {
            milestone.value: [{"at": when(rung), "do": rung.do.value} for rung in rungs]
            for milestone, rungs in lifecycle.ladder.items()
        },
        "follow_up": {
            "on": follow_up.on.value,
            "within": str(follow_up.within),
            "close_after": str(follow_up.close_after),
        },
        "verify": lifecycle.verify,
        "reopen": {"deadline": str(reopen.deadline), "max": reopen.max},
        "extension": {"max": extension.max, "longest": str(extension.longest)},
        "wait_early": str(lifecycle.wait_early),
    }


@settings(max_examples=40)
@given(county=lifecycles, petition=lifecycles)
def test_what_is_written_whole_is_read_whole(county: Lifecycle, petition: Lifecycle) -> None:
    text = json.dumps(written(county) | {"by_channel": {"petition": written(petition)}})
    ruleset = ruleset_of(text)
    assert ruleset.lifecycle == county
    assert ruleset.lifecycle_by_channel == {"petition": petition}


OF_LIFECYCLE = schema_of(FileKind.RULESET)["properties"]["lifecycle"]


@given(county=lifecycles, petition=lifecycles)
def test_what_the_loader_takes_the_schema_takes(county: Lifecycle, petition: Lifecycle) -> None:
    whole = written(county) | {"by_channel": {"petition": written(petition)}}
    assert list(Draft202012Validator(OF_LIFECYCLE).iter_errors(whole)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"return_withn": "1bd"},
        {"wait_early": "none"},
        {"ladder": {"resolve": [{"at": "100%", "do": "remind"}]}},
        {"ladder": {"resolve": [{"at": "2wh", "do": "remind"}]}},
        {"ladder": {"resolve": [{"at": "due", "do": "overdue"}]}},
        {"ladder": {"resolve": [{"at": "due"}]}},
        {"by_channel": {"petition": {"by_channel": {}}}},
    ],
)
def test_a_wrong_form_is_refused_while_it_is_typed(wrong: dict[str, Any]) -> None:
    assert list(Draft202012Validator(OF_LIFECYCLE).iter_errors(wrong))
