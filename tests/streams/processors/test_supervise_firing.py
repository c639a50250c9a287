"""What falls due: two rungs of one moment are two steps."""

from datetime import timedelta

from contracts.case import Clock, write_case
from contracts.codes import DirectiveKind, FactKind, Milestone
from streams.rulesets import HeldRuleset
from tests.streams.processors.desk import Desk


def test_two_reminders_that_fall_due_at_one_moment_are_two_facts_and_two_directives(held: HeldRuleset) -> None:
    desk = Desk(held)
    desk.decide("police")
    case, at = desk.case, round((desk.now + timedelta(hours=1)).timestamp() * 1000)
    case.clocks = [Clock("police", Milestone.RESOLVE, [at, at], "rr")]
    desk.state.put(desk.key, write_case(case))
    emits = desk.wait(hours=1)
    reminded = [fact for fact in desk.facts(emits) if fact.fact is FactKind.REMINDED]
    orders = [each for each in desk.directives(emits) if each.kind is DirectiveKind.REMIND]
    assert [fact.step for fact in reminded] == [1, 2]
    assert len({fact.id for fact in reminded}) == len({order.id for order in orders}) == 2
