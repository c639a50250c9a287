"""What lies outside the repository, beside this clone: a ruleset that others wrote, messages and requests of citizens.

It is nobody's but its owners', so no copy is kept here and no test depends on it: those that read it are skipped where
it is missing. INCIDENTBUS_OUTSIDE names its folder where it isn't the neighbour `shared`.
"""

import os
from pathlib import Path
from typing import Final

import pytest

OUTSIDE: Final = Path(os.environ.get("INCIDENTBUS_OUTSIDE") or Path(__file__).resolve().parents[2] / "shared")
RULESET: Final = OUTSIDE / "rules-trial" / "hongze"
DATA: Final = OUTSIDE / "data"
MESSAGES: Final = DATA / "messages"

needs_ruleset = pytest.mark.skipif(not RULESET.is_dir(), reason="no outside ruleset is kept beside this clone")
needs_texts = pytest.mark.skipif(not DATA.is_dir(), reason="no outside texts are kept beside this clone")
