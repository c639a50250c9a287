"""Every command, metric, setting and reason that the code names has its line in the documents, and the made parts are
what the code says now."""

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from contracts.codes import DroppedBecause, Flag, HardRule, Outcome, ReasonCode
from contracts.handling import HandlingAction
from contracts.inputs import PauseReason
from contracts.telemetry import SPECS
from incidentbus.settings import Settings
from routing_rules.messages.findings import CATALOGUE
from streams.gate.observer import Abort, Loss

DOCS = Path(__file__).resolve().parents[2] / "docs"
EVERY_PAGE = [*sorted(DOCS.rglob("*.md")), *sorted(DOCS.parent.glob("*.md"))]


def _pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_pages", Path(__file__).with_name("pages.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PAGES = _pages()


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def first_cells(page: str) -> list[str]:
    """Return the words in back quotes that begin a table's row."""
    return re.findall(r"^\| `([^`]+)`", text(page), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES.PAGES)
def test_what_is_made_from_the_code_is_not_stale(page: str) -> None:
    assert PAGES.renewed(page) == text(page), "python tests/docs/pages.py"


def test_every_command_has_its_section_with_every_option() -> None:
    page = text("cli.md")
    every = dict(PAGES.commands())
    assert len(every) > 15
    for path, command in every.items():
        assert f"\n## `{path}`\n" in page
        section = page.split(f"\n## `{path}`\n")[1].split("\n## ")[0]
        for parameter in command.params:
            if parameter.name not in ("help", "install_completion", "show_completion") and not parameter.hidden:
                assert parameter.param_type_name == "argument" or parameter.opts[0] in section, (path, parameter.name)


def test_every_command_says_what_it_is_for() -> None:
    assert [path for path, command in PAGES.commands() if not (command.help or "").strip()] == []


WITH_EXAMPLES = {
    "demo", "dlq list", "dlq redrive", "incidents trace", "inputs resume", "modes set", "reports publish",
    "rules explain", "rules lint", "rules publish", "rules route", "rules test", "serve streams", "topics apply",
}  # fmt: skip


def _examples(help_text: str) -> list[list[str]]:
    """Return the commands to type that a help text ends with, as words."""
    lines = [line for part in help_text.split("\b\n")[1:] for line in part.split("\n\n")[0].splitlines()]
    return [shlex.split(line) for line in lines]


def test_commands_show_examples_whose_words_and_options_they_know() -> None:
    shown = set()
    for path, command in PAGES.commands():
        for words in _examples(command.help or ""):
            call = words[next(n for n, word in enumerate(words) if "=" not in word) :]
            if " ".join(call).startswith(path):
                shown.add(path.removeprefix("incidentbus "))
                own = [word for word in call[len(path.split()) :] if word != "-"]
                known = {option: each for each in command.params for option in (*each.opts, *each.secondary_opts)}
                options = [word for word in own if word.startswith("-")]
                assert set(options) <= known.keys(), words
                values = len(own) - len(options) - sum(not known[option].is_flag for option in options)
                least = sum(each.required for each in command.params if each.param_type_name == "argument")
                assert values + call.count("-") >= least, words
                assert all(
                    set(each.opts) & set(options) for each in command.params if each.required and each.opts[0][0] == "-"
                )
    assert shown >= WITH_EXAMPLES


def test_every_metric_and_setting_has_its_line_and_no_other_has_one() -> None:
    assert first_cells("metrics.md") == [spec.name for spec in SPECS]
    assert first_cells("settings.md") == [f"INCIDENTBUS_{name.upper()}" for name in Settings.model_fields]


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


LISTS: tuple[type[StrEnum], ...] = (ReasonCode, PauseReason, Flag, Outcome, DroppedBecause, HandlingAction)


@pytest.mark.parametrize("words", LISTS, ids=lambda words: words.__name__)
def test_every_word_of_a_closed_list_has_its_line_in_both_languages(words: Iterable[StrEnum]) -> None:
    rows = {
        match[1]: match[2]
        for match in re.finditer(r"^\| `(\w+)` \| ([^|]+) \| [^|]+", text("reasons.md"), re.MULTILINE)
    }
    for word in words:
        assert word in rows
        assert re.search(r"[\u4e00-\u9fff]", rows[word]), f"{word} has no Chinese"


def test_no_reason_is_told_that_the_code_does_not_know() -> None:
    known = {word.value for words in LISTS for word in words}
    assert set(first_cells("reasons.md")) <= known


def test_the_hard_rules_and_the_causes_of_aborts_and_restarts_are_told() -> None:
    for rule in HardRule:
        assert f"`{rule}`" in text("reasons.md")
    for cause in (*get_args(Abort), *get_args(Loss)):
        assert f"`{cause}`" in text("metrics.md")


def test_every_name_that_a_page_mentions_exists() -> None:
    metrics = {spec.name for spec in SPECS}
    settings = {f"INCIDENTBUS_{name.upper()}" for name in Settings.model_fields}
    headers = {"incidentbus_redriven", "incidentbus_origin", "incidentbus_received", "incidentbus_reinterpret"}
    for page in EVERY_PAGE:
        words = page.read_text(encoding="utf-8")
        mentioned = set(re.findall(r"\bincidentbus_[a-z_]*[a-z]\b", words))
        assert mentioned <= metrics | headers, (page.name, mentioned - metrics - headers)
        named = set(re.findall(r"\bINCIDENTBUS_[A-Z_]*[A-Z]\b", words))
        assert named <= settings, (page.name, named - settings)


def test_every_command_that_a_page_shows_exists() -> None:
    known = {path for path, _ in PAGES.commands()}
    for page in EVERY_PAGE:
        for line in re.findall(
            r"`(incidentbus [a-z][^`\n]*)`|^(incidentbus [a-z].*)$", page.read_text("utf-8"), re.MULTILINE
        ):
            words = (line[0] or line[1]).split()
            plain = [words[0], *(word for word in words[1:3] if re.fullmatch(r"[a-z]+(-[a-z]+)*", word))]
            assert any(" ".join(plain[:length]) in known for length in range(len(plain), 1, -1)), (page.name, line)


def _in_quotes(words: str) -> set[str]:
    """Return what is called in back quotes without the program's name: `rules lint`, `dlq list --json`."""
    groups = {
        path.split()[1] for path, command in PAGES.commands() if getattr(command, "commands", None) and " " in path
    }
    called = re.findall(rf"`((?:{'|'.join(sorted(groups))}) [a-z][a-z-]*)\b[^`\n]*`", words)
    return {f"incidentbus {words}" for words in called}


def test_every_command_named_in_back_quotes_exists_in_pages_and_in_what_the_linter_says() -> None:
    known = {path for path, _ in PAGES.commands()}
    hints = "\n".join(f"{entry.texts.hint_zh}\n{entry.texts.hint_en}" for entry in CATALOGUE.values())
    spoken = {page.name: page.read_text(encoding="utf-8") for page in EVERY_PAGE} | {"the findings' hints": hints}
    assert "incidentbus rules lint" in _in_quotes(spoken["findings.md"])
    for name, words in spoken.items():
        assert _in_quotes(words) <= known, (name, _in_quotes(words) - known)
