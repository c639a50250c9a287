"""What `rules test` says: problems of a test file, and how a case came out. `{…}` is filled by name."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # what is wrong with a test, so that it can't be run
    "file_name": (
        "用例文件名应为 *.test.yaml，这个文件没有跑",
        "a test file is named *.test.yaml; this one was not run",
    ),
    "broken": ("读不了：{detail}", "cannot be read: {detail}"),
    "shape": ("“{field}”写法不对：{detail}", "“{field}” is written wrongly: {detail}"),
    "unknown_key": ("不认识的字段“{key}”，可写：{known}", "unknown field “{key}”; it may be one of: {known}"),
    "unknown_code": ("没有这个{what}：“{value}”", "there is no such {what}: “{value}”"),
    "no_cases": ("没有 cases", "there is no `cases`"),
    "no_name": ("用例没有 name", "a case has no `name`"),
    "same_name": ("用例名重复", "the name of the case is used twice"),
    "no_expect": ("用例没有 expect", "a case has no `expect`"),
    "no_received_at": (
        "没有 received_at：判定时间必须写明（可写在 given 里）",
        "there is no received_at: the time of decision must be written (`given` may have it)",
    ),
    "no_column": ("表里没有“{key}”这一列", "no row of the table has “{key}”"),
    "list": ("应是清单 [ ]", "a list [ ] is due"),
    "mapping": ("应是“字段: 值”", "fields with values are due"),
    "time": ("时间写成 2026-05-12T10:00", "a time is written 2026-05-12T10:00"),
    "number": ("应是整数", "a whole number is due"),
    "bool": ("应是 true 或 false", "true or false is due"),
    "agency": ("单位", "agency"),
    "rule": ("规则", "rule"),
    "channel": ("渠道", "channel"),
    "response": ("应急响应", "response"),
    "area": ("区域", "area"),
    "jurisdiction": ("区划", "jurisdiction"),
    "milestone": ("时限节点", "milestone"),
    # how a case came out
    "round": ("（第 {n} 轮）", " (round {n})"),
    "wanted": ("{key}：要 {expected}，实为 {actual}", "{key}: expected {expected}, got {actual}"),
    "not_run": ("没有跑成：{problem}", "was not run: {problem}"),
    "includes": ("包含 {values}", "including {values}"),
    "must_not": ("不是 {values}", "not {values}"),
    "nothing": ("（无）", "(none)"),
    "no_deadline": ("没有时限", "no deadline"),
    "summary": (
        "{total} 条判定：{passed} 条过，{failed} 条不过",
        "{total} decisions: {passed} passed, {failed} failed",
    ),
    "none": (
        "没有用例：在 tests/ 里写 *.test.yaml",
        "there are no tests: write *.test.yaml in tests/",
    ),
}

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)
