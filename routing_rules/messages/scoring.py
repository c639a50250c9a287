"""What `rules words` prints: how the words of categories did on an author's own sample."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "level": ("层级", "level"),
    "right": ("对", "right"),
    "unclassified": ("没认出", "unclassified"),
    "wrong": ("错", "wrong"),
    "total": ("合计", "of"),
    "owner": ("归谁管", "owner"),
    "level_n": ("第 {n} 级", "level {n}"),
    "miss": ("{id}：应为 {expected}，判为 {got}{blame}", "{id}: {expected} is due, {got} came{blame}"),
    "blame": ("，因为 {words}", ", because of {words}"),
    "word": ("“{word}”{points}分→{node}", "“{word}” {points} → {node}"),
    "word_heading": ("词", "word"),
    "node": ("分类", "category"),
    "earned": ("帮对", "helped"),
    "blamed": ("帮倒忙", "misled"),
}

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str = Language.ZH, /, **params: object) -> str:
    """Return one sentence or heading in the language."""
    zh, en = _TEXTS[key]
    return (zh if language == Language.ZH else en).format(**params)
