"""Memory as a worker wants it: what is given back too eagerly, and what need not be looked through.

A turn makes some 8 KB an event and lets go of it when it is committed. Two standing habits of a Python process on Linux
cost more than they save then; both are told otherwise here, and nothing else may enter.
"""

import ctypes
import gc
import sys
from typing import Final

_YOUNG: Final = 20_000  # new containers before a look; the default is 700, a tenth of one turn's
_MIDDLE: Final = 20
_OLD: Final = 50

_TRIM_THRESHOLD: Final = -1  # the parameters of glibc's mallopt(3)
_TOP_PAD: Final = -2
_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 256 * 1024 * 1024
_STEP: Final = 16 * 1024 * 1024
_OWN_MAPPING: Final = 32 * 1024 * 1024  # the most that glibc takes; it moves there by itself unless others are set


def settle_collector() -> None:
    """Set aside everything that lives now, and look less often from now on. Called whenever a ruleset was taken.

    A compiled ruleset is hundreds of thousands of objects that live as long as it is in force. Left to itself the
    collector walks them again whenever a turn has made enough small ones, a third of the cost of a decision.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def keep_freed_memory() -> bool:
    """Have glibc keep up to 256 MB that were freed; say whether it does. Called once, when a worker begins.

    By default what is free at the top of the heap goes back to the system at 128 KB: each turn's pages are returned
    and faulted in anew, two faults an event, a twentieth to a fifth of its cost by the machine (docs/benchmarks.md).
    Elsewhere than on glibc nothing happens.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    told = ((_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, _STEP), (_MMAP_THRESHOLD, _OWN_MAPPING))
    taken = [mallopt(parameter, value) for parameter, value in told]  # each is told, whatever came of the one before
    return all(taken)
