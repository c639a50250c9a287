"""Quix Streams and a Faust agent: in a venv of their own in the cache folder, made on demand, a process each round."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.beside.figures import Round
from tests.bench.rules.peer import NoPeer

SOURCE: Final = Path(__file__).resolve().parents[1] / "peers" / "python"
VERSIONS: Final = "Quix Streams 3.28.1, faust-streaming 0.15.3"


def install(cache_dir: Path) -> Path:
    """Return the interpreter of the peers' venv, made where it is missing. Raises `NoPeer`."""
    wanted = SOURCE / "requirements.txt"
    home = cache_dir / "bench-peers" / f"python-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]}"
    python = home / "bin" / "python"
    if not (home / "made").exists():
        steps = (
            [sys.executable, "-m", "venv", "--clear", str(home)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(wanted)],
        )
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NoPeer(f"{' '.join(step[1:4])} failed: {done.stderr.strip()[-200:]}")
        (home / "made").touch()
    return python


def peers_round(python: Path, program: str, bootstrap: str, folder: Path, group: str, events: int) -> Round:
    """Run one of the programs over all incidents. Raises `NoPeer` with the last of what it said, if it fails."""
    command = [str(python), str(SOURCE / f"{program}.py"), bootstrap, str(folder), group, str(events)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, cwd=folder)
    except subprocess.TimeoutExpired:
        raise NoPeer(f"{program} was not done after 180 s") from None
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            told: dict[str, Any] = orjson.loads(line)
            return Round(told["rate"], told["cores"], told["records"], told["bytes"])
    raise NoPeer(f"{program} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
