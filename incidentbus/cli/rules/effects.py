"""How an effect is told: a line for each kind of change, Chinese first."""

from collections.abc import Iterator

from contracts.rulesetact import Effect

_WORDS = {
    "added": "新增规则 / rules added",
    "removed": "删去规则 / rules removed",
    "changed": "改动规则 / rules changed",
    "moved": "换了次序 / rules in another order",
    "files": "其他文件 / other files",
}
_MOST = 12


def effect_lines(effect: Effect) -> Iterator[str]:
    """Yield what changes; one line says so where nothing does."""
    if effect.empty:
        yield "内容没有变化 / nothing changes"
    for name, words in _WORDS.items():
        if ids := getattr(effect, name):
            more = f" … (+{len(ids) - _MOST})" if len(ids) > _MOST else ""
            yield f"{words} {len(ids)}: {' '.join(ids[:_MOST])}{more}"


def effect_words(effect: Effect | None) -> str:
    """Return an effect in a cell of a table: +added -removed ~changed."""
    if effect is None:
        return ""
    if not effect.against:
        return f"首个 / first, {len(effect.added)}"
    told = f"+{len(effect.added)} -{len(effect.removed)} ~{len(effect.changed) + len(effect.moved)}"
    return f"{told} 文件/files {len(effect.files)}" if effect.files else told
