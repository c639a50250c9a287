"""What a benchmark prints, kept so that the documents show it as it was."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from incidentbus.compiled import refuse_stale


class Page:
    """The lines of one run of `make COMMAND`; `packages` are those whose versions matter, `more` what else does."""

    def __init__(self, command: str, packages: Sequence[str], more: str = "") -> None:
        self.lines: list[str] = []
        self._command = command
        self._packages = packages
        self._more = more
        self._ran = refuse_stale().told

    def begin(self) -> None:
        """Say first how what is measured runs."""
        self.say(f"run: {self._ran}")

    def say(self, line: str) -> None:
        """Print a line and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def write(self, path: Path) -> None:
        """Put what was printed between the page's marks for this command."""
        versions = [f"{name} {version(name)}" for name in self._packages]
        machine = [f"{os.cpu_count()} cores", platform.machine(), f"Python {platform.python_version()}", *versions]
        told = ", ".join([*machine, self._ran, *([self._more] if self._more else [])])
        made = "\n".join(["```", f"$ make {self._command}   # {told}", *self.lines, "```"])
        begin, end = f"<!-- made: {self._command} -->", "<!-- /made -->"
        before, rest = path.read_text("utf-8").split(begin, 1)
        path.write_text(f"{before}{begin}\n{made}\n{end}{rest.split(end, 1)[1]}", "utf-8")
