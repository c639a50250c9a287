"""What `rules fmt` says of a file that it leaves alone."""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "unreadable": ("有错，先用 rules lint 看", "it has errors; see rules lint"),
    "unsettled": ("排不定，没有动", "it does not settle; left alone"),
    "content": ("改写会动到内容，没有动", "its content would change; left alone"),
    "comments": ("改写会丢注释，没有动", "a comment would be lost; left alone"),
}

MESSAGES: Final = tuple(_TEXTS)


def say(key: str, language: str = Language.ZH) -> str:
    """Return why a file was left alone."""
    zh, en = _TEXTS[key]
    return zh if language == Language.ZH else en
