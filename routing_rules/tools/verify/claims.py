"""Claims: what a proof found, one at a time; "can" with a sample that the engine confirmed, "never" with who takes all.

Nothing here is a sentence: `report` makes findings and lines of claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from routing_rules.engine.schema import Overlay, Route
from routing_rules.tools.verify.witness import Sample


class Kind(StrEnum):
    """What may be claimed."""

    DEAD = "dead"  # a rule that never acts
    CROSSING = "crossing"  # a route that crosses later ones with another lead
    GAP = "gap"  # sorts of report that only the fallback catches
    UNFILLED = "unfilled"  # a target of a rule that comes to nobody somewhere
    IDLE = "idle"  # an agency that no rule ever assigns
    COMES_BACK = "comes-back"  # who should take over a returned case is who returned it


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: about `rule`, or an agency in `of`.

    `others` are the covering set of what is dead, those crossed, the rules that ask for an idle agency's function.
    `n` counts cells or places, `cells` are the first of them by their codes. `told` is what the engine decided on the
    sample.
    """

    kind: Kind
    rule: Route | Overlay | None = None
    of: str = ""
    others: tuple[str, ...] = ()
    n: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    sample: Sample | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return the claim as a JSON object."""
        shown: dict[str, Any] = {"claim": self.kind.value, "rule": self.rule.id if self.rule else None, "of": self.of}
        shown |= {"others": list(self.others), "n": self.n, "cells": [list(cell) for cell in self.cells]}
        if self.sample is not None:
            shown |= {"witness": self.sample.record(), "decided": dict(self.told)}
        return {key: value for key, value in shown.items() if value not in (None, "", [], 0)}


@dataclass(frozen=True, slots=True)
class Unproven:
    """A question whose proof its bound cut off, or whose sample the engine did not confirm."""

    kind: Kind
    of: str
    because: str  # "budget" or "unconfirmed"
