"""Looks at the machine before anything is installed: one clear sentence for each thing, and what to do if not.

Run by whatever Python stands on the machine, before `.venv` exists: the standard library only, and no syntax that an
old interpreter could not even read.
"""

import os
import platform
import shutil
import sys
from typing import Tuple

Check = Tuple[bool, str]  # noqa: UP006 - an old interpreter reads this too
NEEDS_PYTHON = (3, 11)
NEEDS_DISK_MB = 1200  # .venv 260, Kafka and its Java 350, a run's data some 200; and room to breathe
NEEDS_MEMORY_MB = 1200  # the broker 380, two workers 120 each, the command itself; and room to breathe
MACHINES = ("x86_64", "amd64", "aarch64", "arm64")


def python_version() -> Check:
    """Return (ok, sentence) about the interpreter."""
    have = sys.version_info[:2]
    told = "Python %d.%d" % have
    if have >= NEEDS_PYTHON:
        return True, told
    return False, told + ": 3.11 or newer is needed. Install it, or name one: make demo PYTHON=/path/to/python3.11"


def virtual_environments() -> Check:
    """Return (ok, sentence) about the module that makes `.venv`."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False, "Python cannot make a virtual environment: install its venv package (Debian: python3-venv)"
    return True, "virtual environments can be made"


def architecture() -> Check:
    """Return (ok, sentence) about processor and system: the Java that comes as a wheel is built for these."""
    system, machine = platform.system(), platform.machine().lower()
    told = "%s on %s" % (system, machine)
    if system in ("Linux", "Darwin") and machine in MACHINES:
        return True, told
    return False, told + ": the embedded broker needs Linux or macOS on x86-64 or ARM64"


def disk(folder: str) -> Check:
    """Return (ok, sentence) about free space where `folder` will be."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder) or "."
    free = shutil.disk_usage(folder).free // (1024 * 1024)
    told = "%d MB free for %s" % (free, folder)
    return free >= NEEDS_DISK_MB, told + ("" if free >= NEEDS_DISK_MB else ": %d MB are needed" % NEEDS_DISK_MB)


def memory() -> Check:
    """Return (ok, sentence) about memory to be had now; passes where the system does not tell."""
    try:
        with open("/proc/meminfo") as lines:
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        free = kilobytes["MemAvailable"] // 1024
    except (OSError, KeyError, ValueError, IndexError):
        return True, "memory: the system does not tell; %d MB are needed" % NEEDS_MEMORY_MB
    told = "%d MB of memory available" % free
    return free >= NEEDS_MEMORY_MB, told + ("" if free >= NEEDS_MEMORY_MB else ": %d MB are needed" % NEEDS_MEMORY_MB)


def main() -> int:
    """Print a line for each check; return 2 where one fails."""
    cache = os.environ.get("INCIDENTBUS_CACHE_DIR") or os.path.join(os.path.expanduser("~"), ".cache", "incidentbus")
    checks = [python_version(), virtual_environments(), architecture(), disk(os.getcwd()), disk(cache), memory()]
    for ok, sentence in checks:
        sys.stdout.write("preflight: %s %s\n" % ("ok  " if ok else "FAIL", sentence))
    return 0 if all(ok for ok, _ in checks) else 2


if __name__ == "__main__":
    sys.exit(main())
