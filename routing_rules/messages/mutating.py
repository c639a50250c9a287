"""What `rules test --mutate` and `--snapshot` say. `{…}` is filled by name."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "rule": ("整条规则没了", "the whole rule gone"),
    "block": ("少一组条件", "a block gone"),
    "field": ("少一个条件", "a condition gone"),
    "negated": ("条件反了", "a condition turned round"),
    "value": ("少一个取值", "a value gone"),
    "word": ("少一个词", "a keyword gone"),
    "count": ("数目变了", "a number changed"),
    "time": ("时段宽了或移了", "a time moved"),
    "unless": ("少一个例外", "an exception gone"),
    "unless_field": ("例外宽了", "an exception made wider"),
    "lead": ("主办换成兜底的", "the fallback's lead"),
    "target": ("少一个单位", "an agency gone"),
    "urgency": ("不抬紧急程度", "urgency not raised"),
    "tag": ("少一个标签", "a tag gone"),
    "confidential": ("不再封闭办理", "no longer confidential"),
    "deadline": ("时限长了一倍", "a deadline twice as long"),
    "fixed": ("不再是法定期限", "no longer a statutory deadline"),
    "effective": ("不再有起止日期", "in force for ever"),
    "order": ("和后一条换了先后", "the other way round with the next"),
    "heading": ("改坏 {n} 处，没有用例看出来的：", "{n} slips, unnoticed by any test:"),
    "line": ("{at} 《{title}》{what}：{change}", "{at} “{title}”: {what}: {change}"),
    "gone": ("（没了）", "(gone)"),
    "operator": ("  {what} {noticed} / {total}", "  {what}: {noticed} / {total}"),
    "score": (
        "看出来 {noticed} / {total}，要 {percent}%：{verdict}",
        "noticed {noticed} / {total}, {percent} % due: {verdict}",
    ),
    "enough": ("够了", "enough"),
    "short": ("不够", "not enough"),
    "same": ("另有 {n} 处改了也一样，不算：", "{n} more decide the same by construction and don't count:"),
    "implied": ("别的条件已经说了", "another condition says it already"),
    "covered": ("其余的已经包含", "what is left covers it"),
    "never_both": ("两条不会同时成立", "the two never hold together"),
    "never_meets": ("例外碰不上这条规则", "the exception never meets the rule"),
    "failing": ("有用例不过，先改好再试：", "some tests fail; mend them first:"),
    "pinned": ("样本 {n} 件已记下：{file}", "{n} reports of the sample written down: {file}"),
    "as_pinned": ("样本 {n} 件，与 {file} 一致", "{n} reports of the sample, as in {file}"),
    "moved": (
        "样本 {n} 件，{moved} 件与 {file} 不同；有意的用 --update 记下",
        "{n} reports of the sample, {moved} not as in {file}; where it is meant, --update writes it down",
    ),
    "watching": (
        "盯着 {directory}，存盘就重跑；Ctrl-C 结束",
        "watching {directory}, every save runs anew; Ctrl-C ends",
    ),
}  # fmt: skip

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)
