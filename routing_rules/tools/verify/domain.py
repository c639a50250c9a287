"""The domain: which values reports can have, as far as some condition of the rulesets can tell them apart.

What a condition makes of a value is asked of the engine's own tests, on facts that have that value; nothing here knows
how a tree nests or a role is meant. Words of texts are atoms, a word within another bound to it by the engine's own
search; moments, expressions and samples are atoms that may or may not hold, whatever else holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Mode, ReporterKind, Urgency
from contracts.decision import DecisionState
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine.compiler import Compiled, live
from routing_rules.engine.facts import ROUTINE, Facts, Standing
from routing_rules.engine.normal import Words
from routing_rules.engine.reasons import asked_of, field_holds
from routing_rules.engine.schema import Block, Overlay, Route, TextCondition
from routing_rules.tools.verify.boxes import Box, Cube

OTHER: Final = "-"
"""The value of an attribute that no rule asks for, or of one that is not given."""

EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
_PLAIN: Final = ("category", "jurisdiction", "channel", "kind", "urgency", "reporter", "located_by", "classified_by")
_COUNTED: Final = ("reporters", "reports")
_SEVERAL: Final = ("area", "response", "tags", "about")
_OPAQUE: Final = ("occurred_at", "received_at", "expr")
_GIVEN: Final = ("occurred_at", "point", "address")
_MODES: Final = (("mode", (Mode.ROUTINE, Mode.EMERGENCY)), ("response_level", (None, 1, 2, 3, 4)))


class Atom(NamedTuple):
    """What holds or doesn't: `of` is a field, or `title` or `text` for a word in it."""

    of: str
    value: Any


class Domain:
    """The fields, their values and the atoms of one ruleset or of several that are compared.

    `names` are the fields of one value in order, `values` theirs; bit *i* of a mask is value *i*. `day` has one value
    for each span of days in which no rule and no agency comes or goes, from `since` on, told by its first day.
    """

    def __init__(self, rulesets: Sequence[Compiled], since: date) -> None:
        self.rulesets = tuple(rulesets)
        self.since = since
        blocks = [block for each in rulesets for block in _blocks(each)]
        self.attributes = tuple(sorted({name for block in blocks for name in block.attributes or ()}))
        self.values: dict[str, tuple[Any, ...]] = dict(_values(rulesets, blocks, self.attributes, since))
        self.names = tuple(self.values)
        self.at = {name: n for n, name in enumerate(self.names)}
        self._words = tuple(dict.fromkeys(_wanted(blocks)))
        self.atoms = tuple(dict.fromkeys(_atoms(rulesets, blocks, self._words)))
        self.bit = {atom: 1 << n for n, atom in enumerate(self.atoms)}
        self._longer = _longer(self._words)
        self._lowering = {each.stamp: _Lowering(self, each) for each in rulesets}

    @property
    def whole(self) -> Box:
        """Everything that can come."""
        return Box(tuple((1 << len(values)) - 1 for values in self.values.values()))

    def mask(self, name: str, values: Iterable[Any]) -> int:
        """Return the bits of some values of a field; what the domain doesn't have is passed over."""
        places = {value: n for n, value in enumerate(self.values[name])}
        return sum(1 << places[value] for value in set(values) if value in places)

    def few(self, name: str, mask: int) -> tuple[Any, ...]:
        """Return the values that bits stand for."""
        return tuple(value for n, value in enumerate(self.values[name]) if mask >> n & 1)

    def cube(self, compiled: Compiled, block: Block) -> Cube | None:
        """Return what a block asks of reports; None where no report can be so."""
        return self._lowering[compiled.stamp].cube(block)

    def days(self, rule: Route | Overlay) -> int:
        """Return the days on which a rule is judged."""
        return sum(1 << n for n, day in enumerate(self.values["day"]) if live(rule, day))

    def about(self) -> int:
        """Return the atoms of agencies complained about."""
        return sum(bit for atom, bit in self.bit.items() if atom.of == "about")

    def word(self, word: str, where: str) -> int:
        """Return the atoms of a word in a title, a text or both, and of all words that have it in them."""
        places = ("title", "text") if where == "both" else (where,)
        return sum(self.bit[Atom(place, each)] for place in places for each in self._longer[word])


class _Lowering:
    """The conditions of one ruleset as bits, each asked once of the engine."""

    def __init__(self, domain: Domain, compiled: Compiled) -> None:
        self._domain = domain
        self._seen: dict[Any, int] = {}
        self._facts: dict[str, list[tuple[int, Facts]]] = {}
        self._compiled = compiled

    def cube(self, block: Block) -> Cube | None:
        one: dict[int, int] = {}
        no, yes = 0, list[int]()
        for name, value in asked_of(block):
            part = self._part(name, value)
            for field, mask in part.one:
                one[field] = one.get(field, -1) & mask
            no |= part.no
            yes += part.yes
        if any(not mask for mask in one.values()) or any(not clause & ~no for clause in yes):
            return None
        return Cube(tuple(sorted(one.items())), no, tuple(dict.fromkeys(yes)))

    def _part(self, name: str, value: Any) -> Cube:
        at = self._domain.at
        if isinstance(value, TextCondition):
            return self._text(value)
        if name in _OPAQUE:
            given = ((at["missing:occurred_at"], 2),) if name == "occurred_at" else ()
            return Cube(given, yes=(self._domain.bit[Atom(name, value)],))
        if name == "missing":
            return self._missing(value)
        if name == "attributes":
            return Cube(tuple((at[f"attribute:{key}"], self._asked(name, {key: value[key]}, key)) for key in value))
        urgent = ((at["mode"], 2),) if name in {"response", "response_level"} else ()
        asked = self._asked(name, value)
        return Cube(urgent, yes=(asked,)) if name in _SEVERAL else Cube((*urgent, (at[name], asked)))

    def _text(self, value: TextCondition) -> Cube:
        word = self._domain.word
        no = yes = 0
        for each in value.none:
            no |= word(each, value.where)
        for each in value.any:
            yes |= word(each, value.where)
        every = tuple(word(each, value.where) for each in value.all)
        return Cube(no=no, yes=(*((yes,) if value.any else ()), *every))

    def _missing(self, value: frozenset[str]) -> Cube:
        one = tuple((self._domain.at[f"missing:{name}"], 1) for name in sorted(value) if name in _GIVEN)
        return Cube(one, no=self._domain.about() if "about" in value else 0)

    def _asked(self, name: str, value: Any, key: str = "") -> int:
        """Return the values, or atoms, for which the engine's test of a field holds."""
        known = (name, key, frozenset(value[key]) if key else value)
        if known not in self._seen:
            field = f"attribute:{key}" if key else name
            if field not in self._facts:
                self._facts[field] = list(self._each(field))
            self._seen[known] = sum(bit for bit, facts in self._facts[field] if field_holds(name, value, facts))
        return self._seen[known]

    def _each(self, field: str) -> Iterable[tuple[int, Facts]]:
        if field in _SEVERAL:
            for atom, bit in self._domain.bit.items():
                if atom.of == field:
                    yield bit, self._facts_of(field, (atom.value,))
        else:
            for n, value in enumerate(self._domain.values[field]):
                yield 1 << n, self._facts_of(field, value)

    def _facts_of(self, field: str, value: Any) -> Facts:
        incident, state = blank(self._compiled), DecisionState()
        mode, about = ROUTINE, value if field == "about" else ()
        if field in {"mode", "response", "response_level"}:
            mode = Standing(**{_STANDING[field]: value})
        elif field in _COUNTED:
            state = replace(state, **{field: value})
        elif field == "reporter":
            report = incident.report
            reporter = report.reporter.model_copy(update={"kind": value})
            incident = incident.model_copy(update={"report": report.model_copy(update={"reporter": reporter})})
        elif field == "channel" or field.startswith("attribute:"):
            given = {"channel": value} if field == "channel" else {"attributes": {field.partition(":")[2]: value}}
            incident = incident.model_copy(update={"report": incident.report.model_copy(update=given)})
        elif field in {"area", "tags", *_PLAIN}:
            incident = incident.model_copy(update={"areas" if field == "area" else field: value})
        facts = Facts(incident, about, state, mode, self._compiled.terms)
        facts.lead = value if field == "lead" else None
        return facts


_STANDING: Final = {"mode": "mode", "response": "responses", "response_level": "level"}


def blank(compiled: Compiled) -> Incident:
    """Return an incident that says nothing but what it must, and lies in the root."""
    channel = next(iter(compiled.ruleset.channels))
    report = Report(channel=channel, external_id="verify", text=OTHER)
    return Incident(
        id="verify", report=report, received_at=EPOCH, kind=compiled.ruleset.kind_default,
        jurisdiction=compiled.ruleset.root, understood_by=compiled.ref,
    )  # fmt: skip


def _blocks(compiled: Compiled) -> list[Block]:
    return [*compiled.ruleset.blocks, *compiled.fallback.accepts]


def _values(
    rulesets: Sequence[Compiled], blocks: Sequence[Block], attributes: Iterable[str], since: date
) -> Iterable[tuple[str, tuple[Any, ...]]]:
    sets = [each.ruleset for each in rulesets]
    yield "category", _union((*each.categories, "unclassified") for each in sets)
    yield "jurisdiction", _union((each.root, *each.jurisdictions) for each in sets)
    yield "channel", _union(each.channels for each in sets)
    closed = (Kind, Urgency, ReporterKind, LocatedBy, ClassifiedBy)
    yield from zip(_PLAIN[3:], (tuple(words) for words in closed), strict=True)
    yield from _MODES
    for name in _COUNTED:
        asked = {getattr(block, name) for block in blocks} - {None}
        yield name, tuple(sorted({1, *asked}))
    for name in _GIVEN:
        yield f"missing:{name}", (True, False)
    for name in attributes:
        yield f"attribute:{name}", (OTHER, *sorted(_union((b.attributes or {}).get(name, ()) for b in blocks)))
    yield "lead", _union(each.agencies for each in sets)
    yield "day", _days(rulesets, since)


def _union(lists: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for each in lists for value in each))


def _days(rulesets: Sequence[Compiled], since: date) -> tuple[date, ...]:
    spans = [rule.effective for each in rulesets for rule in each.ruleset.rules]
    spans += [agency.effective for each in rulesets for agency in each.ruleset.agencies.values()]
    begins = {span.start for span in spans if span.start is not None}
    gone = {span.until + timedelta(days=1) for span in spans if span.until is not None and span.until < date.max}
    return tuple(sorted({since, *(day for day in begins | gone if day > since)}))


def _atoms(rulesets: Sequence[Compiled], blocks: Sequence[Block], words: Iterable[str]) -> Iterable[Atom]:
    for compiled in rulesets:
        ruleset = compiled.ruleset
        several: Mapping[str, Iterable[str]] = {
            "area": ruleset.areas, "response": ruleset.responses, "tags": ruleset.tags,
            "about": [code for code in ruleset.agencies if code != compiled.catalogue.top],
        }  # fmt: skip
        yield from (Atom(of, value) for of, values in several.items() for value in values)
    for name in _OPAQUE:
        yield from (Atom(name, getattr(block, name)) for block in blocks if getattr(block, name) is not None)
    yield from (Atom(place, word) for word in words for place in ("title", "text"))


def _wanted(blocks: Iterable[Block]) -> Iterable[str]:
    for text in (block.text for block in blocks if block.text is not None):
        yield from (*text.any, *text.all, *text.none)


def _longer(words: Sequence[str]) -> dict[str, list[str]]:
    """Return for each word those that have it in them, itself among them, as the engine finds words."""
    found: dict[str, list[str]] = {word: [word] for word in words}
    search = Words(words)
    for word in words:
        for part in search.present(word):
            if part != word and part in found:
                found[part].append(word)
    return found
