"""A compiled tree says what it is, is refused once the sources have moved on, and its list is complete."""

import importlib.machinery
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from incidentbus.compiled import MANIFEST, PACKAGES, Running, digest, sources

ROOT = Path(__file__).resolve().parents[2]
LIST = tomllib.loads((ROOT / "deploy" / "compiled" / "modules.toml").read_text("utf-8"))
ONE = "routing_rules.engine.reference.texts"  # no command needs it


def tree(home: Path) -> Path:
    """Make a tree of the code in which one module is an extension: what is compiled in it is of no account here."""
    for path in sources(ROOT):
        if path.suffix == ".py":
            copy = home / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    shutil.copytree(home, home.with_name("beside"))
    shutil.copytree(ROOT / "incidentbus", home.with_name("beside") / "incidentbus")
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    (home / f"{ONE.replace('.', '/')}{suffix}").write_bytes(b"")
    (home / MANIFEST).write_text(json.dumps({"modules": [ONE], "sources": digest(home)}), "utf-8")
    return home


def told(home: Path, program: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with the tree first on its path, and the sources that the project runs from beside it."""
    path = os.pathsep.join([str(home), str(home.with_name("beside"))])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, cwd=home.parent
    )


SAY = "from incidentbus.compiled import refuse_stale; print(refuse_stale().told)"


def test_a_process_with_a_tree_on_its_path_says_that_it_runs_compiled(tmp_path: Path) -> None:
    done = told(tree(tmp_path / "tree"), SAY)
    assert (done.returncode, done.stdout) == (0, "compiled: 1 modules\n"), done.stderr


@pytest.mark.parametrize("where", ["tree", "beside"])
def test_a_tree_that_is_not_of_the_sources_is_refused_by_code_and_command_line(tmp_path: Path, where: str) -> None:
    home = tree(tmp_path / "tree")
    with (tmp_path / where / "routing_rules" / "engine" / "decide.py").open("a") as source:
        source.write("# one more line\n")
    for program in (SAY, "from incidentbus.cli import main; main()"):
        done = told(home, program)
        assert done.returncode == 2
        assert "make compiled" in done.stderr
        assert done.stdout == ""


def test_without_the_extension_that_its_manifest_names_nothing_is_called_compiled(tmp_path: Path) -> None:
    home = tree(tmp_path / "tree")
    next(home.rglob("texts.*.so")).unlink()
    assert told(home, SAY).stdout == "from source\n"


def test_what_is_said_of_a_run() -> None:
    assert Running().told == "from source"
    assert Running(3, 3).told == "compiled: 3 modules"
    assert Running(2, 3).told == "compiled: 2 of 3 modules"
    assert Running(3, 3, stale=True).told == "compiled: 3 modules, older than the sources"


def test_every_module_is_compiled_or_has_the_reason_why_not() -> None:
    compiled, reasons = LIST["compiled"], LIST["interpreted"]
    assert compiled == sorted(set(compiled))
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources(ROOT) if path.suffix == ".py"}
    assert set(compiled) <= names
    modules = {name for name in names if not name.endswith("__init__")}

    def has_reason(name: str) -> bool:
        return any(name == told or name.startswith(f"{told}.") for told in reasons)

    assert {name for name in modules - set(compiled) if not has_reason(name)} == set()
    idle = {told for told in reasons if not any(n == told or n.startswith(f"{told}.") for n in modules - set(compiled))}
    assert idle == set()
    assert {name.split(".")[0] for name in compiled} <= set(PACKAGES)


def test_without_a_compiler_the_builder_says_so_leaves_no_tree_and_is_content(tmp_path: Path) -> None:
    (tmp_path / "compiled").symlink_to(tmp_path)
    program = (
        "import sysconfig, sys; from pathlib import Path; from deploy.compiled import build\n"
        "sysconfig.get_config_vars()['CC'] = 'no-such-compiler -pthread'\n"
        f"sys.exit(build.main(Path({str(tmp_path)!r}), None, must=len(sys.argv) > 1))"
    )
    for more, code in (([], 0), (["must"], 1)):
        done = subprocess.run(
            [sys.executable, "-c", program, *more], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "no-such-compiler" in done.stdout
        assert "from source" in done.stdout
        assert len(done.stdout.splitlines()) == 1
        assert not (tmp_path / "compiled").exists()
