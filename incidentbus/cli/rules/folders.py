"""A ruleset's folder as commands read and write it: whole files, never over what somebody else changed meanwhile."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from incidentbus.cli.exits import Misuse
from incidentbus.wholefiles import write_whole

if TYPE_CHECKING:
    from routing_rules.engine.compiler import Compiled
    from routing_rules.engine.loader import Loaded
    from routing_rules.engine.schema import Ruleset
    from routing_rules.messages import Language


def read_folder(directory: Path) -> dict[str, bytes]:
    """Return the files of a ruleset's folder. Raises Misuse where there is none."""
    from routing_rules.engine.loader import NEEDED, read_bundle  # late: --help needn't load the engine

    if not directory.is_dir():
        raise Misuse(f"{directory}: 没有这个文件夹 / no such folder")
    if not any((directory / name).is_file() for name in NEEDED):
        raise Misuse(f"{directory}: 不是规则集，没有 ruleset.yaml / not a ruleset: there is no ruleset.yaml")
    try:
        return read_bundle(directory)
    except OSError as error:
        raise Misuse(f"{directory}: 读不了 / cannot be read: {error.strerror}") from error


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the lines of a unified diff of what would be written."""
    for file in sorted(after):
        old, new = (side.get(file, b"").decode("utf-8", "replace").splitlines() for side in (before, after))
        yield from difflib.unified_diff(old, new, file, file, lineterm="")


def write_files(directory: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """Write files, each at once or not at all; return those left alone because they are no longer as `before` says.

    A file that `before` doesn't have must not be there yet. Raises Misuse where the folder cannot be written.
    """
    moved = []
    for file, content in sorted(after.items()):
        path = directory / file
        if (path.read_bytes() if path.exists() else None) != before.get(file):
            moved.append(file)
            continue
        try:
            write_whole(path, content)
        except OSError as error:
            raise Misuse(f"{path}: 写不了 / cannot be written: {error.strerror}") from error
    return moved


def ruleset_of(directory: Path) -> "Ruleset":
    """Return the ruleset in a folder. Raises Misuse where there is none, or one that does not load."""
    from routing_rules.engine.loader import load_directory

    loaded = load_directory(directory).ruleset
    if loaded is None:
        raise Misuse(f"{directory}: 规则集读不进来 / the ruleset doesn't load; see incidentbus rules lint {directory}")
    return loaded


def ready(directory: Path, files: Mapping[str, bytes], lang: "Language | None" = None) -> "tuple[Loaded, Compiled]":
    """Return a ruleset loaded and compiled. Raises Misuse with every error where it does not load."""
    from routing_rules.engine.compiler import compile_ruleset
    from routing_rules.engine.loader import load
    from routing_rules.messages import Language

    loaded = load(files)
    if loaded.ruleset is None:
        told = "\n".join(finding.line(lang or Language.ZH) for finding in loaded.errors)
        raise Misuse(f"{directory}: 规则集载入不了，先改好这些 / the ruleset does not load:\n{told}")
    return loaded, compile_ruleset(loaded.ruleset)
