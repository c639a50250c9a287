"""What a decision looks at: the incident, what is known besides, and which mode stands over its place (G49)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from contracts.codes import Mode
from contracts.decision import DecisionState, ModeRecord
from contracts.incident import Incident
from routing_rules.engine.reference.clock import local
from routing_rules.engine.reference.trees import subordinates, top_of, upward
from routing_rules.engine.schema import Ruleset


@dataclass(slots=True)
class Situation:
    """One incident in one round. `errors` and `gaps` collect what went wrong with expressions and calendars."""

    incident: Incident
    state: DecisionState
    ruleset: Ruleset
    now: datetime
    records: tuple[ModeRecord, ...] = ()
    about: tuple[str, ...] = ()
    about_top: bool = False
    lead: str | None = None
    errors: list[str] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)

    @property
    def on(self) -> date:
        """The local date on which rules and agencies must be in force."""
        return local(self.now, self.ruleset).date()

    @property
    def mode(self) -> Mode:
        """Emergency where the place, anything above it or an area that holds it has an active record."""
        return Mode.EMERGENCY if self.records else Mode.ROUTINE

    @property
    def responses(self) -> tuple[str, ...]:
        """The responses declared over the place, together."""
        return tuple(sorted({response for record in self.records for response in record.response}))

    @property
    def level(self) -> int | None:
        """The gravest level declared over the place; 1 is the gravest."""
        levels = [record.response_level for record in self.records if record.response_level is not None]
        return min(levels) if levels else None

    @property
    def conflicted(self) -> set[str]:
        """Those complained about and all beneath them, where the kind is one of complaint (G31)."""
        if self.incident.kind not in self.ruleset.conflict.kinds or not self.about:
            return set()
        return subordinates(set(self.about), self.ruleset)


def situation(incident: Incident, state: DecisionState, ruleset: Ruleset, now: datetime) -> Situation:
    """Look at an incident: which records of mode stand over it, whom it complains about."""
    made = Situation(incident, state, ruleset, now)
    made.records = tuple(record for record in state.modes if _stands_over(record, made))
    top = top_of(ruleset)
    made.about = tuple(code for code in incident.about if code != top)
    made.about_top = top in incident.about
    return made


def _stands_over(record: ModeRecord, here: Situation) -> bool:
    if record.mode is not Mode.EMERGENCY:
        return False
    if record.from_ is not None and here.now < record.from_:
        return False
    if record.until is not None and here.now >= record.until:
        return False
    if record.area is not None and record.area in here.incident.areas:
        return True
    return record.jurisdiction in upward(here.incident.jurisdiction, here.ruleset)
