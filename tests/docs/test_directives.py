"""Every kind of directive has its line, and the line says truly who acts on it."""

from pathlib import Path

import pytest

from contracts.codes import DirectiveKind
from streams.processors.dispatch.processor import _ANEW

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "directives.md").read_text("utf-8")


@pytest.mark.parametrize("kind", DirectiveKind, ids=str)
def test_each_kind_has_its_line(kind: DirectiveKind) -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind.value}` |")]
    assert ("| dispatch |" in line) == (kind in _ANEW)
