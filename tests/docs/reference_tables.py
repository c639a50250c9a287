"""docs/rules/reference.*.md's made parts: every field of every kind of file, from the table that the loader reads by.

What a field is for is in the message table; what it may hold is read from its schema, as editors get it.
"""

from collections.abc import Iterator
from typing import Any, Final

from routing_rules.engine.loading import scalars, shapes, targets
from routing_rules.messages.fields import FIELDS, FileKind
from routing_rules.tools.fields import TABLES, field_schema

_ZH: Final = {
    "list": "清单：{item}", "one_or_list": "一组，或一组一组的清单：{item}", "map": "{key}: {value}",
    "record": "见 [{name}](#{name})", "code": "{what}的编号", "role": "单位编号，或 [role](#role)", "text": "文字",
    "flag": "true 或 false", "whole": "{least} 到 {most} 的整数", "pattern": "形如 `{pattern}`",
    "long": "{most} 字以内",
    "new": "新起的编号：小写字母、数字、连字符",
    "yes": "必填", "no": "", "head": "| 字段 | 写什么 | 必填 | 意思 |", "file": "文件 `{file}`",
}  # fmt: skip
_EN: Final = {
    "list": "list of {item}", "one_or_list": "one, or a list: {item}", "map": "{key}: {value}",
    "record": "see [{name}](#{name})", "code": "code of a {what}", "role": "an agency's code, or a [role](#role)",
    "text": "text", "flag": "true or false", "whole": "whole number, {least} to {most}",
    "pattern": "of the form `{pattern}`",
    "new": "a new code: small letters, digits, hyphens",
    "long": "at most {most} characters", "yes": "required", "no": "",
    "head": "| field | value | | what it is for (Chinese, as editors show it) |",
    "file": "file `{file}`",
}  # fmt: skip
_WHAT: Final = {
    "channel": "渠道", "function": "条线", "tag": "标签", "response": "应急响应", "tier": "层级", "agency": "单位",
    "jurisdiction": "区划", "category": "分类", "area": "区域",
}  # fmt: skip
_FILES: Final = {
    FileKind.RULESET: "ruleset.yaml", FileKind.AGENCIES: "agencies.yaml", FileKind.JURISDICTIONS: "jurisdictions.yaml",
    FileKind.CATEGORIES: "categories.yaml", FileKind.PLACES: "places/*.yaml", FileKind.WORDS: "words/*.yaml",
    FileKind.CALENDARS: "calendars/*.yaml", FileKind.ROUTES: "routes/NN-*.yaml",
}  # fmt: skip


def reference(language: str) -> str:
    """Return a section a record, under its file; what several share stands with the first."""
    words = _ZH if language == "zh" else _EN
    lines: list[str] = []
    for kind, tables in _by_file().items():
        lines += ["", f"## {words['file'].format(file=_FILES[kind])}"]
        for name, fields in tables.items():
            lines += ["", *_section(name, fields, words)]
    return "\n".join(lines).strip() + "\n"


def _by_file() -> dict[FileKind, dict[str, dict[str, shapes.Field]]]:
    """Return the fields of each record under the file that it is first met in.

    Records of one name that differ (what a route and what an overlay may ask) are one section with the fields of all.
    """
    made: dict[FileKind, dict[str, dict[str, shapes.Field]]] = {kind: {} for kind in FileKind}
    home: dict[str, FileKind] = {}
    for kind in FileKind:
        for record in records(TABLES[kind]):
            fields = made[home.setdefault(record.name, kind)].setdefault(record.name, {})
            fields |= {name: each for name, each in record.fields.items() if not each.instead and name not in fields}
    return made


def records(type_: Any) -> Iterator[shapes.Record[Any]]:
    """Yield the records that a type is made of, itself first."""
    if isinstance(type_, shapes.Record):
        yield type_
        for field in type_.fields.values():
            if not field.instead:
                yield from records(field.type)
    elif isinstance(type_, targets.Targets):
        yield from records(targets.ROLE)
    else:
        for part in ("item", "key", "value"):
            yield from records(getattr(type_, part)) if hasattr(type_, part) else ()


def _section(record: str, fields: dict[str, shapes.Field], words: dict[str, str]) -> Iterator[str]:
    yield from (f"### {record}", "", words["head"], "|---|---|---|---|")
    for name, field in fields.items():
        told = FIELDS.get(record, {}).get(name, "")
        needed = words["yes" if field.required else "no"]
        yield f"| `{name}` | {value(field.type, words)} | {needed} | {told} |".replace("  ", " ")


def value(type_: Any, words: dict[str, str]) -> str:
    """Return what a field may hold, in a few words."""
    if isinstance(type_, shapes.Many):
        return words["list"].format(item=value(type_.item, words))
    if isinstance(type_, shapes.OneOrMany):
        return words["one_or_list"].format(item=value(type_.item, words))
    if isinstance(type_, shapes.ByKey):
        return words["map"].format(key=value(type_.key, words), value=value(type_.value, words))
    if isinstance(type_, shapes.Record):
        return words["record"].format(name=type_.name)
    if isinstance(type_, scalars.NewCode) and type_.kebab:
        return words["new"]
    if isinstance(type_, scalars.Code):
        what = _WHAT.get(type_.what, type_.what) if words is _ZH else type_.what
        return words["code"].format(what=what)
    if isinstance(type_, targets.Targets):
        first = " · `first_receiver`" if type_.first else ""
        return words["role"] + first
    return _scalar(field_schema(type_), words)


def _scalar(schema: dict[str, Any], words: dict[str, str]) -> str:
    if schema.get("enum") == [True, False, "true", "false"]:
        return words["flag"]
    if "enum" in schema:
        return " · ".join(f"`{each}`" for each in schema["enum"])
    if "pattern" in schema:
        return words["pattern"].format(pattern=schema["pattern"].replace("|", "\\|"))
    if "minimum" in schema:
        return words["whole"].format(least=schema["minimum"], most=schema["maximum"])
    if schema.get("type") == "array":
        return words["list"].format(item=words["text"])
    return words["long"].format(most=schema["maxLength"]) if "maxLength" in schema else words["text"]
