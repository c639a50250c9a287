"""The budgets hold, and the measure can fail."""

import importlib.util
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("budgets", Path(__file__).with_name("budgets.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
budgets = importlib.util.module_from_spec(_SPEC)
import sys  # noqa: E402 - a dataclass looks its module up

sys.modules["budgets"] = budgets
_SPEC.loader.exec_module(budgets)


def test_files_and_functions_keep_their_budgets() -> None:
    assert budgets.findings() == []


def test_every_room_is_measured() -> None:
    measured = {each.name.split("/")[0] for each in budgets.files()}
    assert measured == set(budgets.ROOMS)


def test_a_function_over_its_budget_is_found(monkeypatch) -> None:
    monkeypatch.setattr(budgets, "FUNCTION_LIMIT", 1)
    assert any("lines, 1 at most" in told for told in budgets.findings())


def test_every_room_says_what_it_is_for() -> None:
    silent = []
    for room in budgets.ROOMS:
        for init in (budgets.ROOT / room).rglob("__init__.py"):
            text = init.read_text("utf-8")
            if len(text.strip().strip('"').strip()) < 40:
                silent.append(str(init.relative_to(budgets.ROOT)))
    assert silent == []
