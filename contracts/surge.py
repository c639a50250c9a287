"""Surge (群体性/突增): far more of one kind of matter in one town, within the hour, than that town's own history knows.

An observer's fact on `bus.surges.v1`, keyed by the surge's id: begun, updated when it has grown, ended when it is over.
It decides nothing. What it advises goes out as directives; an emergency it may propose, and people declare.
"""

from enum import StrEnum
from typing import Final

from pydantic import Field

from contracts.moments import Moment
from contracts.report import Code, Wire

SURGE_TAG: Final = "surge"
"""The tag that a case gets which is part of one; overlays of a ruleset ask for it."""
MOST_INCIDENTS: Final = 100
"""A fact names so many of its incidents, the first to come; `count` has them all."""


class SurgeStatus(StrEnum):
    """How a surge stands, by the fact told last."""

    BEGUN = "begun"
    UPDATED = "updated"
    ENDED = "ended"


class Surge(Wire):
    """One fact about one surge. The same fact is the same bytes whenever it is told again: no clock of ours is in it.

    `town` is the place's code, nine digits, or the district's six where the town is not known. `count` is how many
    incidents are part of it so far; `expected` and `threshold` are for one window of `window_minutes`, by the history
    of the same hours when it began. `at` is when this was so, by the stamps of the reports.
    """

    id: str = Field(min_length=1, max_length=128)
    status: SurgeStatus
    town: Code
    category: Code
    began_at: Moment
    at: Moment
    last_at: Moment
    count: int = Field(ge=1)
    expected: float = Field(ge=0)
    threshold: int = Field(ge=1)
    window_minutes: int = Field(ge=1)
    incidents: tuple[str, ...] = Field(default=(), max_length=MOST_INCIDENTS)
    proposes_emergency: bool = False
    exercise: bool = False
