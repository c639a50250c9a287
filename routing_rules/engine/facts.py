"""Facts: one incident as the rules see it, worked out no further than a rule asks.

An incident holds what intake understood; facts add the mode of its place, local time, words found in its text. They
live for one decision and are never kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from contracts.codes import Mode
from contracts.decision import DecisionState, ModeRecord
from contracts.incident import Incident
from routing_rules.engine.calendars import WEEKDAYS, Calendars
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.expressions import Expression
from routing_rules.engine.normal import Words, normal

_NO_WORDS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Terms:
    """What a ruleset's conditions are read with; shared by all facts under one ruleset."""

    calendars: Calendars
    catalogue: Catalogue
    words: Words
    expressions: dict[str, Expression]
    ruleset: str  # its hash


@dataclass(frozen=True)
class Standing:
    """The mode of a place at a moment (G49): responses united, `level` the gravest; `records` made it so."""

    mode: Mode = Mode.ROUTINE
    responses: tuple[str, ...] = ()
    level: int | None = None
    records: tuple[ModeRecord, ...] = ()


ROUTINE: Final = Standing()


def standing(incident: Incident, records: tuple[ModeRecord, ...], catalogue: Catalogue, now: datetime) -> Standing:
    """Return the mode in which an incident is decided: an emergency of its place, of any place around, or of an area.

    A record counts from `from` on and until before `until`; a record of another mode than emergency ends nothing.
    """
    if not records:
        return ROUTINE
    around = catalogue.place_chain(incident.jurisdiction)
    active = tuple(r for r in records if r.stands_at(now) and (r.jurisdiction in around or r.area in incident.areas))
    if not active:
        return ROUTINE
    responses = sorted({response for record in active for response in record.response})
    levels = [record.response_level for record in active if record.response_level is not None]
    return Standing(Mode.EMERGENCY, tuple(responses), min(levels, default=None), active)


class Facts:
    """The incident under one ruleset, in one mode. `lead` is set before the overlays are judged."""

    __slots__ = (
        "_attributes", "_either", "_found", "_normal", "_occurred", "_received", "about", "area", "category",
        "channel", "errors", "gaps", "incident", "jurisdiction", "kind", "lead", "report", "reporter", "standing",
        "state", "terms", "urgency",
    )  # fmt: skip

    def __init__(
        self, incident: Incident, about: tuple[str, ...], state: DecisionState, mode: Standing, terms: Terms
    ) -> None:
        self.incident = incident
        self.report = report = incident.report
        self.state = state
        self.standing = mode
        self.terms = terms
        self.about = about
        self.channel = report.channel
        self.kind = incident.kind
        self.urgency = incident.urgency
        self.reporter = report.reporter.kind
        self.category = incident.category
        self.jurisdiction = incident.jurisdiction
        self.area = incident.areas
        self.lead: str | None = None
        self.errors: list[str] = []  # rules whose expression failed
        self.gaps: set[int] = set()  # years asked for that have no calendar
        self._normal: tuple[str, str] | None = None
        self._found: tuple[frozenset[str], frozenset[str]] | None = None
        self._either: frozenset[str] | None = None
        self._attributes: dict[str, str] = {}
        self._occurred: tuple[datetime | None, date | None] | None = None
        self._received: datetime | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Return title and text in normal form."""
        if self._normal is None:
            self._normal = (normal(self.report.title), normal(self.report.text))
        return self._normal

    @property
    def found(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the rule words that occur in the title, and in the text: told by intake, or looked for."""
        if self._found is None:
            told = self.incident.rule_words
            if told is not None and self.incident.understood_by.hash == self.terms.ruleset:
                self._found = (frozenset(told.title), frozenset(told.text))
            else:
                title, text = self.texts
                find = self.terms.words.present
                self._found = (find(title) if title else _NO_WORDS, find(text) if text else _NO_WORDS)
        return self._found

    def words(self, where: str) -> frozenset[str]:
        """Return the rule words found in `title`, in `text`, or in either; the two are searched apart (G13)."""
        title, text = self.found
        if where == "title":
            return title
        if where == "text":
            return text
        if self._either is None:
            self._either = title | text if title and text else title or text
        return self._either

    @property
    def attributes(self) -> dict[str, str]:
        """Return the channel's attributes, values in normal form."""
        return {name: self.attribute(name) or "" for name in self.report.attributes}

    def attribute(self, name: str) -> str | None:
        """Return one of the channel's attributes in normal form, if it gave it; worked out once."""
        found = self._attributes.get(name)
        if found is None and (given := self.report.attributes.get(name)) is not None:
            found = self._attributes[name] = normal(given)
        return found

    @property
    def occurred(self) -> tuple[datetime | None, date | None]:
        """Return when it happened: local moment and day; only a day where no clock time was given (G10)."""
        if self._occurred is None:
            self._occurred = self._occurrence()
        return self._occurred

    def _occurrence(self) -> tuple[datetime | None, date | None]:
        report = self.report
        if report.occurred_at is None:
            return None, report.occurred_on
        local = self.terms.calendars.local(report.occurred_at)
        return local, local.date()

    @property
    def received(self) -> datetime:
        """Return when the report was received, in local time."""
        if self._received is None:
            self._received = self.terms.calendars.local(self.incident.received_at)
        return self._received

    @property
    def absent(self) -> frozenset[str]:
        """Return the fields that `missing` may ask for and that this incident lacks."""
        return frozenset([name for name, lacks in _LACKS.items() if lacks(self)])

    def lacks(self, name: str) -> bool:
        """Say whether the incident lacks a field that `missing` may ask for."""
        return _LACKS[name](self)

    def day_words(self, on: date) -> frozenset[str]:
        """Return the names of a day, noting a year that has no calendar."""
        if not self.terms.calendars.known(on.year):
            self.gaps.add(on.year)
        return self.terms.calendars.words(on)

    def variable(self, name: str) -> Any:
        """Return one variable of an expression (G14); what is absent is `""`, `[]` or `-1`."""
        return _VARIABLES[name](self)


_LACKS: Final[Mapping[str, Callable[[Facts], bool]]] = {
    "occurred_at": lambda f: f.report.occurred_at is None and f.report.occurred_on is None,
    "point": lambda f: f.report.point is None,
    "address": lambda f: not f.report.address,
    "about": lambda f: not f.about,
}


def _occurred_hour(facts: Facts) -> int:
    moment = facts.occurred[0]
    return -1 if moment is None else moment.hour


_VARIABLES: Final[Mapping[str, Callable[[Facts], Any]]] = {
    "title": lambda f: f.texts[0],
    "text": lambda f: f.texts[1],
    "title_length": lambda f: len(f.texts[0]),
    "text_length": lambda f: len(f.texts[1]),
    "channel": lambda f: f.channel,
    "kind": lambda f: f.kind.value,
    "category": lambda f: f.category,
    "jurisdiction": lambda f: f.jurisdiction,
    "areas": lambda f: list(f.area),
    "urgency": lambda f: f.urgency.value,
    "mode": lambda f: f.standing.mode.value,
    "responses": lambda f: list(f.standing.responses),
    "tags": lambda f: list(f.incident.tags),
    "about": lambda f: list(f.about),
    "attributes": lambda f: f.attributes,
    "reporters": lambda f: f.state.reporters,
    "reports": lambda f: f.state.reports,
    "occurred_hour": _occurred_hour,
    "received_hour": lambda f: f.received.hour,
    "weekday": lambda f: WEEKDAYS[f.received.weekday()],
    "workday": lambda f: "workday" in f.day_words(f.received.date()),
}
