"""What one task's turn counted: told to the process's meter once the turn is committed, forgotten when it is not."""

from collections import Counter
from dataclasses import dataclass, field

from contracts.codes import Outcome, Role
from contracts.telemetry import Meter, Tally


@dataclass
class TurnCounts:
    """The counts of the turn in hand.

    What every record brings is counted by its labels alone and named once a turn (0.1 µs a count, a fifth of a
    tally's): `decided` by channel, outcome and route, `given` by agency and role, `shadowed` by the shadow's rule, the
    lead and the lead that it would name (all empty where it agreed). `journeys` holds (channel, seconds since the epoch
    when the report came in).
    """

    tally: Tally = field(default_factory=Tally)
    decided: Counter[tuple[str, Outcome, str]] = field(default_factory=Counter)
    given: Counter[tuple[str, Role]] = field(default_factory=Counter)
    shadowed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    journeys: list[tuple[str, float]] = field(default_factory=list)

    def begin(self) -> None:
        """Forget what an aborted turn left behind."""
        self.tally.clear()
        self._forget()

    def committed(self, meter: Meter, now: float) -> None:
        """Tell everything to `meter`; `now` is the time of the commit, in seconds since the epoch."""
        tally = self.tally
        for (channel, outcome, route), count in self.decided.items():
            tally.count("incidentbus_decisions_total", count, channel=channel, outcome=outcome.value)
            tally.count("incidentbus_decision_routes_total", count, route=route)
        for (agency, role), count in self.given.items():
            tally.count("incidentbus_assignments_total", count, agency=agency, role=role.value)
        for (rule, before, after), count in self.shadowed.items():
            tally.count("incidentbus_shadow_decisions_total", count, result="different" if rule else "same")
            if rule:
                tally.count("incidentbus_shadow_differences_total", count, rule=rule, before=before, after=after)
        for channel, received in self.journeys:
            tally.observe("incidentbus_publish_to_assignment_seconds", max(0.0, now - received), channel=channel)
        tally.flush_into(meter)
        self._forget()

    def _forget(self) -> None:
        self.decided.clear()
        self.given.clear()
        self.shadowed.clear()
        self.journeys.clear()
