"""The words of rules that intake found are taken over under the ruleset that it read with, and under no other."""

from types import SimpleNamespace

from contracts.decision import DecisionState
from contracts.incident import RulesetRef, RuleWords
from routing_rules.engine.decide import decide
from routing_rules.engine.schema import Block, TextCondition

CEMENT = TextCondition(any=("cement",))
FRESH = DecisionState()


def test_words_found_by_intake_decide_without_another_search(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", Block(text=CEMENT)))
    told = make.incident(text="no such thing", rule_words=RuleWords(text=("cement",)))
    assert decide(told, FRESH, bench.compiled, make.tuesday).route == "r"


def test_words_found_under_another_ruleset_say_nothing(make: SimpleNamespace) -> None:
    bench = make.bench(make.route("r", "urban", Block(text=CEMENT)))
    other = RulesetRef(id="county", version="1", hash="1" * 64)
    told = make.incident(text="no such thing", rule_words=RuleWords(text=("cement",)))
    told = told.model_copy(update={"understood_by": other})
    assert decide(told, FRESH, bench.compiled, make.tuesday).route == "fallback"
    missed = make.incident(text="cement", rule_words=RuleWords()).model_copy(update={"understood_by": other})
    assert decide(missed, FRESH, bench.compiled, make.tuesday).route == "r"


def test_title_and_text_are_told_apart(make: SimpleNamespace) -> None:
    titled = TextCondition(any=("cement",), where="title")
    bench = make.bench(make.route("r", "urban", Block(text=titled)))
    told = make.incident(rule_words=RuleWords(text=("cement",)))
    assert decide(told, FRESH, bench.compiled, make.tuesday).route == "fallback"
    told = make.incident(rule_words=RuleWords(title=("cement",)))
    assert decide(told, FRESH, bench.compiled, make.tuesday).route == "r"
