"""What dispatch remembers of a case: the incident as it stands, who has it in which part, by when, who returned it.

On the changelog a case is one line of JSON and, after a line feed, the incident's own bytes: they are written as they
came and parsed only when somebody asks. What has nothing to say is left out, so that a case of the first schema
version, which had no parts, reads as one of today and is written back as it was. Of a case that is over a line is left
that says how it ended: enough to refuse what comes later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from contracts.codes import DirectiveKind, Milestone, Role
from contracts.decision import Decision, DecisionState, ModeRecord
from contracts.directive import Directive
from contracts.incident import Incident
from contracts.serde import read

STATE_VERSION: Final = 2
"""1 had no parts, deadlines or route, and no case was ever over."""

_OVER: Final = b'{"over":'

Given = tuple[Role, str]
"""A part in the current round: the role, and the agency that has it."""


@dataclass(frozen=True)
class CaseState:
    """One case between rounds. `body` is the incident as JSON; `given` is empty in a case of the first version.

    `due` are the earliest deadlines that the round's agencies know of; `dispatched_at` is when the round began.
    `earlier`: where an agency's part waits under a hold, the part of before that it still knows of, with its round.
    """

    body: bytes
    round: int
    first_dispatched_at: datetime
    lead: str
    returned_by: tuple[str, ...] = ()
    adjudicated_to: str | None = None
    reporters: int = 1
    reports: int = 1
    given: tuple[Given, ...] = ()
    route: str = ""
    dispatched_at: datetime | None = None
    confidential: bool = False
    due: tuple[tuple[Milestone, datetime], ...] = ()
    earlier: tuple[tuple[Role, str, int], ...] = ()

    def amended(self, decision: Decision, body: bytes) -> "CaseState":
        """Return the case as an amendment of its round leaves it: more agencies, tighter deadlines, nothing less."""
        state = decision.state
        return CaseState(
            body, self.round, self.first_dispatched_at, self.lead, self.returned_by, self.adjudicated_to,
            state.reporters, state.reports,
            given=_joined(self.parts(), decision),
            route=self.route,
            dispatched_at=self.dispatched_at,
            confidential=self.confidential or decision.confidential,
            due=_earliest(self.due, decision),
            earlier=self.earlier,
        )  # fmt: skip

    @classmethod
    def read(cls, raw: bytes) -> "CaseState":
        """Parse a case from the changelog. Raises `ValueError` or `KeyError` where it is none, or over."""
        head, _, body = raw.partition(b"\n")
        kept: dict[str, Any] = orjson.loads(head)
        dispatched_at = kept.get("dispatched_at")
        return cls(
            body=body,
            round=kept["round"],
            first_dispatched_at=datetime.fromisoformat(kept["first_dispatched_at"]),
            lead=kept["lead"],
            returned_by=tuple(kept["returned_by"]),
            adjudicated_to=kept["adjudicated_to"],
            reporters=kept["reporters"],
            reports=kept["reports"],
            given=tuple([(Role(role), agency) for role, agency in kept.get("given", ())]),
            route=kept.get("route", ""),
            dispatched_at=datetime.fromisoformat(dispatched_at) if dispatched_at else None,
            confidential=kept.get("confidential", False),
            due=tuple([(Milestone(milestone), datetime.fromisoformat(at)) for milestone, at in kept.get("due", ())]),
            earlier=tuple([(Role(role), agency, round_) for role, agency, round_ in kept.get("earlier", ())]),
        )

    def write(self) -> bytes:
        """Return the case as the changelog keeps it."""
        head: dict[str, Any] = {
            "round": self.round,
            "first_dispatched_at": self.first_dispatched_at,
            "lead": self.lead,
            "returned_by": self.returned_by,
            "adjudicated_to": self.adjudicated_to,
            "reporters": self.reporters,
            "reports": self.reports,
        }
        if self.given:
            head["given"] = self.given
            head["route"] = self.route
            head["due"] = self.due
        if self.dispatched_at is not None:
            head["dispatched_at"] = self.dispatched_at
        if self.confidential:
            head["confidential"] = True
        if self.earlier:
            head["earlier"] = self.earlier
        return orjson.dumps(head) + b"\n" + self.body

    @property
    def incident(self) -> Incident:
        """The incident as it stands, parsed."""
        return read(Incident, self.body)

    def parts(self) -> tuple[Given, ...]:
        """Return who has a part in the current round, the lead first; of an old case only the lead is known."""
        return self.given or ((Role.LEAD, self.lead),)

    def role_of(self, agency: str) -> Role | None:
        """Return an agency's role in the current round."""
        return next((role for role, each in self.parts() if each == agency), None)

    def next_round(
        self,
        modes: tuple[ModeRecord, ...],
        returned_by: str | None = None,
        adjudicated_to: str | None = None,
        directive: Directive | None = None,
    ) -> DecisionState:
        """Return what the next round's decision rests on, with a return or a ruling and what the directive counts."""
        returned = self.returned_by
        if returned_by is not None and returned_by not in returned:
            returned = (*returned, returned_by)
        return self._rested(self.round + 1, returned, adjudicated_to or self.adjudicated_to, modes, directive)

    def same_round(self, modes: tuple[ModeRecord, ...], directive: Directive) -> DecisionState:
        """Return what an amendment rests on: the round as it is, with the reporters that the directive counts."""
        return self._rested(self.round, self.returned_by, self.adjudicated_to, modes, directive)

    def _rested(
        self,
        round_: int,
        returned_by: tuple[str, ...],
        adjudicated_to: str | None,
        modes: tuple[ModeRecord, ...],
        directive: Directive | None,
    ) -> DecisionState:
        reporters, reports = self.reporters, self.reports
        if directive is not None:
            reporters, reports = max(reporters, directive.reporters or 1), max(reports, directive.reports or 1)
        return DecisionState(
            round=round_,
            first_dispatched_at=self.first_dispatched_at,
            returned_by=returned_by,
            adjudicated_to=adjudicated_to,
            reporters=reporters,
            reports=reports,
            modes=modes,
        )


def kept_after(decision: Decision, body: bytes) -> bytes:
    """Return the case as a decision of a new round leaves it, as the changelog keeps it; `body` is the incident.

    What `CaseState.write` would write, without the object: this is done for every incident.
    """
    state, first = decision.state, decision.state.first_dispatched_at
    head: dict[str, Any] = {
        "round": decision.round,
        "first_dispatched_at": first or decision.now,
        "lead": decision.lead,
        "returned_by": state.returned_by,
        "adjudicated_to": state.adjudicated_to,
        "reporters": state.reporters,
        "reports": state.reports,
        "given": [(each.role, each.agency) for each in decision.roles],
        "route": decision.route,
        "due": [(each.milestone, each.at) for each in decision.due],
    }
    if first is not None:
        head["dispatched_at"] = decision.now
    if decision.confidential:
        head["confidential"] = True
    return orjson.dumps(head) + b"\n" + body


def _joined(given: tuple[Given, ...], decision: Decision) -> tuple[Given, ...]:
    """Return the parts with those that an amendment adds; who had a part keeps it, or has a stronger one."""
    order = list(Role)
    parts = {agency: role for role, agency in given}
    for each in decision.roles:
        known = parts.get(each.agency)
        if known is None or order.index(each.role) < order.index(known):
            parts[each.agency] = each.role
    return tuple([(role, agency) for agency, role in parts.items()])


def _earliest(due: Sequence[tuple[Milestone, datetime]], decision: Decision) -> tuple[tuple[Milestone, datetime], ...]:
    earliest = dict(due)
    for each in decision.due:
        earliest[each.milestone] = min(each.at, earliest.get(each.milestone, each.at))
    return tuple(earliest.items())


def over(kind: DirectiveKind, round_: int) -> bytes:
    """Return what is left of a case that `kind` ended: some forty bytes."""
    return orjson.dumps({"over": kind, "round": round_})


def ended_by(raw: bytes) -> str | None:
    """Return the directive that ended a kept case; None where it is open."""
    return orjson.loads(raw)["over"] if raw.startswith(_OVER) else None


def upgraded(version: int, raw: bytes) -> bytes:
    """Return a value of an older schema version as today's: what version 1 kept is read as it is."""
    return raw


__all__ = ["STATE_VERSION", "CaseState", "Given", "ended_by", "kept_after", "over", "upgraded"]
