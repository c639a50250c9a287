"""The example county of the docs, loaded, with tests of one's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.testing import TestReport, run_tests

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "rules" / "example"
GIVEN = 'given: {channel: hotline-12345, kind: complaint, received_at: "2026-05-12T10:00"}\n'


@pytest.fixture(scope="session")
def example() -> dict[str, bytes]:
    """The example county's files, its own tests apart."""
    return {name: content for name, content in read_bundle(EXAMPLE).items() if not name.startswith("tests/")}


@pytest.fixture(scope="session")
def compiled(example: dict[str, bytes]) -> Compiled:
    """The example county, compiled."""
    loaded = load(example)
    assert loaded.ruleset is not None
    return compile_ruleset(loaded.ruleset)


@pytest.fixture
def run(compiled: Compiled) -> Callable[..., TestReport]:
    """Run cases (YAML below `cases:`) against the example county."""

    def run_cases(cases: str, head: str = GIVEN, name: str = "tests/x.test.yaml") -> TestReport:
        return run_tests(compiled, {name: f"{head}cases:\n{cases}".encode()})

    return run_cases
