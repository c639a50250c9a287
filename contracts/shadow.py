"""What a ruleset in shadow would have decided otherwise: a record for those who write rules, never for an agency.

Written by dispatch in the transaction of the live decision, so a difference is told exactly once; where both rulesets
agree nothing is written. Codes and instants only: no word of the reporter's.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.codes import Role, Urgency
from contracts.lean import lean

SHADOW_DECISION: Final = "incidentbus.shadow-decision.v1"


class Differs(StrEnum):
    """In what two decisions differ, as far as anybody outside would notice."""

    LEAD = "lead"
    ROLES = "roles"
    DUE = "due"
    URGENCY = "urgency"
    CONFIDENTIAL = "confidential"
    TAGS = "tags"


@lean
class ShadowRole:
    """An agency and its part."""

    role: Role
    agency: str


@lean
class ShadowSide:
    """One of the two decisions: the rule that named the lead, and what came of it. `due` by milestone."""

    rule: str
    lead: str
    roles: tuple[ShadowRole, ...]
    due: Mapping[str, datetime]
    urgency: Urgency = Urgency.NORMAL
    confidential: bool = False
    tags: tuple[str, ...] = ()


@lean
class ShadowDecision:
    """One difference. `decision` is the live decision's id; `reread`: the shadow understood the report anew."""

    incident: str
    round: int
    decision: str
    at: datetime
    live_hash: str
    shadow_hash: str
    shadow_version: str
    differs: tuple[Differs, ...]
    live: ShadowSide
    shadow: ShadowSide
    reread: bool = False
    exercise: bool = False
