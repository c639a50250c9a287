"""Made reports, and the rounds that an incident goes through: returned, adjudicated, under a declared mode."""

from datetime import UTC, date, datetime, timedelta
from random import Random

from contracts.codes import Kind, Mode, ReporterKind, Urgency
from contracts.decision import DecisionState, ModeRecord
from contracts.incident import Incident
from contracts.report import Point, Report, Reporter
from routing_rules.engine.schema import Ruleset
from tests.routing_rules.engine.twin.words import AFTER, AGENCY_NAMES, BEFORE, KIND_WORDS, PLACE_NAMES, RULE_WORDS, Dice
from tests.routing_rules.engine.twin.worlds import ATTRIBUTES, CHANNELS, LABELS, RESPONSES, TAGS

STARTS = (
    datetime(2026, 5, 11, 16, 0, tzinfo=UTC),  # a Tuesday's midnight in Shanghai
    datetime(2026, 5, 15, 22, 0, tzinfo=UTC),
    datetime(2026, 12, 30, 9, 0, tzinfo=UTC),
    datetime(2026, 3, 7, 18, 0, tzinfo=UTC),  # clocks change in New York
)
SAID = (*RULE_WORDS, *RULE_WORDS, *PLACE_NAMES, *AGENCY_NAMES, *AFTER, *BEFORE, *KIND_WORDS)


class Matters:
    """Reports for one ruleset, and what became of them."""

    def __init__(self, random: Random, ruleset: Ruleset) -> None:
        self.dice = Dice(random)
        self.ruleset = ruleset
        self.start = self.dice.one(STARTS)
        self.amending = Dice(Random(repr(self.start) + ruleset.root + str(len(ruleset.routes))))
        """Dice of their own for amendments: the rounds fall as they would without them."""

    def moment(self) -> datetime:
        """Return a moment within some days, often at a full hour or at its very edge."""
        hours = timedelta(hours=self.dice.number(0, 72))
        return self.start + hours + self.dice.one([timedelta(0), timedelta(minutes=30), timedelta(seconds=-1)])

    def report(self, number: int, received_at: datetime) -> Report:
        dice, ruleset = self.dice, self.ruleset
        rarely = dice.chance
        occurred = received_at - timedelta(minutes=dice.number(0, 3000)) if rarely(35) else None
        return Report(
            channel=dice.one([*CHANNELS, *CHANNELS, "other"]), external_id=str(number),
            title=dice.spoken(SAID, 4), text=dice.spoken(SAID, 8), kind=dice.one(Kind) if rarely(40) else None,
            category=dice.one([*ruleset.categories, "gone"]) if rarely(30) else None,
            native_category=dice.one(LABELS) if rarely(20) else None,
            jurisdiction=dice.one([*ruleset.jurisdictions, "r", "gone"]) if rarely(30) else None,
            native_place=dice.one(LABELS) if rarely(20) else None,
            address=dice.spoken(PLACE_NAMES, 3) if rarely(50) else None, point=self._point() if rarely(40) else None,
            occurred_at=occurred, occurred_on=self._day(received_at) if rarely(15) and occurred is None else None,
            urgency=dice.one(Urgency) if rarely(30) else None, about=self._about() if rarely(35) else (),
            reporter=Reporter(kind=dice.one(ReporterKind), secrecy=rarely(12)),
            tags=dice.words(TAGS, 2) if rarely(30) else (),
            attributes={name: dice.one([*values, "ＢＩＧ", "x"]) for name, values in ATTRIBUTES.items() if rarely(40)},
        )  # fmt: skip

    def _point(self) -> Point:
        return Point(longitude=118 + self.dice.number(0, 28) / 32, latitude=33 + self.dice.number(0, 28) / 32)

    def _day(self, received_at: datetime) -> date:
        return (received_at - timedelta(days=self.dice.number(0, 3))).date()

    def _about(self) -> tuple[str, ...]:
        agencies = list(self.ruleset.agencies)
        called = self.dice.some([*agencies, *agencies, *AGENCY_NAMES, "城管 局", "Ｇ1", "CENTRE", "no such"], 1, 2)
        return tuple(called)

    def as_amended(self, incident: Incident) -> Incident:
        """Return an incident as an older ruleset, a directive or a merge may have left it."""
        dice = self.dice
        change = dice.one(["jurisdiction", "about", "areas", "tags", "category"])
        values = {
            "jurisdiction": dice.one(["gone", *self.ruleset.jurisdictions]), "tags": dice.words(TAGS, 2),
            "about": dice.words(["top", "gone", "centre"], 2), "category": dice.one(["a/b", "abc", "a"]),
            "areas": dice.words(["lake", "gone", *self.ruleset.areas], 2),
        }  # fmt: skip
        return incident.model_copy(update={change: values[change]})

    def as_corrected(self, incident: Incident) -> Incident:
        """Return an incident as an amendment leaves it: usually a tag more, sometimes another place or category."""
        dice, changes = self.amending, {}
        if dice.chance(60):
            changes["tags"] = tuple(dict.fromkeys((*incident.tags, *dice.words(TAGS, 2))))
        if dice.chance(20):
            changes["jurisdiction"] = dice.one(self.ruleset.jurisdictions)
        if dice.chance(20):
            changes["category"] = dice.one(self.ruleset.categories)
        if dice.chance(20):
            changes["about"] = tuple(dice.some(self.ruleset.agencies, 1, 2))
        if dice.chance(30):
            changes["urgency"] = dice.one(Urgency)
        return incident.model_copy(update=changes)

    def first(self, now: datetime) -> DecisionState:
        dice = self.dice
        records = tuple(self._record(now) for _ in range(dice.number(0, 2)))
        return DecisionState(modes=records, reporters=dice.number(1, 4), reports=dice.number(1, 4))

    def later(self, state: DecisionState, lead: str, first: datetime, now: datetime) -> DecisionState:
        """Return the state after the lead returned the case, or after somebody decided."""
        dice = self.dice
        to = dice.one([*self.ruleset.agencies, "gone"]) if dice.chance(20) else None
        returned = (*state.returned_by, lead) if to is None or dice.chance(50) else state.returned_by
        records = state.modes if dice.chance(50) else tuple(self._record(now) for _ in range(dice.number(0, 2)))
        return DecisionState(
            state.round + 1, first, returned, to, state.reporters + dice.number(0, 2), state.reports, records
        )

    def _record(self, now: datetime) -> ModeRecord:
        dice, ruleset = self.dice, self.ruleset
        over_area = bool(ruleset.areas) and dice.chance(25)
        return ModeRecord(
            mode=dice.one([Mode.EMERGENCY, Mode.EMERGENCY, Mode.EMERGENCY, Mode.ROUTINE]),
            jurisdiction=None if over_area else dice.one([*ruleset.jurisdictions, "c", "r"]),
            area=dice.one(ruleset.areas) if over_area else None,
            response=dice.words(RESPONSES, 2),
            response_level=dice.one([None, 1, 2, 3, 4]),
            from_=dice.one([None, now, now + timedelta(seconds=1), now - timedelta(days=1)]),
            until=dice.one([None, now, now + timedelta(seconds=1), now + timedelta(days=1)]),
        )
