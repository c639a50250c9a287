"""What a ruleset changes against another: which rules by id, and which other files. Text only, no matching."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from contracts.rulesetact import Effect
from routing_rules.engine.schema import Block, Overlay, Route, Ruleset
from routing_rules.messages import NOWHERE

_RULES: Final = "routes/"
_TESTS: Final = "tests/"


def effect_of(
    ruleset: Ruleset, files: Mapping[str, bytes], live: Ruleset | None, live_files: Mapping[str, bytes]
) -> Effect:
    """Return what `ruleset` changes against `live`; against nothing every rule is an added one.

    Where a rule stands in its file is no change; before or behind which others it stands is one (`moved`).
    """
    if live is None:
        return Effect(added=tuple(rule.id for rule in ruleset.rules))
    before, after = ({rule.id: _bare(rule) for rule in each.rules} for each in (live, ruleset))
    kept = [id_ for id_ in after if id_ in before]
    return Effect(
        against=live.hash,
        added=tuple(id_ for id_ in after if id_ not in before),
        removed=tuple(id_ for id_ in before if id_ not in after),
        changed=tuple(id_ for id_ in kept if before[id_] != after[id_]),
        moved=_moved([id_ for id_ in before if id_ in after], kept),
        files=_other_files(live_files, files),
    )


def _moved(before: list[str], after: list[str]) -> tuple[str, ...]:
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(id_ for what, _, _, start, end in steps if what in ("insert", "replace") for id_ in after[start:end])


def _other_files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    every = sorted({*before, *after})
    return tuple(
        path for path in every if not path.startswith((_RULES, _TESTS)) and before.get(path) != after.get(path)
    )


def _bare(rule: Route | Overlay) -> Route | Overlay:
    bare = replace(rule, at=NOWHERE, when=_blocks(rule.when), unless=_blocks(rule.unless))
    return replace(bare, order=0) if isinstance(bare, Route) else bare


def _blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(replace(block, at=NOWHERE) for block in blocks)
