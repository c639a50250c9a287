"""`rules fmt`: one writing, the same meaning, comments to the letter, and nothing left to do the second time."""

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.source import plain, read
from routing_rules.tools.formatting import Unformatted, formatted
from routing_rules.tools.formatting.shapes import NO_ORDER
from routing_rules.tools.formatting.values import flow, width

RULES = Path(__file__).parents[3] / "docs" / "rules" / "example"
EXAMPLE = read_bundle(RULES)
ROUTES = "routes/50-x.yaml"

WRITTEN = [
    ("- {title: 某事, id: x}", "- {id: x, title: 某事}"),
    ("- {id: x,title: '某事'}", "- {id: x, title: 某事}"),
    ("- {id: x,   title: 某事}", "- {id: x,   title: 某事}"),
    ("- title: 某事  # 名\n  # 编号\n  id: x", "- title: 某事  # 名\n  # 编号\n  id: x"),
    ("- id: x\n  # 急\n  gate: true\n  title: 某事 # 名", "- id: x\n  title: 某事 # 名\n  # 急\n  gate: true"),
    ("- title: 某事\n  id: x\n\n# 下一条", "- id: x\n  title: 某事\n\n# 下一条"),
    ("- id: x\n  title: Snow, ice", "- id: x\n  title: Snow, ice"),
    ("- {id: x, title: Presidents' Day, owner: urban}", "- {id: x, title: Presidents' Day, owner: urban}"),
    (
        "- {id: x, when: {received_at: {between: [22:00, 06:00]}}}",
        '- {id: x, when: {received_at: {between: ["22:00", "06:00"]}}}',
    ),
    (
        "- {id: x, effective: {until: 2026-01-02, from: 2026-01-01}}",
        '- {id: x, effective: {from: "2026-01-01", until: "2026-01-02"}}',
    ),
    ("- {id: x, when: {about: [{function: urban}]}}", "- {id: x, when: {about: [{function: urban}]}}"),
    ("- {id: x, when: {jurisdiction: [900100001]}}", '- {id: x, when: {jurisdiction: ["900100001"]}}'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), WRITTEN)
def test_a_rule_is_written_canonically(before: str, after: str) -> None:
    made = formatted(ROUTES, f"routes:\n{before}\n".encode())
    assert made.content.decode() == f"routes:\n{after}\n"
    assert made.changed is (before != after)


def test_a_mapping_too_wide_for_its_line_is_laid_out_below_its_key_and_words_in_lines() -> None:
    words = "、".join(["夜间施工"] * 14).replace("、", ", ")
    text = f"routes:\n- id: x\n  when: {{text: {{any: [{words}]}}, category: [noise]}}\n"
    lines = formatted(ROUTES, text.encode()).content.decode().splitlines()
    assert lines[2:5] == ["  when:", "    category: [noise]", "    text:"]
    assert max(map(width, lines)) <= 120
    assert plain_of("\n".join(lines)) == plain_of(text)


def test_brackets_with_comments_inside_are_left_as_they_are() -> None:
    text = "routes:\n- id: x\n  when: {category: [noise, # 噪声\n    water]}\n"
    assert formatted(ROUTES, text.encode()).content.decode() == text


def test_a_file_with_errors_is_refused() -> None:
    with pytest.raises(Unformatted):
        formatted(ROUTES, b"routes: [")


def test_the_example_keeps_its_hash_and_is_settled_by_one_run() -> None:
    made = {file: formatted(file, content).content for file, content in EXAMPLE.items()}
    before, after = load(EXAMPLE).ruleset, load(made).ruleset
    assert before is not None
    assert after is not None
    assert before.hash == after.hash
    assert not [file for file, content in made.items() if formatted(file, content).changed]


TEXTS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " :-_.'#,[]{}\"%*&!?|>@`~=夜间《》（）"), min_size=1
)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, min_size=1) | st.dictionaries(TEXTS, inner, min_size=1), max_leaves=8
)


def quoted(value: object) -> str:
    """Write a value with every text in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(quoted, value)) + "]"
    assert isinstance(value, dict)
    return "{" + ",".join(f"{quoted(key)}: {quoted(item)}" for key, item in value.items()) + "}"


def plain_of(text: str) -> object:
    document = read("x.yaml", text.encode())
    assert document.root is not None, text
    assert not document.findings, text
    return plain(document.root)


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, min_size=1) | st.dictionaries(TEXTS, VALUES, min_size=1))
def test_any_value_reads_the_same_and_is_settled(value: object) -> None:
    once = flow(quoted(value), NO_ORDER)
    assert plain_of(f"k: {once}\n") == {"k": value}
    assert flow(once, NO_ORDER) == once
