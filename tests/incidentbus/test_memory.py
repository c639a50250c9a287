"""What a worker tells the allocator holds, seen by the page faults of a process of its own."""

import subprocess
import sys

import pytest

_TWICE = """
import resource, sys
from incidentbus.memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def turn():
    before = faults()
    kept = [bytes(3000) for _ in range(10_000)]
    del kept
    return faults() - before

told = keep_freed_memory() if sys.argv[1] == "kept" else False
turn()
print(int(told), turn())
"""


def _second_turn(how: str) -> tuple[bool, int]:
    done = subprocess.run([sys.executable, "-c", _TWICE, how], capture_output=True, text=True, check=True)
    told, faults = done.stdout.split()
    return told == "1", int(faults)


@pytest.mark.skipif(sys.platform != "linux", reason="page faults are told and glibc is found on Linux only")
def test_memory_of_one_turn_serves_the_next() -> None:
    told, kept = _second_turn("kept")
    if not told:
        pytest.skip("no glibc here: nothing is told to the allocator")
    assert kept < _second_turn("given back")[1] / 10
