"""What `rules test --coverage` says: the counts of G54 and their gates. `{…}` is filled by name."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "heading": ("覆盖（只数过了的用例）：", "Coverage, by the cases that passed:"),
    "line": ("  {what} {done} / {total}{aside}", "  {what} {done} / {total}{aside}"),
    "rules": ("有用例点名的规则", "rules that a case names"),
    "near_miss": ("只差这一项的条件", "conditions that alone failed in a case"),
    "hard_rules": ("用上的硬规则", "hard rules that acted"),
    "leads": ("主办过的单位", "agencies that led"),
    "dues": ("查过的时限（诉求类型×节点）", "deadlines asserted (kinds × milestones)"),
    "conflict": ("回避", "conflict"),
    "returned": ("退回", "returned"),
    "identity": ("保密", "identity"),
    "uncounted": ("（另有 {n} 条试运行或停用，不计）", " ({n} more on trial or off, not counted)"),
    "without": ("，没有：{missing}", "; not: {missing}"),
    "rest": ("，另有 {n} 处", " and {n} more"),
    "rule": ("《{title}》{at}", "“{title}” {at}"),
    "block": ("{rule}{way}（{fields}）", "{rule}{way} ({fields})"),
    "way": (" 第 {n} 种写法", " block {n}"),
    "fields": ("、", ", "),
    "due": ("{kind}×{milestone}", "{kind} × {milestone}"),
    "met": ("✓ 门槛：{what}要 {percent}%，{done} / {total} 够了", "✓ gate: {percent}% of the {what}: {done} / {total}"),
    "unmet": (
        "✗ 门槛：{what}要 {percent}%，即 {total} 项里至少 {needed} 项；现有 {done} 项，差 {short} 项。没有：{missing}",
        "✗ gate: {percent}% of the {what}, {needed} of {total} at least; {done} now, {short} short. Not: {missing}",
    ),
    "not_asked": (
        "规则集写了覆盖门槛，这次没有查：加 --coverage",
        "the ruleset has gates of coverage, not checked this time: add --coverage",
    ),
}

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence or part in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)
