"""How the hot packages run in this process: compiled (`make compiled`) or from source, and whether the two agree.

A compiled tree is the packages whole, with extension modules beside the sources that they were made of; whoever has it
first on the path runs it, and so do the child processes. It carries a digest of its sources. What runs compiled may
never say anything else than the sources beside it: `refuse_stale` stops a process that would. What may not enter: how a
tree is made (`deploy/compiled`), and anything that imports the packages that are asked about.
"""

import json
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGES: Final = ("contracts", "routing_rules", "streams")
"""The packages of a compiled tree, each whole; which of their modules are compiled the tree's manifest says."""

MANIFEST: Final = "incidentbus-compiled.json"
"""The file at the root of a tree: `modules`, dotted names, and `sources`, the digest of what they were made of."""

_NOT_SOURCES: Final = frozenset({".so", ".pyd", ".pyc"})
_HERE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Running:
    """How this process runs: so many of a tree's modules are compiled; `stale`: the tree is not of these sources."""

    modules: int = 0
    of: int = 0
    stale: bool = False

    @property
    def told(self) -> str:
        """Return it in words, as `incidentbus --version`, the doctor and the benchmarks print it."""
        if not self.modules:
            return "from source"
        partly = "" if self.modules == self.of else f" of {self.of}"
        return f"compiled: {self.modules}{partly} modules{', older than the sources' if self.stale else ''}"


def sources(root: Path) -> list[Path]:
    """Return the files beneath `root` that a tree is made of, code and what lies beside it, in order."""
    found = [path for package in PACKAGES for path in (root / package).rglob("*") if path.is_file()]
    return sorted(path for path in found if path.suffix not in _NOT_SOURCES and "__pycache__" not in path.parts)


def digest(root: Path, files: list[Path] | None = None) -> str:
    """Return the SHA-256 of `files` (those of `sources`), names and contents, as hexadecimal digits."""
    whole = sha256()
    for path in sources(root) if files is None else files:
        content = path.read_bytes()
        whole.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def running() -> Running:
    """Return how this process runs, or would: nothing is imported for it."""
    trees = {_root_of(package) for package in PACKAGES}
    tree = trees.pop()
    if trees or tree is None or not (tree / MANIFEST).is_file():
        return Running()
    told = json.loads((tree / MANIFEST).read_text("utf-8"))
    compiled = sum(_is_compiled(tree, name) for name in told["modules"])
    beside = {tree, _HERE} if (_HERE / PACKAGES[0]).is_dir() else {tree}
    return Running(compiled, len(told["modules"]), any(digest(root) != told["sources"] for root in beside))


def _root_of(package: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).resolve().parents[1] if spec and spec.origin else None


def _is_compiled(tree: Path, module: str) -> bool:
    """Say whether an extension module that this Python loads stands where Python looks before it takes the source."""
    return any((tree / f"{module.replace('.', '/')}{suffix}").is_file() for suffix in EXTENSION_SUFFIXES)


def told_version() -> str:
    """Return the project's version and how it runs here, in one line."""
    return f"incidentbus {version('incidentbus')}, {running().told}"


def refuse_stale() -> Running:
    """Return how this process runs; leave with exit code 2 where compiled code is not of the sources beside it."""
    told = running()
    if told.modules and told.stale:
        sys.stderr.write(
            "incidentbus: 编译产物比源码旧，不运行 / the compiled code is not of these sources: "
            "make compiled，或去掉 PYTHONPATH / or run without PYTHONPATH\n"
        )
        raise SystemExit(2)
    return told
