"""Kafka Streams with event-ruler: built by Maven once into the cache folder, run as one JVM for all rounds."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from tests.bench.beside.figures import Round
from tests.bench.rules.peer import NoPeer, java

SOURCE: Final = Path(__file__).resolve().parents[1] / "peers" / "kafka-streams"
VERSIONS: Final = "Kafka Streams 4.3.1, event-ruler 1.7.3"


def build(cache_dir: Path) -> str:
    """Return the class path, building where the sources have changed. Raises `NoPeer`, naming what is missing."""
    java()
    maven = shutil.which("mvn")
    if maven is None:
        raise NoPeer("no mvn on the path")
    files = sorted(path for path in SOURCE.rglob("*") if path.is_file() and "target" not in path.parts)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    home = cache_dir / "bench-peers" / f"kafka-streams-{digest}"
    if not (home / "built").exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(SOURCE, home, ignore=shutil.ignore_patterns("target"))
        goals = ["package", "dependency:copy-dependencies", "-DoutputDirectory=target/libs"]
        built = subprocess.run([maven, "-q", "-B", *goals], cwd=home, capture_output=True, text=True, check=False)
        if built.returncode:
            raise NoPeer(f"mvn could not build it: {built.stdout.strip()[-300:]}")
        (home / "built").touch()
    return f"{home / 'target' / 'classes'}:{home / 'target' / 'libs'}/*"


class StreamsPeer:
    """A running JVM. Commands are in Peer.java."""

    def __init__(self, classes: str, bootstrap: str, folder: Path) -> None:
        command = [java(), "-XX:+UseParallelGC", "-Xms1g", "-Xmx2g", "-cp", classes, "Peer", bootstrap, str(folder)]
        self.folder = folder
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def __enter__(self) -> "StreamsPeer":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(25)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def _answer(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"Kafka Streams ended: {self.process.poll()}")
        return line

    def tell(self, line: str) -> str:
        """Send a command and return its answer."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def round(
        self, kind: str, name: str, events: int, threads: int, commit_ms: int = 1000, store: str = "mem"
    ) -> Round:
        """Run `dispatch` or `pass` over all incidents."""
        told: dict[str, Any] = orjson.loads(self.tell(f"{kind} {name} {events} {threads} {commit_ms} {store}"))
        if "failed" in told:
            raise RuntimeError(told["failed"])
        return Round(told["rate"], told["cores"], told["records"], told["bytes"])

    def routes(self) -> list[str]:
        """Return the rule that it finds for each incident of the workload."""
        out = self.folder / "found"
        self.tell(f"check {self.folder / 'events'} {out}")
        return out.read_text().splitlines()
