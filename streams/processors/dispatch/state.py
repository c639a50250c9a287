"""What dispatch remembers of a case: the incident as it stands, its round, its lead, who returned it.

On the changelog a case is one line of JSON and, after a line feed, the incident's own bytes: they are written as they
came and parsed only when a later round asks.
"""

from dataclasses import dataclass
from datetime import datetime

import orjson

from contracts.decision import Decision, DecisionState, ModeRecord
from contracts.directive import Directive
from contracts.incident import Incident, incident_bytes
from contracts.serde import read


@dataclass(frozen=True)
class CaseState:
    """One case between rounds."""

    incident: Incident
    round: int
    first_dispatched_at: datetime
    lead: str
    returned_by: tuple[str, ...] = ()
    adjudicated_to: str | None = None
    reporters: int = 1
    reports: int = 1

    @classmethod
    def after(cls, decision: Decision, incident: Incident) -> "CaseState":
        """Return the case as a decision leaves it."""
        state = decision.state
        first = state.first_dispatched_at or decision.now
        return cls(
            incident, decision.round, first, decision.lead, state.returned_by, state.adjudicated_to,
            state.reporters, state.reports,
        )  # fmt: skip

    @classmethod
    def read(cls, raw: bytes) -> "CaseState":
        """Parse a case from the changelog. Raises `ValueError` where it is not one."""
        head, _, body = raw.partition(b"\n")
        kept = orjson.loads(head)
        return cls(
            incident=read(Incident, body),
            round=kept["round"],
            first_dispatched_at=datetime.fromisoformat(kept["first_dispatched_at"]),
            lead=kept["lead"],
            returned_by=tuple(kept["returned_by"]),
            adjudicated_to=kept["adjudicated_to"],
            reporters=kept["reporters"],
            reports=kept["reports"],
        )

    def write(self, incident: bytes | None = None) -> bytes:
        """Return the case as the changelog keeps it. `incident`: its bytes as they came, where it is unchanged."""
        head = {
            "round": self.round,
            "first_dispatched_at": self.first_dispatched_at,
            "lead": self.lead,
            "returned_by": self.returned_by,
            "adjudicated_to": self.adjudicated_to,
            "reporters": self.reporters,
            "reports": self.reports,
        }
        return orjson.dumps(head) + b"\n" + (incident or incident_bytes(self.incident))

    def next_round(self, modes: tuple[ModeRecord, ...], directive: Directive | None = None) -> DecisionState:
        """Return what the next decision rests on, with what `directive` adds: a return, an adjudication."""
        returned = self.returned_by
        if directive is not None and directive.returned_by is not None and directive.returned_by not in returned:
            returned = (*returned, directive.returned_by)
        adjudicated = directive.agency if directive is not None and directive.agency else self.adjudicated_to
        return DecisionState(
            round=self.round + 1,
            first_dispatched_at=self.first_dispatched_at,
            returned_by=returned,
            adjudicated_to=adjudicated,
            reporters=self.reporters,
            reports=self.reports,
            modes=modes,
        )
