"""A bounded memory of answers that depend on their key alone. What overflows is forgotten whole and made again."""

from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_LIMIT: Final = 8192


def keep(memo: dict[K, V], key: K, value: V) -> V:
    """Remember `value` under `key` and return it."""
    if len(memo) >= _LIMIT:
        memo.clear()
    memo[key] = value
    return value
