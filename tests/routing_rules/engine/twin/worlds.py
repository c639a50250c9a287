"""Made rulesets: every field of the schema, small vocabularies, so that rules tie, overlap and shadow each other.

A world is what the loader would let through: one fallback, a chain of supervisors that ends at the top, no two agencies
of one function and tier for one place.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Milestone, Mode, ReporterKind, Urgency
from routing_rules.engine.schema import (
    Agency,
    AgencyRef,
    Area,
    Block,
    Calendar,
    Category,
    ChannelSpec,
    Classify,
    Conflict,
    CountyDeadlines,
    Deadline,
    Effective,
    FirstReceiver,
    Jurisdiction,
    Overlay,
    Place,
    Position,
    RoleRef,
    Route,
    Ruleset,
    Span,
    SpanUnit,
    Status,
    Target,
    TextCondition,
    TimeCondition,
)
from tests.routing_rules.engine.twin.words import (
    AFTER,
    AGENCY_NAMES,
    BEFORE,
    KIND_WORDS,
    MASKS,
    PLACE_NAMES,
    RULE_WORDS,
    Dice,
)

AT = Position("routes/10-made.yaml", 1, 1)
TIERS = ("village", "town", "district", "city")
FUNCTIONS = ("urban", "police", "government")
CHANNELS = ("hotline", "police", "board")
TAGS = ("night", "school", "group")
RESPONSES = ("flood", "fire")
CATEGORIES = ("a", "a/b", "a/b/c", "a/d", "ab", "ab/c", "e")
ATTRIBUTES = {"size": ("big", "small"), "kind of": ("a1", "鱼")}
EXPRESSIONS = (
    "reporters > 1", 'title.contains("鱼")', "text_length > 8", "occurred_hour < 6",
    "workday", '"night" in tags', 'mode == "emergency" && urgency == "normal"', 'weekday == "sat" || workday',
    '"lake" in areas', '"flood" in responses', "received_hour >= 18", 'attributes["kind of"] == "a1" || reports > 2',
    'category.startsWith("a/") && kind != "help"', 'channel == "hotline" && jurisdiction != "r"',
)  # fmt: skip
REFUSED = ('attributes["size"] == "big"', "title_length / (reports - 1) > 2", "reports")
"""Expressions that fail for some incident: the loader finds them out, the engine must live with them all the same."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "restday", "holiday")
LABELS = ("L1", "L2", "l1")
NEW_YEAR = date(2027, 1, 1)


def world(random: Random, *, mended: bool = False) -> Ruleset:
    """Return a ruleset. `mended`: nothing in it that the loader refuses, whatever its places and dates."""
    return _World(Dice(random), mended).made()


class _World:
    def __init__(self, dice: Dice, mended: bool) -> None:
        self.dice = dice
        self.mended = mended
        self.places = self._jurisdictions()
        self.areas = self._areas()
        self.agencies = self._agencies()
        self.categories = self._categories()
        self.fallback_lead = next(code for code, agency in self.agencies.items() if agency.function == "command")

    def made(self) -> Ruleset:
        dice = self.dice
        routes = [self._route(n) for n in range(dice.number(2, 8))]
        fallback = Route(
            id="fallback", title="t", owner="command", at=AT, order=99, lead=AgencyRef(self.fallback_lead),
            fallback=True, co_handlers=self._targets(1), inform=self._targets(1), deadline=self._deadline(),
            tags=dice.words(TAGS, 1),
        )  # fmt: skip
        return Ruleset(
            id="made", title="made", version="1", hash="0" * 64,
            timezone=dice.one(["Asia/Shanghai", "Asia/Shanghai", "America/New_York"]), root="r", tiers=TIERS,
            calendar="cn", max_returns=dice.number(1, 3), short_name=dice.number(1, 3),
            functions=dict.fromkeys((*FUNCTIONS, "command", "platform"), "f"),
            channels=self._channels(),
            kind_default=dice.one(Kind), kind_words=self._kind_words(), tags=dict.fromkeys(TAGS, "t"),
            responses=dict.fromkeys(RESPONSES, "r"), routes=(*routes, fallback),
            overlays=tuple(self._overlay(n) for n in range(dice.number(0, 5))), agencies=self.agencies,
            jurisdictions=self.places, categories=self.categories, places=self._named(), areas=self.areas,
            calendars=self._calendars(), outside="out",
            classify=Classify(dice.number(1, 3), dice.number(1, 6), dice.number(0, 2)), conflict=self._conflict(),
            deadlines=CountyDeadlines(
                self._spans(3), {kind: self._spans(2, 1) for kind in dice.some(Kind, 0, 3)},
                {urgency: self._spans(3, 1) for urgency in dice.some(Urgency, 1, 3)},
            ),
        )  # fmt: skip

    def _jurisdictions(self) -> dict[str, Jurisdiction]:
        dice = self.dice
        tree: list[tuple[str, str, str | None]] = [("c", "city", None), ("r", "district", "c"), ("out", "city", None)]
        tree += [(f"t{n}", "town", dice.one(["r", "r", "r", "out"])) for n in range(dice.number(1, 4))]
        towns = [code for code, tier, _ in tree if tier == "town"]
        tree += [(f"v{n}", "village", dice.one([*towns, "r"])) for n in range(dice.number(0, 3))]
        tree += [("r1", "district", dice.one(["out", "c"]))]
        return {
            code: Jurisdiction(
                code,
                dice.one(PLACE_NAMES),
                tier,
                parent,
                dice.words(PLACE_NAMES, 2),
                self._labels(),
                synthetic=code == "out",
            )
            for code, tier, parent in tree
        }

    def _channels(self) -> dict[str, ChannelSpec]:
        dice = self.dice
        return {code: ChannelSpec(code, code, dice.one([*self.agencies, None]), dice.chance(50)) for code in CHANNELS}

    def _labels(self) -> dict[str, tuple[str, ...]]:
        return {channel: tuple(self.dice.some(LABELS, 1, 2)) for channel in self.dice.some(CHANNELS, 0, 2)}

    def _areas(self) -> dict[str, Area]:
        dice = self.dice
        drawn = [*dice.some(self.places, 0, 3), *dice.some(["lake", "pond", "wood"], 1 if self.mended else 0, 3)]
        within = dice.some([None, *self.places], 1, 3)
        return {code: self._area(code, n, dice.one(within)) for n, code in enumerate(drawn)}

    def _area(self, code: str, n: int, jurisdiction: str | None) -> Area:
        """Return one or two rectangles on a small grid; each area has a size of its own."""
        dice = self.dice
        west, south, width, height = dice.number(0, 5), dice.number(0, 5), 3 + n, 4
        outer = _ring(west, south, west + width, south + height)
        hole = _ring(west + 1, south + 1, west + 2, south + 2)
        polygons = [(outer, hole)] if dice.chance(30) else [(outer,)]
        if dice.chance(20):
            polygons.append((_ring(12, n, 13, n + 1),))
        return Area(code, code, tuple(polygons), jurisdiction)

    def _agencies(self) -> dict[str, Agency]:
        dice = self.dice
        free = {(function, tier): list(self.places) for function in FUNCTIONS for tier in TIERS}
        lakes = {(function, tier): list(self.areas) for function in FUNCTIONS for tier in TIERS}
        made = {
            "top": Agency("top", "上级平台", "platform", "city", ("c", "out"), top=True),
            "centre": Agency("centre", "指挥中心", "command", "district", ("r",), supervisor="top", names=("中心",)),
        }
        wanted = [(function, "city", ["c", "out"]) for function in FUNCTIONS if self.mended or dice.chance(40)]
        wanted += [(dice.one(FUNCTIONS), dice.one(TIERS), None) for _ in range(dice.number(3, 10))]
        for n, (function, tier, everything) in enumerate(wanted):
            covers = everything or dice.some(free[function, tier], 0, 2)
            areas = dice.some(lakes[function, tier], 0, 1)
            free[function, tier] = [code for code in free[function, tier] if code not in covers]
            lakes[function, tier] = [code for code in lakes[function, tier] if code not in areas]
            if covers or areas:
                made[f"g{n}"] = Agency(
                    f"g{n}", f"单位{n}", function, tier, tuple(covers), tuple(areas), dice.one(made),
                    names=dice.words(self._agency_names(), 2), effective=self._effective(0 if self.mended else 10),
                    calendar=dice.one(["always", "own", None, None]) if dice.chance(50) else None,
                )  # fmt: skip
        return made

    def _agency_names(self) -> list[str]:
        return [name for name in AGENCY_NAMES if not self.mended or name not in PLACE_NAMES]

    def _categories(self) -> dict[str, Category]:
        dice = self.dice
        codes = [code for code in CATEGORIES if dice.chance(80)] or ["a"]
        if self.mended:
            codes = [code for code in codes if all(above in codes for above in _above(code))] or ["a"]
        made = {
            code: Category(
                code, code, "urban", {word: dice.number(1, 5) for word in dice.some(RULE_WORDS, 0, 4)},
                dice.words(MASKS, 1) if dice.chance(40) else (), self._labels(),
            )
            for code in codes
        }  # fmt: skip
        return made | {"unclassified": Category("unclassified", "unclassified")}  # as the loader has it

    def _kind_words(self) -> dict[Kind, tuple[str, ...]]:
        return {kind: tuple(self.dice.some(KIND_WORDS, 1, 2)) for kind in self.dice.some(Kind, 0, 5)}

    def _conflict(self) -> Conflict:
        dice = self.dice
        kinds = frozenset(dice.some(Kind, 2, 4)) | {Kind.COMPLAINT}
        return Conflict(
            kinds, dice.number(0, 6), dice.one(["", "到给过后", "到"]), dice.words(BEFORE, 2), dice.words(AFTER, 2)
        )

    def _named(self) -> tuple[Place, ...]:
        dice = self.dice
        return tuple(
            Place(name, "road", dice.words(self.places, 2), dice.one([None, None, *self.areas]))
            for name in dice.some(PLACE_NAMES, 1 if self.mended else 0, 5)
        )

    def _calendars(self) -> dict[tuple[str, int], Calendar]:
        """Return the calendar of 2026, or none; other years have one now and then."""
        had = [("cn", 2024, 10), ("cn", 2026, 92), ("cn", 2027, 30), ("own", 2026, 70), ("own", 2027, 30)]
        drawn = [(id_, year) for id_, year, share in had if self.mended or self.dice.chance(share)]
        return {(id_, year): self._calendar(id_, year) for id_, year in drawn}

    def _calendar(self, id_: str, year: int) -> Calendar:
        dice = self.dice
        hours = dice.one([((510, 720), (840, 1080)), ((540, 1020),), ((0, 1440),), ((480, 495),)])
        first = date(year, 5, 11)
        near = [*(first + timedelta(n) for n in range(10)), date(year, 1, 4), date(year, 12, 30), date(year, 3, 8)]
        holidays = dict.fromkeys(dice.some(near, 0, 3), "holiday")
        worked = frozenset(dice.some(near, 0, 3))
        return Calendar(id_, year, frozenset(dice.some(range(7), 4, 6)), hours, holidays, worked)

    def _span(self) -> Span:
        unit = self.dice.one(SpanUnit)
        counts = {"m": (5, 600), "h": (1, 60), "wh": (1, 20), "bd": (1, 4), "d": (1, 6), "none": (0, 0)}
        return Span(self.dice.number(*counts[unit.value]), unit)

    def _spans(self, most: int, least: int = 0) -> dict[Milestone, Span]:
        return {milestone: self._span() for milestone in self.dice.some(Milestone, least, most)}

    def _deadline(self, least: int = 0) -> Deadline:
        spans = self._spans(2, least)
        return Deadline(spans, bool(spans) and self.dice.chance(20))

    def _effective(self, of_hundred: int) -> Effective:
        dice = self.dice
        if not dice.chance(of_hundred):
            return Effective()
        days = [date(2026, 5, 12), date(2026, 5, 13), date(2026, 5, 16), date(2026, 12, 31)]
        start, until = sorted(dice.some(days, 2, 2))
        return dice.one([Effective(start), Effective(None, until), Effective(start, until)])

    def _target(self) -> Target:
        dice = self.dice
        if dice.chance(55):
            tier = dice.one([None, "village", "town", "town", "district"])
            return RoleRef(dice.one(FUNCTIONS), tier, dice.chance(80))
        return FirstReceiver() if dice.chance(15) else AgencyRef(dice.one(self.agencies))

    def _targets(self, most: int) -> tuple[Target, ...]:
        return tuple(self._target() for _ in range(self.dice.number(0, most)))

    def _lead(self) -> Target:
        lead = self._target()
        return RoleRef(lead.function, lead.tier) if self.mended and isinstance(lead, RoleRef) else lead

    def _asked(self, most: int) -> tuple[Target, ...]:
        named = [AgencyRef(code) for code in self.agencies] + [RoleRef(function) for function in FUNCTIONS]
        return tuple(self.dice.some(named, 1, most))

    def _rule(self) -> dict[str, Any]:
        dice = self.dice
        return {
            "title": "t", "owner": "urban", "at": AT,
            "unless": tuple(self._block(2) for _ in range(dice.number(1, 2))) if dice.chance(25) else (),
            "co_handlers": self._targets(2), "inform": self._targets(2), "deadline": self._deadline(),
            "urgency": dice.one(Urgency) if dice.chance(30) else None, "tags": dice.words(TAGS, 2),
            "status": dice.one([Status.ACTIVE] * 6 + [Status.TRIAL, Status.OFF]), "effective": self._effective(12),
        }  # fmt: skip

    def _route(self, n: int) -> Route:
        dice = self.dice
        by_kind = {kind: self._deadline(1) for kind in dice.some(Kind, 0, 2)} if dice.chance(20) else {}
        return Route(
            id=f"r{n}", order=n + 1, lead=self._lead(), when=tuple(self._block(2) for _ in range(dice.number(1, 3))),
            on_return=self._targets(2), deadline_by_kind=by_kind, confidential=dice.chance(12), gate=dice.chance(20),
            **self._rule(),
        )  # fmt: skip

    def _overlay(self, n: int) -> Overlay:
        blocks = tuple(self._block(2, overlay=True) for _ in range(self.dice.number(0, 2)))
        rule = self._rule()
        rule["deadline"] = Deadline(rule["deadline"].spans)
        rule["tags"] = rule["tags"] or (TAGS[:1] if self.mended else ())
        sample = self.dice.one([100, 5000, 9000]) if self.dice.chance(20) else None
        return Overlay(id=f"o{n}", when=blocks, sample=sample, **rule)

    def _block(self, most: int, *, overlay: bool = False) -> Block:
        names = [name for name in ASKED if overlay or name != "lead"]
        weighed = [name for name in names for _ in range(3 if name in OFTEN else 1)]
        chosen = {self.dice.one(weighed) for _ in range(self.dice.number(1, most))}
        return Block(**{name: ASKED[name](self) for name in names if name in chosen})

    def codes(self, values: Any, most: int = 3) -> frozenset[Any]:
        return frozenset(self.dice.some(values, 1, most))

    def text(self) -> TextCondition:
        dice = self.dice
        any_, all_ = dice.words(RULE_WORDS, 3), dice.words(RULE_WORDS, 2) if dice.chance(25) else ()
        none = tuple(word for word in dice.words(RULE_WORDS, 1) if not any(word in wanted for wanted in (*any_, *all_)))
        asked = TextCondition(any_, all_, none, dice.one(["title", "text", "both", "both"]))
        return asked if any_ or all_ or none else TextCondition(any=(dice.one(RULE_WORDS),))

    def time(self) -> TimeCondition:
        dice = self.dice
        hours = [0, 1, 60, 359, 360, 510, 600, 720, 1080, 1320, 1439]
        start = dice.one(hours)
        end = dice.one([minute for minute in (*hours[1:], 1440) if minute != start])
        days = frozenset(dice.some(DAYS, 1, 3)) if dice.chance(50) else frozenset()
        dates = dice.one([((5, 12), (5, 13)), ((11, 1), (5, 12)), ((12, 31), (1, 1))]) if dice.chance(25) else None
        between = (start, end) if dice.chance(60) or not (days or dates) else None
        return TimeCondition(between, days, dates)

    def attributes(self) -> dict[str, frozenset[str]]:
        return {name: self.codes(ATTRIBUTES[name], 2) for name in self.dice.some(ATTRIBUTES, 1, 2)}


def _above(code: str) -> list[str]:
    parts = code.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _ring(west: int, south: int, east: int, north: int) -> tuple[tuple[float, float], ...]:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return tuple((118.0 + x / 16, 33.0 + y / 16) for x, y in corners)


OFTEN = frozenset({"category", "jurisdiction", "text", "kind", "channel"})
ASKED: dict[str, Any] = {
    "channel": lambda w: w.codes(CHANNELS, 2),
    "kind": lambda w: w.codes(Kind),
    "urgency": lambda w: w.codes(Urgency, 2),
    "reporter": lambda w: w.codes(ReporterKind),
    "category": lambda w: w.codes(w.categories, 2),
    "jurisdiction": lambda w: w.codes(w.places, 2),
    "located_by": lambda w: w.codes(LocatedBy),
    "classified_by": lambda w: w.codes(ClassifiedBy, 2),
    "area": lambda w: w.codes(w.areas or ["lake"], 2),
    "mode": lambda w: w.codes(Mode, 1),
    "response": lambda w: w.codes(RESPONSES, 2),
    "response_level": lambda w: w.codes([1, 2, 3, 4]),
    "occurred_at": lambda w: w.time(),
    "received_at": lambda w: w.time(),
    "text": lambda w: w.text(),
    "about": lambda w: w._asked(2),
    "reporters": lambda w: w.dice.number(1, 4),
    "reports": lambda w: w.dice.number(1, 4),
    "tags": lambda w: w.codes(TAGS, 2),
    "attributes": lambda w: w.attributes(),
    "lead": lambda w: w._asked(3),
    "missing": lambda w: w.codes(["occurred_at", "point", "address", "about"], 2),
    "expr": lambda w: w.dice.one(EXPRESSIONS if w.mended else (*EXPRESSIONS, *REFUSED)),
}
