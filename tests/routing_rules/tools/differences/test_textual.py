"""What changed between two texts, in the author's own words, and nothing that did not."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from routing_rules.engine.loader import load
from routing_rules.engine.source import plain, read
from routing_rules.tools.differences.textual import Change, FieldChange, Happened, changes

Files = dict[str, bytes]
Put = Callable[..., Files]
TOPICS = "routes/20-topics.yaml"


def only(old: Files, new: Files) -> Change:
    found = changes(old, new)
    assert len(found) == 1, found
    return found[0]


def test_a_ruleset_differs_in_nothing_from_itself(county: Files) -> None:
    assert changes(county, county) == []


def test_comments_blanks_and_the_order_of_keys_are_no_change(county: Files, put: Put) -> None:
    file = put(TOPICS, "  title: 湖上偷捕\n  owner: police\n", "  owner:   police   # 湖归公安\n  title: 湖上偷捕\n")
    assert changes(county, file) == []


def test_a_changed_span_is_told_as_it_was_and_as_it_is(county: Files, put: Put) -> None:
    change = only(county, put(TOPICS, "acknowledge: 3h, resolve: 4bd", "acknowledge: 3h, resolve: 6bd"))
    assert change.happened is Happened.CHANGED
    assert (change.key.sort, change.key.of, change.file) == ("routes", "hawking-after-hours", TOPICS)
    assert change.fields == (FieldChange("deadline.resolve", "4bd", "6bd"),)


def test_of_a_list_what_came_and_what_went_is_told(county: Files, put: Put) -> None:
    (field,) = only(county, put(TOPICS, "[打烊, 半夜, 凌晨, 天没亮]", "[打烊, 凌晨, 天没亮, 后半夜]")).fields
    assert (field.path, field.came, field.went) == ("when[2].text.any", ("后半夜",), ("半夜",))


def test_a_block_taken_out_leaves_the_others_untold(county: Files, put: Put) -> None:
    block = '  - {channel: [urban-grid], category: [noise/hawking], occurred_at: {between: ["21:30", "07:00"]}}\n'
    change = only(county, put(TOPICS, block, ""))
    assert {field.path.split(".")[0] for field in change.fields} == {"when[1]"}
    assert {field.new for field in change.fields} == {None}


def test_one_block_written_alone_is_the_same_as_a_list_of_one(county: Files, put: Put) -> None:
    alone, listed = "when: {category: [noise/leisure]}", "when: [{category: [noise/leisure]}]"
    assert changes(county, put(TOPICS, alone, listed)) == []


def test_a_rule_that_came_and_one_that_went_are_told_with_their_titles(county: Files, put: Put) -> None:
    renamed = put(TOPICS, "- id: lake\n", "- id: lake-poaching\n")
    told = [(change.happened.value, change.key.of, change.title) for change in changes(county, renamed)]
    assert told == [("removed", "lake", "湖上偷捕"), ("added", "lake-poaching", "湖上偷捕")]


def test_a_route_that_changed_places_is_moved_and_the_others_are_not(county: Files) -> None:
    head, *rules = county[TOPICS].decode().split("\n- id: ")
    assert [rule.split()[0] for rule in rules] == ["hawking-after-hours", "hawking", "leisure-noise", "lake"]
    first_last = "\n- id: ".join([head, *rules[1:], rules[0]])
    change = only(county, {**county, TOPICS: first_last.encode()})
    assert (change.happened, change.key.of, change.after) == (Happened.MOVED, "hawking-after-hours", "lake")


def test_overlays_have_no_order_to_change(county: Files) -> None:
    file = "routes/90-overlays.yaml"
    head, *rules = county[file].decode().split("\n- id: ")
    if len(rules) < 2:
        pytest.fail("the example has one overlay: this test tells nothing")
    turned = "\n- id: ".join([head, *(rule.rstrip("\n") + "\n" for rule in reversed(rules))])
    assert changes(county, {**county, file: turned.encode()}) == []


def test_the_owner_that_a_file_gives_its_rules_is_told_at_each_of_them(county: Files, put: Put) -> None:
    told = changes(county, put(TOPICS, "owner: urban\nroutes:", "owner: police\nroutes:"))
    assert {change.key.of for change in told} == {"hawking-after-hours", "hawking", "leisure-noise"}
    assert {field.path for change in told for field in change.fields} == {"owner"}


def test_a_holiday_taken_out_is_told_of_its_calendar(county: Files, put: Put) -> None:
    line = '- {name: 元旦, from: "2026-01-01", until: "2026-01-03"}\n'
    change = only(county, put("calendars/cn-2026.yaml", line, ""))
    assert (change.key.sort, change.key.of) == ("calendars", "cn 2026")
    assert [field.went for field in change.fields] == [("{from: 2026-01-01, name: 元旦, until: 2026-01-03}",)]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return list(itertools.chain.from_iterable(_places(below, (*path, key)) for key, below in value.items()))
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(_places(below, (*path, n)) for n, below in enumerate(value)))
    return [path]


def _parsed(content: bytes) -> Any:
    return plain(read("x.yaml", content).root)  # type: ignore[arg-type]


def test_no_value_of_any_file_can_change_untold(county: Files) -> None:
    """Every value of the county, one at a time: each is told of its file with what it was and is."""
    tried = 0
    for name, content in county.items():
        if not name.endswith(".yaml") or name.startswith("tests/"):
            continue
        clean = {name: yaml.safe_dump(_parsed(content), allow_unicode=True).encode()}
        assert changes({name: content}, clean) == []
        for path in _places(_parsed(content)):
            value = at = _parsed(content)
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = f"{at[path[-1]]}x"
            told = changes(clean, {name: yaml.safe_dump(value, allow_unicode=True).encode()})
            assert any(change.file == name and change.fields for change in told), (name, path)
            tried += 1
    assert tried > 250


def test_files_of_which_nothing_is_told_have_rules_that_load_alike(county: Files) -> None:
    renamed = {("routes/21-topics.yaml" if name == TOPICS else name): content for name, content in county.items()}
    one, other = load(county), load(renamed)
    assert one.ruleset is not None
    assert other.ruleset is not None
    assert one.ruleset.hash != other.ruleset.hash
    assert changes(county, renamed) == []
    assert [route.id for route in one.ruleset.routes] == [route.id for route in other.ruleset.routes]
