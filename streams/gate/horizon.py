"""Up to which moment a task has taken its inputs: what was stamped before a timer is applied before the timer.

An open input is taken up to a moment if its last taken record is stamped then or later, or if it was seen at its end
when that moment had come. An input that is paused or held is not waited for: the clock goes on without it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.ports import InboundRecord
from streams.gate.supply import Supply

_NEVER: Final = -1


class Horizon:
    """How far each input of one task was taken, in milliseconds of the records' stamps."""

    def __init__(self, supply: Supply) -> None:
        self._supply = supply
        self._reached: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    async def until(self, records: Sequence[InboundRecord], due: int | None, now: int) -> int:
        """Return the moment up to which timers may fire once `records` are applied; `due` is when the first one does.

        The broker is asked only where that helps: something is due, and an input may be at its end.
        """
        self._seen = {}
        hand = {record.topic: record.timestamp for record in records}
        topics = self._supply.open_topics()
        upto = {topic: max(self._reached.get(topic, _NEVER), hand.get(topic, _NEVER)) for topic in topics}
        if due is not None and due <= now:
            behind = [topic for topic, at in upto.items() if at < due]
            if behind and all(map(self._supply.may_be_at_end, behind)):
                self._seen = dict.fromkeys(await self._supply.at_end(behind), now)
                upto |= self._seen
        return min([now, *upto.values()])

    def committed(self, records: Sequence[InboundRecord], offsets: Mapping[str, int], whole: bool) -> None:
        """Note what has been taken for good; that an input was at its end holds only if all in hand was taken."""
        for record in records:
            if record.offset < offsets.get(record.topic, 0):
                self._reached[record.topic] = max(self._reached.get(record.topic, _NEVER), record.timestamp)
        if whole:
            self._reached |= self._seen
        self._seen = {}

    def unsee(self) -> None:
        """Not all in hand will be taken: that an input was at its end with it says nothing."""
        self._seen = {}

    def forget(self, topic: str) -> None:
        """An input is taken from elsewhere: nothing is known of it."""
        self._reached.pop(topic, None)
