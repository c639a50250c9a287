"""What was published and acknowledged: the ground that the witness stands on."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Published:
    """One acknowledged record. `external_id` is None where the payload is beyond reading: a dead letter is due.

    `place` is topic, partition and offset, as the broker acknowledged them.
    """

    channel: str
    external_id: str | None
    place: tuple[str, int, int]


@dataclass(slots=True)
class Ledger:
    """Everything that was acknowledged, in the order of the acknowledgements."""

    published: list[Published] = field(default_factory=list)

    def note(self, channel: str, external_id: str | None, place: tuple[str, int, int]) -> None:
        """Enter one acknowledged record."""
        self.published.append(Published(channel, external_id, place))

    def matters(self) -> set[tuple[str, str]]:
        """Return (channel, external id) of every matter that must reach an agency."""
        return {(p.channel, p.external_id) for p in self.published if p.external_id is not None}

    def unreadable(self) -> set[tuple[str, int, int]]:
        """Return the places of records that must become dead letters."""
        return {p.place for p in self.published if p.external_id is None}
