"""What `rules verify` says besides the findings of the catalogue. `{…}` is filled by name."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "rule": ("《{title}》{at}", "“{title}” {at}"),
    "dead": ("永远轮不到", "never reached"),
    "crossing": ("交叉", "crossing"),
    "gap": ("只有兜底能接", "the fallback only"),
    "unfilled": ("找不到单位", "no agency"),
    "idle": ("派不到的单位", "agencies never assigned"),
    "comes-back": ("退回原单位", "comes back"),
    "told-unfilled": (
        "  注 {rule}：“{of}”在 {n} 个地方找不到单位，如{place}；试派一件，主办是{lead}",
        "  note {rule}: “{of}” finds no agency in {n} places, such as {place}; a sample went to {lead}",
    ),
    "told-comes-back": (
        "  注 {rule}：退单后接手的“{of}”在{place}就是原主办；试退一件，接下来主办是{lead}",
        "  note {rule}: “{of}”, next on a return, is in {place} who led before; a sample then went to {lead}",
    ),
    "told-idle": (
        "  注 {of}：没有一条规则派得到；写到它这类单位的有{others}，处处都落到别家",
        "  note {of}: no rule ever assigns it; {others} ask for its kind and come to others everywhere",
    ),
    "told-idle-unasked": (
        "  注 {of}：没有一条规则派得到，也没有规则写到它",
        "  note {of}: no rule ever assigns it, and none asks for it",
    ),
    "told-gap": ("  如：{cells}", "  such as: {cells}"),
    "told-crossing": (
        "  {rule}，例：{cell}，写“{title}”：也对得上{others}",
        "  {rule}, for example {cell}, saying “{title}”: {others} hold too",
    ),
    "budget": ("  未证明 {what}：{of}（到了步数上限）", "  not proven, {what}: {of} (the bound of steps was reached)"),
    "unconfirmed": (
        "  未证明 {what}：{of}（造不出能让引擎确认的来件）",
        "  not proven, {what}: {of} (no sample was found that the engine confirms)",
    ),
    "summary": (
        "证了 {rules} 条规则，比较 {spent} 次；发现 {findings} 条",
        "{rules} rules, {spent} comparisons; {findings} findings",
    ),
    "free": (
        "时间、表达式、抽样按“可能成立也可能不成立”算；文字按词算，各词有无互不相干",
        "moments, expressions and samples are taken as free to hold or not; texts by words, each there or not",
    ),
}

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence or part in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)
