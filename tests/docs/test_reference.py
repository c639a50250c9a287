"""docs/rules/reference.*.md: the field table says everything that the loader reads, in both languages."""

import re
from pathlib import Path

import pytest

from routing_rules.messages.fields import FIELDS

RULES = Path(__file__).parents[2] / "docs" / "rules"
WRITTEN_BENEATH = {"overlay": {"deadline", "tags", "urgency"}}  # an overlay writes these under `add`
PAGES = ("reference.md", "reference.zh.md")


def sections(page: str) -> dict[str, list[str]]:
    text = (RULES / page).read_text(encoding="utf-8")
    parts = re.split(r"^### (\w+)$", text, flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_field_that_has_words_stands_in_the_reference_once(page: str) -> None:
    found = sections(page)
    assert set(found) == set(FIELDS)
    for name, fields in found.items():
        assert len(set(fields)) == len(fields), name
        assert set(FIELDS[name]) - set(fields) == WRITTEN_BENEATH.get(name, set()), name
        assert set(fields) <= set(FIELDS[name]), name


@pytest.mark.parametrize("page", PAGES)
def test_every_reference_within_the_page_leads_somewhere(page: str) -> None:
    text = (RULES / page).read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= set(sections(page))


def test_both_pages_tell_the_same_records_in_the_same_order() -> None:
    assert sections(PAGES[0]) == sections(PAGES[1])
