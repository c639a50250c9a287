"""Characters of a file: what a changed value moves, and what it leaves."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing_rules.engine.source import plain, read
from routing_rules.tools.workbook.nodes import compose
from routing_rules.tools.workbook.notation import Holds, Unreadable, Value, parse, write
from routing_rules.tools.workbook.rewriting import Placed, recollect, rewrite
from routing_rules.tools.workbook.scalars import flow

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.sampled_from(
    [
        "true",
        "no",
        "22:00",
        "010",
        "320813",
        "5bd",
        "a: b",
        "# c",
        "- x",
        "甲、乙",
        "{n}",
        "=1",
        '"q"',
        "it's",
        "：",
        " a",
        "list:x",
    ]
)
KEYS = st.sampled_from(["id", "title", "when", "甲", "22:00", "a b", "x/y"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def meaning(text: str) -> object:
    document = read("x.yaml", text.encode())
    assert document.findings == ()
    return plain(document.root) if document.root is not None else None


@given(VALUES)
def test_what_is_written_in_a_line_is_read_by_the_engine_as_what_it_was(value: Value) -> None:
    assert meaning(f"k: {flow(value)}\n") == {"k": value}


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_any_value_becomes_any_other(old: Value, new: Value) -> None:
    text = f"# above\nk: {flow(old)}  # behind\nz: 1\n"
    root = compose(text)
    assert root is not None
    written = text[: root.start] + rewrite(text, root, {"k": new, "z": "1"}) + text[root.end :]
    assert meaning(written) == {"k": new, "z": "1"}
    assert written.startswith("# above\n")
    assert "  # behind\n" in written


@given(VALUES, st.sampled_from(Holds))
def test_a_cell_says_what_its_value_was(value: Value, holds: Holds) -> None:
    fits = {Holds.TEXT: str, Holds.CODE: str, Holds.LIST: list, Holds.MAP: dict}.get(holds, object)
    if not isinstance(value, fits) or (isinstance(value, str) and value != value.strip()):
        return
    read_again = parse(write(value, holds), holds)
    if holds is not Holds.CODE:
        assert read_again == value


@pytest.mark.parametrize(("typed", "holds", "value"), [
    ("甲，乙；丙、丁", Holds.LIST, ["甲", "乙", "丙", "丁"]),
    ("甲,\n乙,", Holds.LIST, ["甲", "乙"]),
    ("噪音：3，噪声: 2、吵", Holds.MAP, {"噪音": "3", "噪声": "2", "吵": ""}),
    ("a, {function: f, tier: t}", Holds.LIST, ["a", {"function": "f", "tier": "t"}]),
    ("{function: f}, a", Holds.LIST, [{"function": "f"}, "a"]),
    ("{n}", Holds.ANY, {"n": ""}),
    ('"{n}"', Holds.ANY, "{n}"),
    ("22:00、06:00", Holds.LIST, ["22:00", "06:00"]),
])  # fmt: skip
def test_what_a_person_types_is_read_as_meant(typed: str, holds: Holds, value: Value) -> None:
    assert parse(typed, holds) == value


@pytest.mark.parametrize("typed", ["[a", "{a: 1", '"a', "[a] b", "a: 1, a: 2", "[" * 40])
def test_what_cannot_be_read_is_said(typed: str) -> None:
    with pytest.raises(Unreadable):
        parse(typed, Holds.MAP if "a: 1, a" in typed else Holds.LIST)


FILE = """# head
owner: a
routes:
# first group
- id: one   # said of one
  when: {a: [x, y], b: "q"}
# second group
- id: two
  title: zwei

# about three
- id: three

# about four
- id: four  # said of four
# the end
"""


def routes(order: list[Any]) -> str:
    root = compose(FILE)
    assert root is not None
    node = root.child("routes")
    assert node is not None
    placed = []
    for each in order:
        value = node.members[each].value.value if isinstance(each, int) else each
        placed.append(Placed(each if isinstance(each, int) else None, value))
    written = FILE[: node.start] + recollect(FILE, node, placed) + FILE[node.end :]
    assert meaning(written) == {"owner": "a", "routes": [each.value for each in placed]}
    return written


def test_an_entry_taken_out_takes_its_own_comment_and_leaves_its_groups_heading() -> None:
    assert routes([0, 1, 3]) == FILE.replace("# about three\n- id: three\n\n", "")
    assert "# second group\n" in routes([0, 2, 3])


def test_a_moved_entry_takes_its_own_comment_along() -> None:
    assert "# about four\n- id: four  # said of four\n\n- id: one   # said of one" in routes([3, 0, 1, 2])


@given(st.permutations([0, 1, 2, 3]), st.integers(0, 4), st.booleans())
def test_entries_in_any_order_keep_the_comments_of_those_that_stay(order: list[int], kept: int, new: bool) -> None:
    chosen: list[Any] = [*order[: max(kept, 1)], *([{"id": "new", "title": "x"}] if new else [])]
    written = routes(chosen)
    for number, said in enumerate(("# said of one", "", "# about three", "# said of four")):
        if number in chosen:
            assert said in written
    assert written.startswith("# head\nowner: a\nroutes:\n# first group\n")
    assert written.endswith("# the end\n")


def test_line_ends_of_windows_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    root = compose(text)
    assert root is not None
    new: Any = copy.deepcopy(root.value)
    new["routes"][1]["title"] = "deux"
    new["routes"][1]["when"] = {"a": ["z"]}
    written = text[: root.start] + rewrite(text, root, new) + text[root.end :]
    assert written.replace("zwei", "deux") == text.replace("zwei", "deux").replace(
        "  title: deux\r\n", "  title: deux\r\n  when: {a: [z]}\r\n"
    )
    assert meaning(written) == new
