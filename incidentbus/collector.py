"""The garbage collector, told what it need not look through.

A compiled ruleset is hundreds of thousands of objects that live as long as it is in force. Left to itself the collector
walks them again whenever a turn has made enough small ones, a third of the cost of a decision (docs/benchmarks.md).
"""

import gc
from typing import Final

_YOUNG: Final = 20_000  # new containers before a look; the default is 700, a tenth of one turn's
_MIDDLE: Final = 20
_OLD: Final = 50


def settle_collector() -> None:
    """Set aside everything that lives now, and look less often from now on. Called whenever a ruleset was taken."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
