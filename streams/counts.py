"""What one task's turn counted: told to the process's meter once the turn is committed, forgotten when it is not."""

from dataclasses import dataclass, field

from contracts.telemetry import Meter, Tally


@dataclass(slots=True)
class TurnCounts:
    """The counts of the turn in hand. `journeys` holds (channel, seconds since the epoch when the report came in)."""

    tally: Tally = field(default_factory=Tally)
    journeys: list[tuple[str, float]] = field(default_factory=list)

    def begin(self) -> None:
        """Forget what an aborted turn left behind."""
        self.tally.clear()
        self.journeys.clear()

    def committed(self, meter: Meter, now: float) -> None:
        """Tell everything to `meter`; `now` is the time of the commit, in seconds since the epoch."""
        for channel, received in self.journeys:
            self.tally.observe("incidentbus_publish_to_assignment_seconds", max(0.0, now - received), channel=channel)
        self.tally.flush_into(meter)
        self.journeys.clear()
