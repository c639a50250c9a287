"""Remake `jars.lock`: `python -m connectors.kafka.lock_jars`. Needs the network; a maintainer's tool.

The logging binding is resolved apart: in one resolution its managed versions downgrade kafka-clients, and the broker
then crashes; without it the broker logs nothing.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext

from connectors.kafka.jars import BROKER, KAFKA_VERSION, TOOLS, digest_of
from connectors.kafka.maven import repositories

LOGGING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
ROOTS: Final = {
    BROKER: f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    TOOLS: f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}",
}
_TARGET: Final = Path(__file__).with_name("jars.lock")
_HEAD: Final = "# Kafka's jars: groups, coordinates, bytes, SHA-256. Remade by python -m connectors.kafka.lock_jars\n"


def resolve(endpoint: str, work: Path) -> Iterator[tuple[str, Path]]:
    """Yield (coordinates, jar) of everything that `endpoint` needs at run time."""
    context = MavenContext(repo_cache=work / "m2", remote_repos=dict(repositories()))
    environment = EnvironmentBuilder(context=context, cache_dir=work / "jgo").from_endpoint(endpoint)
    for folder in ("jars", "modules"):
        for jar in sorted((environment.path / folder).glob("*.jar")):
            original = next((work / "m2").rglob(jar.name))
            version, artifact = original.parent, original.parent.parent
            group = ".".join(artifact.parent.relative_to(work / "m2").parts)
            yield f"{group}:{artifact.name}:{version.name}", jar


def locked(work: Path) -> dict[str, tuple[set[str], Path]]:
    """Return coordinates → (groups, jar) for both class paths."""
    found: dict[str, tuple[set[str], Path]] = {}
    for group, endpoint in ROOTS.items():
        for coordinates, jar in resolve(endpoint, work):
            found.setdefault(coordinates, (set(), jar))[0].add(group)
    for coordinates, jar in resolve(LOGGING, work):
        if coordinates == LOGGING:
            found[coordinates] = (set(ROOTS), jar)
    return found


def main(target: Path = _TARGET) -> None:
    """Write the lock."""
    with tempfile.TemporaryDirectory() as work:
        lines = [
            f"{','.join(sorted(groups))} {coordinates} {jar.stat().st_size} {digest_of(jar)}\n"
            for coordinates, (groups, jar) in sorted(locked(Path(work)).items())
        ]
    target.write_text(_HEAD + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{target.name}: {len(lines)} jars\n")


if __name__ == "__main__":
    main()
