"""The example county of the docs, and what it becomes when something in a file is put otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle

EXAMPLE = Path(__file__).resolve().parents[4] / "docs" / "rules" / "example"
Files = dict[str, bytes]


@pytest.fixture(scope="session")
def county() -> Files:
    """The example county's files."""
    return read_bundle(EXAMPLE)


@pytest.fixture(scope="session")
def put(county: Files) -> Callable[..., Files]:
    """Return the files with a text of one file replaced; the text must be there once."""

    def with_text(file: str, old: str, new: str, base: Files | None = None) -> Files:
        files = county if base is None else base
        text = files[file].decode()
        assert text.count(old) == 1, (file, old)
        return {**files, file: text.replace(old, new).encode()}

    return with_text


@pytest.fixture(scope="session")
def build() -> Callable[[Files], Compiled]:
    """Return a function that compiles files, which must load."""

    def compiled(files: Files) -> Compiled:
        loaded = load(files)
        assert loaded.ruleset is not None, [finding.line() for finding in loaded.errors]
        return compile_ruleset(loaded.ruleset)

    return compiled
