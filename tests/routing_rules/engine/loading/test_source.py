"""YAML as text: nothing is typed, everything has its place, and the conveniences that mislead are findings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing_rules.engine.source import DEEPEST, Listing, Scalar, Table, plain, read
from routing_rules.messages import Finding


def content(text: str) -> object:
    document = read("x.yaml", text.encode())
    assert document.findings == ()
    assert document.root is not None
    return plain(document.root)


def findings(text: str) -> list[tuple[str, int, int]]:
    return [(f.code, f.at.line, f.at.column) for f in read("x.yaml", text.encode()).findings]


@pytest.mark.parametrize(
    "value", ["22:00", "010", "no", "yes", "1e3", "0x1F", "2026-05-01", "null", "~", "true", "1_000"]
)
def test_a_value_stays_the_text_that_was_written(value: str) -> None:
    assert content(f"key: {value}\n") == {"key": value}
    assert content(f'key: "{value}"\n') == {"key": value}


def test_places_are_counted_in_characters_from_one() -> None:
    root = read("routes/20-x.yaml", "标题: 夜间\n清单: [甲, 乙]\n".encode()).root
    assert isinstance(root, Table)
    (_, title), (key, listing) = root.entries
    assert isinstance(title, Scalar)
    assert isinstance(listing, Listing)
    assert (title.at.line, title.at.column) == (1, 5)
    assert (key.at.line, key.at.column) == (2, 1)
    assert (listing.items[1].at.line, listing.items[1].at.column) == (2, 9)
    assert title.at.file == "routes/20-x.yaml"


def test_of_two_equal_keys_the_first_stands_and_the_second_is_told() -> None:
    document = read("x.yaml", b"a: 1\nb: 2\na: 3\n")
    assert document.root is not None
    assert plain(document.root) == {"a": "1", "b": "2"}
    (finding,) = document.findings
    assert (finding.code, finding.at.line, finding.params) == ("RR102", 3, {"key": "a", "a": "1", "b": "3"})


@pytest.mark.parametrize("text", ["a: &x 1\n", "a: [&x 1]\n", "a: *x\n", "<<: {a: 1}\n", "&x a: 1\n", "a: &x {b: 1}\n"])
def test_references_are_told(text: str) -> None:
    assert [code for code, _, _ in findings(text)] == ["RR106"]


def test_a_quoted_pair_of_angle_brackets_is_a_key_like_any_other() -> None:
    assert content('"<<": 1\n') == {"<<": "1"}


def test_tabs_are_told_where_they_stand_unless_in_a_comment() -> None:
    assert findings("a:\n\tb: 1\n") == [("RR100", 2, 1)]
    assert findings("a: 1\t# c\n") == [("RR100", 1, 5)]
    assert findings("a: 1 # c\td\n") == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("assign:\n  lead：police\n  inform: [x]\n", 2, 7),
        ("when:\n  category: [noise，water\n", 2, 19),
        ("when: {category：[noise], kind: [x}\n", 1, 16),
        ("when:\n  text: {any: 【夜间】\n", 2, 15),
    ],
)
def test_a_full_width_sign_that_breaks_a_file_is_told_as_such(text: str, line: int, column: int) -> None:
    assert findings(text) == [("RR103", line, column)]


def test_full_width_signs_in_titles_comments_and_quotes_break_nothing() -> None:
    assert content('title: 兜底：指挥中心，研判  # 说明：如此\nq: "a：b"\n') == {
        "title": "兜底：指挥中心，研判",
        "q": "a：b",
    }
    assert findings('title: "甲：乙"\nbad: [\n') == [("RR100", 3, 1)]


def test_nesting_has_a_bound() -> None:
    assert findings("a: " + "[" * (DEEPEST - 2) + "]" * (DEEPEST - 2)) == []
    assert [code for code, _, _ in findings("a: " + "[" * 500 + "]" * 500)] == ["RR100"]


def test_a_byte_order_mark_is_passed_over() -> None:
    document = read("x.yaml", "\ufeffa: 1\n".encode())
    assert document.findings == ()
    assert document.root is not None
    assert plain(document.root) == {"a": "1"}


def test_waivers_are_read_with_codes_reason_and_the_line_that_they_cover() -> None:
    alone = "# lint: ignore RR114, RR115 两个\n\n# 别的\nb: 2\n"
    text = f"a: 1  # lint: ignore RR131 有意在先\n{alone}c: 3 # lint:ignore RR111\n"
    waivers = read("x.yaml", text.encode()).waivers
    assert [(w.codes, w.reason, w.covers) for w in waivers] == [
        (("RR131",), "有意在先", 1),
        (("RR114", "RR115"), "两个", 5),
        (("RR111",), "", 6),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_answered_and_nothing_is_raised(content: bytes) -> None:
    document = read("x.yaml", content)
    assert all(isinstance(finding, Finding) and finding.at.line >= 1 for finding in document.findings)


@given(st.text(max_size=200))
def test_any_text_is_answered_and_nothing_is_raised(text: str) -> None:
    document = read("x.yaml", text.encode("utf-8", "replace"))
    assert all(finding.line() for finding in document.findings)
