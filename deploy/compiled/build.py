"""`make compiled`: the hot packages compiled by mypyc into a tree of their own; the sources stay as they are.

`build/compiled` is a link to the tree in use: `contracts`, `routing_rules`, `streams` whole, with an extension module
beside each source that `modules.toml` names, and a manifest with the digest of the sources (`incidentbus.compiled`).
A tree is made aside and linked when it is whole, so what broke half-way is never used. Compiling takes a minute and is
done anew only where code changed; where data changed, the tree is laid out anew. Where there is no C compiler or no
Python.h it says so in one line, leaves no tree and exits 0: callers then run from source. Nothing imports this at run
time.
"""

import argparse
import fcntl
import importlib.metadata
import importlib.util
import io
import json
import os
import shlex
import shutil
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from incidentbus.compiled import MANIFEST, digest, sources

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("modules.toml")
GROUP: Final = "incidentbus"  # the library that holds all code is named after it
_CHANGED: Final = "compiled: the sources changed meanwhile: make compiled once more"
KEPT: Final = 2  # trees, the one in use included: a process may still run from the one before


def modules() -> list[str]:
    """Return the dotted names of what is compiled."""
    return list(tomllib.loads(LIST.read_text("utf-8"))["compiled"])


def path_of(module: str) -> str:
    """Return where a module's source lies beneath a root."""
    return f"{module.replace('.', '/')}.py"


def missing() -> str:
    """Return what is not here that compiling needs, and what to install; nothing where all is here."""
    compiler = shlex.split(str(sysconfig.get_config_var("CC") or "cc"))[0]
    if not shutil.which(compiler):
        return f"no C compiler ({compiler}) here; install gcc (Debian: gcc libc6-dev)"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "no Python.h here; install this Python's headers (Debian: python3-dev)"
    lacking = [name for name in ("setuptools", "mypyc", "pydantic") if importlib.util.find_spec(name) is None]
    return f"no {lacking[0]} here; make setup-dev installs it" if lacking else ""


def code_digest(root: Path = ROOT) -> str:
    """Return the digest of all that the compiled code depends on: sources, list, options, tools and this file."""
    code = [path for path in sources(root) if path.suffix == ".py"]
    told = [digest(root, code), json.dumps(_options(), sort_keys=True), sys.version, str(sysconfig.get_platform())]
    told += [importlib.metadata.version(name) for name in ("mypy", "setuptools", "pydantic")]
    told += [path.read_text("utf-8") for path in (LIST, Path(__file__))]
    return sha256("\0".join(told).encode()).hexdigest()


def _options() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]


def lay_out(place: Path) -> None:
    """Copy the packages to `place`, code and what lies beside it."""
    for path in sources(ROOT):
        copy = place / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def compile_into(objects: Path, work: Path) -> None:
    """Compile the modules of the packages laid out in `work`; leave extension modules in `objects`, by package."""
    from mypyc.build import mypycify  # late: it is heavy, and not asked for where nothing is to be compiled
    from setuptools import Distribution  # type: ignore[import-untyped]

    before, told = Path.cwd(), io.StringIO()
    os.chdir(work)  # mypyc names modules by their paths from here, and finds no other copy of them
    try:
        options = ["--config-file", str(ROOT / "pyproject.toml"), *map(path_of, modules())]
        with redirect_stdout(told):  # what it remarks on is of no use unless it fails
            extensions = mypycify(options, opt_level="3", debug_level="0", group_name=GROUP, target_dir=str(work / "c"))
        command: Any = Distribution({"name": GROUP, "ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(objects), str(work / "o")
        command.ensure_finalized()
        command.run()
    except BaseException:
        sys.stdout.write(told.getvalue())
        raise
    finally:
        os.chdir(before)


def tree(place: Path, objects: Path) -> None:
    """Lay a tree out at `place` whole: the packages, the extension modules, the manifest last."""
    lay_out(place)
    shutil.copytree(objects, place, dirs_exist_ok=True)
    found = {name: list(place.glob(path_of(name).removesuffix(".py") + ".*.so")) for name in modules()}
    absent = sorted(name for name, extension in found.items() if not extension)
    if absent:
        raise SystemExit(f"compiled: {', '.join(absent)} came out without an extension module")
    manifest = {"modules": sorted(found), "sources": digest(place), "code": code_digest()}
    (place / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    if digest(place) != digest(ROOT):
        raise SystemExit(_CHANGED)


def build(home: Path) -> Path:
    """Make the tree of these sources in `home`, unless it is there; link it and return it."""
    code, whole = code_digest(), digest(ROOT)
    place = home / "compiled-trees" / sha256(f"{code}{whole}".encode()).hexdigest()[:16]
    if place.is_dir():
        _say(f"{len(modules())} modules, as they are in {_short(home / 'compiled')}")
    else:
        objects = _objects(home, code)
        with TemporaryDirectory(dir=home, prefix="laying-") as aside:
            tree(Path(aside) / "tree", objects)
            place.parent.mkdir(exist_ok=True)
            (Path(aside) / "tree").rename(place)
    _link(home / "compiled", place)
    _forget(home / "compiled-trees", place)
    return place


def _objects(home: Path, code: str) -> Path:
    """Return the folder of the extension modules of this code, compiled unless they are there."""
    objects = home / "compiled-objects" / code[:16]
    if objects.is_dir():
        _say("code is the same, only what lies beside it changed")
        return objects
    _say(f"{len(modules())} modules by mypyc and the C compiler (about a minute)")
    began = time.monotonic()
    with TemporaryDirectory(dir=home, prefix="compiling-") as aside:
        work, made = Path(aside) / "work", Path(aside) / "made"
        lay_out(work)
        if code_digest(work) != code:
            raise SystemExit(_CHANGED)
        compile_into(made, work)
        objects.parent.mkdir(exist_ok=True)
        made.rename(objects)
    _forget(objects.parent, objects)
    _say(f"done in {time.monotonic() - began:.0f} s")
    return objects


def _link(link: Path, place: Path) -> None:
    """Put `place` in use, in one step."""
    new = link.with_name("compiled.new")
    new.unlink(missing_ok=True)
    new.symlink_to(place.relative_to(link.parent), target_is_directory=True)
    new.replace(link)


def _forget(folder: Path, used: Path) -> None:
    """Remove all but the newest few; `used` stays."""
    used.touch()
    for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Wait for whoever builds here already."""
    with (home / "compiled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(f"compiled: {line}", flush=True)


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(home: Path, into: Path | None, *, must: bool) -> int:
    """Build; return the exit code."""
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        lack = missing()
        if lack:
            (home / "compiled").unlink(missing_ok=True)
            _say(f"{lack}; until then everything runs from source")
            return 1 if must else 0
        place = build(home)
        if into is not None:
            shutil.copytree(place, into)
            _say(f"copied to {into}")
    return 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--home", type=Path, default=ROOT / "build", help="where trees are kept and linked")
    arguments.add_argument("--into", type=Path, help="copy the tree to this new folder too")
    arguments.add_argument("--must", action="store_true", help="fail where nothing can be compiled")
    given = arguments.parse_args()
    sys.exit(main(given.home.resolve(), given.into, must=given.must))
