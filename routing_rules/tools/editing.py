"""What an editor needs to help with rulesets: a schema a kind of file, with the ruleset's own codes, and settings.

Written for VS Code with the YAML extension; the schemas serve any editor that takes JSON Schema.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from routing_rules.engine.schema import Ruleset
from routing_rules.messages.fields import FileKind
from routing_rules.tools.fields import codes_of, schema_of

SETTINGS: Final = ".vscode/settings.json"
EXTENSIONS: Final = ".vscode/extensions.json"
SCHEMAS: Final = ".vscode/rulesets"
YAML_EXTENSION: Final = "redhat.vscode-yaml"
_BY_FOLDER: Final = {FileKind.ROUTES, FileKind.PLACES, FileKind.WORDS, FileKind.CALENDARS}
_INDENT: Final = 2

Settings = dict[str, Any]


class NotSettings(ValueError):
    """A settings file that is there is no JSON object: written by hand with comments, or broken."""


def editor_files(rulesets: Mapping[str, Ruleset], present: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a workspace by path. `rulesets`: by their folder's path in the workspace, with `/`.

    What `present` has in the settings stays, but for the schemas of rulesets: those are as they are here. Raises
    `NotSettings`.
    """
    files, wired = {}, {}
    for folder, ruleset in sorted(rulesets.items()):
        codes = codes_of(ruleset)
        for kind in FileKind:
            path = f"{SCHEMAS}/{ruleset.id}/{kind.value}.json"
            files[path] = _written(schema_of(kind, codes), indent=None)
            wired[f"./{path}"] = [
                f"{folder}/{kind.value}/*.yaml" if kind in _BY_FOLDER else f"{folder}/{kind.value}.yaml"
            ]
    settings = _read(SETTINGS, present)
    others = {name: globs for name, globs in settings.get("yaml.schemas", {}).items() if f"/{SCHEMAS}/" not in name}
    settings["yaml.schemas"] = others | wired
    settings.setdefault("yaml.schemaStore.enable", False)  # nothing is asked of the network
    files[SETTINGS] = _written(settings)
    extensions = _read(EXTENSIONS, present)
    wanted = extensions.setdefault("recommendations", [])
    if YAML_EXTENSION not in wanted:
        wanted.append(YAML_EXTENSION)
    files[EXTENSIONS] = _written(extensions)
    return files


def _read(path: str, present: Mapping[str, bytes]) -> Settings:
    try:
        found = json.loads(present.get(path, b"{}"))
    except ValueError as error:
        raise NotSettings(path) from error
    if not isinstance(found, dict) or not isinstance(found.get("yaml.schemas", {}), dict):
        raise NotSettings(path)
    return found


def _written(content: Settings, indent: int | None = _INDENT) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=indent) + "\n").encode()
