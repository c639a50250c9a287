"""The checked-in JSON Schemas, held against the code: stale, missing, or a promise broken.

The files are what is promised. They are rewritten only where nothing that was promised is taken back; for that a new
major version of the topic is needed, whose schema is a new file beside the old.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from connectors.registry import codecs
from contracts.compatibility import breaks
from contracts.wire import NATIVE, file_name, json_schema, json_schemas, native_name

DIRECTORY: Final = Path(__file__).resolve().parent.parent / "contracts" / "schemas"
_MAJOR: Final = re.compile(r"^(?P<stem>.+)\.v(?P<major>[1-9][0-9]*)\.json$")


class Finding(NamedTuple):
    """One thing amiss with one file. `broken`: a promise, not merely an old file."""

    file: str
    what: str
    broken: bool


def current() -> dict[str, dict[str, Any]]:
    """Return every schema as the code has it, by file name: the models' and the channels' native forms."""
    natives = {
        file_name(native_name(channel)): json_schema(codec.form, native_name(channel))
        for channel, codec in codecs().items()
        if hasattr(codec, "form")
    }
    return {**json_schemas(), **natives}


def rendered(schema: Mapping[str, Any]) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def findings(directory: Path = DIRECTORY, code: Mapping[str, Mapping[str, Any]] | None = None) -> list[Finding]:
    """Return what the files in `directory` lack or break; none where they are the code's own."""
    schemas = current() if code is None else code
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.json"))}
    told = [each for name, schema in sorted(schemas.items()) for each in _of_file(name, schema, files.get(name))]
    return told + [each for name in files.keys() - schemas.keys() for each in _of_stray(name, schemas)]


def _of_file(name: str, schema: Mapping[str, Any], text: str | None) -> Iterator[Finding]:
    if text is None:
        yield Finding(name, "没有文件 / there is no file", broken=False)
    elif text != rendered(schema):
        told = breaks(json.loads(text), schema, read_by_others=not name.startswith(f"{NATIVE}-"))
        yield from (Finding(name, str(each), broken=True) for each in told)
        if not told:
            yield Finding(name, "不是最新 / isn't what the code says", broken=False)


def _of_stray(name: str, schemas: Mapping[str, Any]) -> Iterator[Finding]:
    """A file that the code has no schema for is kept where a later major follows it; else its topic was taken away."""
    found = _MAJOR.match(name)
    later = found and any(
        other and other["stem"] == found["stem"] and int(other["major"]) > int(found["major"])
        for other in map(_MAJOR.match, schemas)
    )
    if not later:
        yield Finding(
            name, "代码里没有，也没有更新的大版本 / not in the code, and no later major follows it", broken=True
        )


def write_files(directory: Path = DIRECTORY, code: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Write what is missing or stale and return the names. Nothing that breaks a promise may be among it."""
    schemas = current() if code is None else code
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in sorted(schemas.items()):
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != rendered(schema):
            path.write_text(rendered(schema), encoding="utf-8")
            written.append(name)
    return written
