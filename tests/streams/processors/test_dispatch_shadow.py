"""A ruleset in shadow decides beside the live one: told where it differs, and nothing else is any different."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts.codes import DirectiveKind, ReturnReason
from contracts.ports import Emit
from contracts.rulesetact import DropReason
from contracts.serde import read
from contracts.shadow import ShadowDecision
from contracts.telemetry import Tally
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load
from streams.processors.dispatch import shadowing
from streams.rulesets import HeldRuleset, RulesetInForce
from streams.shadows import SAVED_UP, Shadow, reads_alike
from tests.streams.processors.conftest import FILES
from tests.streams.processors.counter import TOPICS, Counter

TOPIC = TOPICS.bus("shadow-decisions")


def compiled(**edited: tuple[str, str]) -> Compiled:
    files = dict(FILES)
    for path, (old, new) in edited.items():
        name = next(each for each in files if each.endswith(path.replace("_", "-") + ".yaml"))
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    loaded = load({path: text.encode() for path, text in files.items()})
    assert loaded.ruleset is not None, [str(finding) for finding in loaded.findings]
    return compile_ruleset(loaded.ruleset)


def moving() -> Compiled:
    return compiled(topics=("lead: police", "lead: command-centre"))


@pytest.fixture
def beside(small: RulesetInForce) -> Callable[..., Counter]:
    """A counter over the small ruleset, with another in shadow; its clock stands still unless told otherwise."""

    def make(shadow: Compiled | None, clock: Callable[[], float] = lambda: 0.0) -> Counter:
        held = HeldRuleset(small)
        held.put_in_shadow(None if shadow is None else Shadow(shadow, clock))
        return Counter(held)

    return make


def lived(emits: list[Emit]) -> list[Emit]:
    return [emit for emit in emits if emit.topic != TOPIC]


def differences(emits: list[Emit]) -> list[ShadowDecision]:
    return [read(ShadowDecision, emit.value or b"") for emit in emits if emit.topic == TOPIC]


def a_life(counter: Counter) -> list[Emit]:
    """Noise that the lead returns, another that is amended, a third withdrawn."""
    emits = counter.arrives("A1") + counter.arrives("A2") + counter.arrives("A3")
    counter.pass_time(hours=1)
    emits += counter.command(
        DirectiveKind.REDISPATCH, "A1", returned_by="police", return_reason=ReturnReason.NOT_OUR_DUTY
    )
    emits += counter.command(DirectiveKind.AMEND, "A2", correction={"tags": ("surge",)})
    return emits + counter.command(DirectiveKind.WITHDRAW, "A3", reason="来件人撤回")


def test_what_the_shadow_would_have_moved_is_told_with_both_sides(beside: Callable[..., Counter]) -> None:
    (told,) = differences(beside(moving()).arrives())
    assert (told.live.lead, told.shadow.lead, told.shadow.rule) == ("police", "command-centre", "noise")
    assert told.differs == ("lead", "roles")
    assert told.live_hash != told.shadow_hash


def test_a_shadow_that_moves_everything_changes_no_byte_of_anything_else(beside: Callable[..., Counter]) -> None:
    without, with_ = beside(None), beside(moving())
    expected, got = a_life(without), a_life(with_)
    assert len(differences(got)) == 3  # the arrivals: a return ends at the centre by both, an amendment moves no lead
    assert lived(got) == expected
    assert with_.kept == without.kept


def test_rulesets_that_do_the_same_under_other_names_tell_nothing(beside: Callable[..., Counter]) -> None:
    counter = beside(compiled(topics=("id: noise", "id: other-noise")))
    assert differences(counter.arrives()) == []
    assert counter.dispatch.counts.shadowed == {("", "", ""): 1}


def test_a_tighter_deadline_alone_is_a_difference(beside: Callable[..., Counter]) -> None:
    (told,) = differences(beside(compiled(ruleset=("respond: 1bd", "respond: 2wh"))).arrives())
    assert told.differs == ("due",)
    assert told.shadow.due["respond"] < told.live.due["respond"]


def test_an_amendment_is_compared_as_an_amendment(beside: Callable[..., Counter]) -> None:
    counter = beside(compiled(overlays=("co_handlers: [gov-gaoliangjian]", "co_handlers: [command-centre]")))
    assert differences(counter.arrives()) == []
    (told,) = differences(counter.command(DirectiveKind.AMEND, correction={"tags": ("surge",)}))
    assert (told.live.lead, told.shadow.lead, told.round) == ("police", "police", 1)
    assert told.differs == ("roles",)


def test_words_that_understand_a_report_otherwise_are_read_again(beside: Callable[..., Counter]) -> None:
    shadow = compiled(categories=("words: {占道: 4}", "words: {夜里: 4}"))
    counter = beside(shadow)
    (told,) = differences(counter.arrives())
    assert told.reread
    assert told.shadow.rule != "noise"
    assert not reads_alike(counter.rulesets.current().compiled.ruleset, shadow.ruleset)  # type: ignore[union-attr]


def test_a_shadow_that_raises_is_dropped_with_a_reason_and_live_goes_on(
    beside: Callable[..., Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shadowing, "decide", fails)
    counter, without = beside(moving()), beside(None)
    assert counter.arrives() == without.arrives()
    shadow = counter.rulesets.shadow
    assert shadow is not None
    assert shadow.because is DropReason.RAISED
    assert shadow.detail.startswith("ZeroDivisionError over inc-")
    monkeypatch.undo()
    assert differences(counter.arrives("A2")) == []


def test_a_shadow_that_takes_too_long_is_dropped_after_what_it_had_saved_up(beside: Callable[..., Counter]) -> None:
    times = iter(range(1_000))
    counter = beside(moving(), lambda: next(times) * 0.1)  # a tenth of a second each
    told = [len(differences(counter.arrives(f"A{number}"))) for number in range(6)]
    shadow = counter.rulesets.shadow
    assert shadow is not None
    assert told == [1, 1, 1, 0, 0, 0]  # the third one's cost is known when it is done
    assert shadow.because is DropReason.TOO_SLOW
    assert "100.00 ms" in shadow.detail


def test_one_long_decision_now_and_then_is_forgiven() -> None:
    shadow = Shadow(moving(), lambda: 0.0)
    for number in range(10_000):
        shadow.pay(0.2 if number % 2_000 == 0 else 0.000_05)
    assert shadow.because is None
    assert 0 <= shadow.credit <= SAVED_UP


def test_a_difference_too_large_for_its_topic_drops_the_shadow_not_the_incident(
    beside: Callable[..., Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "LARGEST", 100)
    counter = beside(moving())
    assert counter.arrives() == beside(None).arrives()
    shadow = counter.rulesets.shadow
    assert shadow is not None
    assert shadow.because is DropReason.TOO_LARGE


def test_differences_are_counted_by_rule_and_from_whom_to_whom(beside: Callable[..., Counter]) -> None:
    counter, meter = beside(moving()), Tally()
    counter.arrives()
    counts = counter.dispatch.counts
    counts.committed(meter, 0.0)
    assert meter.value("incidentbus_shadow_decisions_total", result="different") == 1
    labels = {"rule": "noise", "before": "police", "after": "command-centre"}
    assert meter.value("incidentbus_shadow_differences_total", **labels) == 1


def test_the_shadow_stays_when_the_ruleset_in_force_is_swapped(small: RulesetInForce) -> None:
    held = HeldRuleset()
    shadow = Shadow(moving(), lambda: 0.0)
    held.put_in_shadow(shadow)
    held.put_in_force(small)
    held.put_in_force(replace(small))
    in_force = held.current()
    assert in_force is not None
    assert in_force.shadow is shadow
    held.put_in_shadow(None)
    in_force = held.current()
    assert in_force is not None
    assert in_force.shadow is None
