"""The fast ways of reading, pinned to slow ones that follow the language word by word."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.report import Report
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.infer.understand import Interpreter
from routing_rules.engine.normal import occurs
from routing_rules.engine.schema import Category, Classify, Ruleset

_word = st.text(st.sampled_from("甲乙丙丁"), min_size=1, max_size=3)
_text = st.text(st.sampled_from("甲乙丙丁。"), max_size=14)
_tree = ("a", "a/x", "a/x/1", "a/x/2", "a/y", "b", "b/x")


@settings(max_examples=300, deadline=None)
@given(st.lists(_word, min_size=1, max_size=8), _text)
def test_names_without_overlap_are_what_a_greedy_pattern_finds(names: list[str], text: str) -> None:
    lexicon = Lexicon()
    numbers = lexicon.add_all(names)
    reading = Reading("text", text, lexicon.words())
    greedy = re.compile("|".join(sorted(set(names), key=len, reverse=True)))
    found = [(hit.start, hit.end) for hit in reading.longest(numbers)]
    assert found == [match.span() for match in greedy.finditer(text)]


def slow_points(node: Category, title: str, text: str, classify: Classify) -> int:
    """Mask, then count each word once: in the title if it is there."""
    title, text = (masked(field, node.masked) for field in (title, text))
    return sum(
        weight * (classify.title_weight if occurs(word, title) else int(occurs(word, text)))
        for word, weight in node.words.items()
    )


def masked(field: str, words: tuple[str, ...]) -> str:
    hidden = {
        index
        for word in words
        for start in range(len(field))
        if field.startswith(word, start)
        for index in range(start, start + len(word))
    }
    return "".join("#" if index in hidden else char for index, char in enumerate(field))


def slow_category(nodes: dict[str, Category], title: str, text: str, classify: Classify) -> str:
    own = {code: slow_points(node, title, text, classify) for code, node in nodes.items()}
    total = {code: sum(own[c] for c in nodes if c == code or c.startswith(f"{code}/")) for code in nodes}
    at = ""
    while True:
        children = [c for c in nodes if c.rpartition("/")[0] == at]
        points = [*sorted((total[c] for c in children), reverse=True), 0, 0]
        leads = points[0] > 0 and points[0] - points[1] >= classify.margin
        if not leads or (not at and points[0] < classify.min_score):
            return at or "unclassified"
        at = next(c for c in children if total[c] == points[0])


_nodes = st.tuples(
    *(
        st.builds(
            Category,
            st.just(code),
            st.just(code),
            words=st.dictionaries(_word, st.integers(1, 5), max_size=3),
            masked=st.lists(_word.filter(lambda word: len(word) > 1), max_size=1).map(tuple),
        )
        for code in _tree
    )
)
_classify = st.builds(Classify, st.integers(1, 3), st.integers(1, 8), st.integers(1, 3))


@settings(max_examples=600, deadline=None)
@given(nodes=_nodes, title=_text, text=_text, classify=_classify)
def test_scoring_is_what_the_language_says(
    ruleset: Ruleset, nodes: tuple[Category, ...], title: str, text: str, classify: Classify
) -> None:
    categories = {node.code: node for node in nodes}
    small = replace(ruleset, categories=categories, classify=classify)
    report = Report(channel="hotline", external_id="1", title=title, text=text)
    understood = Interpreter(small).understand(report, "inc", datetime(2026, 5, 12, tzinfo=UTC))
    assert understood.category == slow_category(categories, title, text, classify)
