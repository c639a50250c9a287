"""The engine and its instruments know no county (RULE-LANGUAGE §14): no Chinese word, division code, ruleset's name.

Docstrings and comments may gloss a term; what runs may not contain one. Words live in `messages`, the rest is data.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = [ROOT / "routing_rules" / room for room in ("engine", "tools")]
HAN = re.compile("[\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
DIVISION_CODE = re.compile(r"(?<!\w)\d{6}(?!\w)")
RULESETS = {path.name for path in (ROOT / "routing_rules" / "rulesets").iterdir() if path.is_dir()} | {"nyc"}


def docstrings(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that are docstrings, attribute docstrings among them."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(node.value) for node in statements if isinstance(node.value, ast.Constant)}


def words_of_a_county(source: str) -> list[str]:
    tree = ast.parse(source)
    glosses = docstrings(tree)
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str | int))
    found = [(n.lineno, ast.get_source_segment(source, n) or str(n.value)) for n in texts if id(n) not in glosses]
    names = re.compile(rf"\b({'|'.join(sorted(RULESETS))})\b")
    signs = (HAN, DIVISION_CODE, names)
    return [f"{line}: {text}" for line, text in found if any(sign.search(text) for sign in signs)]


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(room.rglob("*.py"))


@pytest.mark.parametrize("module", [str(path.relative_to(ROOT)) for path in modules()])
def test_no_module_of_engine_or_tools_has_a_countys_words_in_it(module: str) -> None:
    assert words_of_a_county((ROOT / module).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source", ['x = "城管"', 'x = f"{y}高良涧"', 'ROOT = "320813"', "root = 320813", 'x = "hongze"']
)
def test_a_countys_word_would_be_found(source: str) -> None:
    assert words_of_a_county(source)


def test_a_gloss_in_a_docstring_is_no_word_of_the_program() -> None:
    assert words_of_a_county('"""单位."""\nx: int = 0\n"""协办."""\n') == []
