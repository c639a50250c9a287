"""Compiled and from source the same is published, byte for byte. `make compiled-test` runs this over a tree."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from incidentbus.compiled import running

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.compiled


def decisions(path: list[str]) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "tests.compiled.decisions"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_this_run_is_compiled_whole_and_of_these_sources() -> None:
    told = running()
    assert told.modules == told.of > 20
    assert not told.stale


def test_what_the_demos_reports_give_rise_to_is_the_same_in_every_byte() -> None:
    tree = str((ROOT / "build" / "compiled").resolve())
    compiled, source = decisions([tree, str(ROOT)]), decisions([str(ROOT)])
    assert compiled[0].startswith("compiled: ")
    assert source[0] == "from source"
    assert len(compiled) > 2_000
    assert compiled[1:] == source[1:]
