"""What `rules diff` and `rules replay` say. `{…}` is filled by name."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "added": ("新增", "added"),
    "removed": ("删去", "removed"),
    "changed": ("改动", "changed"),
    "moved": ("换位", "moved"),
    "routes": ("派单规则", "route"),
    "overlays": ("附加规则", "overlay"),
    "agencies": ("单位", "agency"),
    "categories": ("分类", "category"),
    "jurisdictions": ("区划", "jurisdiction"),
    "places": ("地名", "place"),
    "words": ("词表", "word list"),
    "calendars": ("日历", "calendar"),
    "areas": ("区域", "area"),
    "settings": ("区情", "setting"),
    "file": ("文件", "file"),
    "entry": ("{happened} {sort} {of}{title}（{file}）", "{happened} {sort} {of}{title} ({file})"),
    "title": ("《{title}》", " “{title}”"),
    "after": ("    现在排在 {after} 之后", "    now after {after}"),
    "first": ("    现在排在最前", "    now the first"),
    "field": ("    {path}：{old} → {new}", "    {path}: {old} → {new}"),
    "came": ("    {path}：加 {items}", "    {path}: + {items}"),
    "went": ("    {path}：去 {items}", "    {path}: - {items}"),
    "unwritten": ("（没写）", "(not written)"),
    "and": ("、", ", "),
    "text": ("文字：新增 {added}，删去 {removed}，改动 {changed}，换位 {moved}",
             "text: {added} added, {removed} removed, {changed} changed, {moved} moved"),
    "text-same": ("文字：没有变化", "text: nothing changed"),
    "names-only": (
        "文字没有变化，只是文件名、文件分法或同名条目的次序变了，所以摘要不同",
        "nothing changed but names of files, how entries are spread over them, or the order of equal names",
    ),
    "dates": (
        "期限：日历 {calendar} 变了，{span} 的期限在 {of} 天里有 {starts} 天起算的会变",
        "deadlines: calendar {calendar} changed; {span} falls due otherwise from {starts} of {of} days",
    ),
    "date": ("    从 {start} 起：{old} → {new}", "    from {start}: {old} → {new}"),
    "history": (
        "历史：{decided} 件，{differing} 件判得不一样，其中 {moving} 件换主办",
        "history: {decided} decided, {differing} otherwise, {moving} of them led by another",
    ),
    "unreadable": ("，{n} 行读不了", ", {n} lines unreadable"),
    "group": ("  {n} 件　{before} → {after}　{rule}{old_rules}　{differs}　例：{examples}",
              "  {n}: {before} → {after}, {rule}{old_rules}; {differs}; such as {examples}"),
    "group-stays": ("  {n} 件　{before}（主办不变）　{rule}{old_rules}　{differs}　例：{examples}",
                    "  {n}: {before} still leads, {rule}{old_rules}; {differs}; such as {examples}"),
    "old-rules": ("（原 {rules}）", " (was {rules})"),
    "more": ("  另有 {n} 组，用 --json 看全", "  and {n} groups more; --json tells all"),
    "lead": ("主办", "lead"),
    "roles": ("协办知会", "roles"),
    "due": ("期限", "deadlines"),
    "urgency": ("紧急程度", "urgency"),
    "confidential": ("保密", "confidential"),
    "tags": ("标签", "tags"),
    "sankey-title": ("换主办的来件：从谁到谁", "Cases that another agency would lead: from whom to whom"),
    "sankey-old": ("原来主办", "led by"),
    "sankey-new": ("现在主办", "now led by"),
    "sankey-others": ("其他单位", "others"),
    "sankey-flow": ("{before} → {after}：{n} 件", "{before} → {after}: {n}"),
    "sankey-none": ("没有来件换主办", "no case would be led by another agency"),
    "replayed": (
        "重放 {lines} 行：一字不差 {same}，判得一样 {agrees}，判得不一样 {differing}（换主办 {moving}）",
        "{lines} lines replayed: {same} bit-identical, {agrees} agree, {differing} differ ({moving} led by another)",
    ),
    "left-out": (
        "    另有：没有可比的判定 {alone}，同一轮改判没有重算 {amended}，读不了 {unreadable}",
        "    besides: {alone} without a decision, {amended} amendments not recomputed, {unreadable} unreadable",
    ),
    "broken": (
        "错：{n} 件摘要相同而判定不同，例：{examples}",
        "error: {n} decisions differ under the same digest, such as {examples}",
    ),
}  # fmt: skip

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str, /, **params: object) -> str:
    """Return one sentence or part in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)


def term(word: str, language: str) -> str:
    """Return the title of a word, itself where it has none."""
    return say(word, language) if word in _TEXTS else word
