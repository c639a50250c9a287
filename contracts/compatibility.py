"""Whether a changed schema keeps its promise: what was written under the old one can be read under the new one, and who
reads by the old one can read what is written now.

Allowed within a major version: a new field with a default, a new word at the end of a closed list, a wider limit.
Everything else asks for a new topic major.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]

_UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_LOWER: Final = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_FORM: Final = ("type", "format", "const", "contentEncoding", "contentMediaType")


class Break(NamedTuple):
    """One promise that is broken: where (`report.point.longitude`), and how."""

    path: str
    how: str

    def __str__(self) -> str:
        return f"{self.path or '(the whole)'}: {self.how}"


def breaks(old: Schema, new: Schema, *, read_by_others: bool = True) -> list[Break]:
    """Return every promise of `old` that `new` breaks; none where it may replace it under the same major version.

    What nobody reads but ourselves (a channel's native form) may ask for less than before, and take more types.
    """
    return list(_Comparison(old, new, read_by_others).of(old, new, "", frozenset()))


class _Comparison:
    """Two whole schemas, whose `$ref`s lead into their own `$defs`. A pair of definitions is compared once a path."""

    def __init__(self, old: Schema, new: Schema, read_by_others: bool) -> None:
        self._old, self._new = old, new
        self._read_by_others = read_by_others

    def of(self, old: Schema, new: Schema, path: str, under: frozenset[tuple[str, str]]) -> Iterator[Break]:
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if pair in under:
            return
        deeper = under | {pair} if "$ref" in old or "$ref" in new else under
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        form = [name for name in _FORM if old.get(name) != new.get(name)]
        if not self._read_by_others and form == ["type"] and _types(old) <= _types(new):
            form = []
        if form or ("properties" in old) != ("properties" in new):
            yield Break(path, f"retyped from {_described(old)} to {_described(new)}")
            return
        yield from _limits(old, new, path)
        yield from _words(old, new, path)
        yield from self._fields(old, new, path, deeper)
        yield from self._parts(old, new, path, deeper)

    def _fields(self, old: Schema, new: Schema, path: str, under: frozenset[tuple[str, str]]) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            where = f"{path}.{name}" if path else name
            if name not in after:
                yield Break(where, "removed")
                continue
            if self._read_by_others and name in required_before - required_after:
                yield Break(where, "may now be absent, and was always there")
            if name in required_after - required_before:
                yield Break(where, "must now be there, and could be absent")
            if before[name].get("default") != after[name].get("default"):
                yield Break(where, "another default: what was left out before would be read differently")
            yield from self.of(before[name], after[name], where, under)
        for name in required_after - before.keys():
            yield Break(f"{path}.{name}" if path else name, "new without a default: old records don't have it")

    def _parts(self, old: Schema, new: Schema, path: str, under: frozenset[tuple[str, str]]) -> Iterator[Break]:
        for name, mark in (("items", "[]"), ("additionalProperties", ".*")):
            before, after = old.get(name), new.get(name)
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                yield from self.of(before, after, path + mark, under)
            elif before != after:
                yield Break(path + mark, "retyped")
        for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
            before, after = old.get(name, []), new.get(name, [])
            if len(before) != len(after):
                yield Break(path, f"retyped: {len(before)} alternatives became {len(after)}")
                continue
            for one, other in zip(before, after, strict=True):
                yield from self.of(one, other, path, under)


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """Follow a `$ref` into `$defs`; what stands beside it (a default, a title) stays."""
    if "$ref" not in schema:
        return schema
    target = whole["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return {**_resolved(target, whole), **{name: item for name, item in schema.items() if name != "$ref"}}


def _types(schema: Schema) -> set[str]:
    told = schema.get("type", [])
    return {told} if isinstance(told, str) else set(told)


def _described(schema: Schema) -> str:
    said = [str(schema[name]) for name in _FORM if name in schema]
    if "anyOf" in schema:
        said.append("one of several")
    return " ".join(said) or "anything"


def _limits(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    for name in _UPPER:
        if name in new and (name not in old or new[name] < old[name]):
            yield Break(path, f"narrower: {name} {old.get(name, 'absent')} became {new[name]}")
    for name in _LOWER:
        if name in new and (name not in old or new[name] > old[name]):
            yield Break(path, f"narrower: {name} {old.get(name, 'absent')} became {new[name]}")
    if new.get("pattern") not in (None, old.get("pattern")):
        yield Break(path, f"another pattern: {new['pattern']}")


def _words(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    gone = [word for word in old.get("enum", ()) if word not in new.get("enum", (word,))]
    if gone:
        yield Break(path, f"words taken away: {', '.join(map(str, gone))}")
    if "enum" in new and "enum" not in old:
        yield Break(path, "became a closed list")
