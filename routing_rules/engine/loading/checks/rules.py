"""Checks of rules: order, fallback, emergency files, conditions that cannot hold or say nothing new."""

from collections.abc import Callable, Iterable
from itertools import permutations
from typing import Final

from contracts.codes import ClassifiedBy, LocatedBy, Mode, Urgency
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.rules import FILE_NAME
from routing_rules.engine.schema import AgencyRef, Block, Overlay, Route, Ruleset
from routing_rules.messages import Position

EMERGENCY_FILES: Final = range(10)
_LOCATED: Final = {
    LocatedBy.CHANNEL: "jurisdiction",
    LocatedBy.NATIVE: "native_place",
    LocatedBy.POINT: "point",
    LocatedBy.ADDRESS: "address",
}
_WHERE_IT_BELONGS: Final = Position("routes/99-fallback.yaml", 1, 1)
_CLASSIFIED: Final = {ClassifiedBy.CHANNEL: "category", ClassifiedBy.NATIVE: "native_category"}


def check_rules(ruleset: Ruleset, catalogue: Catalogue, whole: bool, reading: Reading) -> None:
    """Check every rule by itself, then the order. `whole`: every rule could be read, so a fallback may be missed."""
    for rule in ruleset.rules:
        _emergency_file(rule, reading)
        _critical(rule, ruleset, reading)
        for block in (*rule.when, *rule.unless):
            _repeated(block, catalogue, reading)
            _never_given(block, ruleset, reading)
    for route in ruleset.routes:
        _route(route, reading)
        _outside_its_place(route, ruleset, catalogue, reading)
    _fallback(ruleset, whole, reading)


def _only_emergency(rule: Route | Overlay) -> bool:
    return bool(rule.when) and all(block.mode == frozenset({Mode.EMERGENCY}) for block in rule.when)


def _emergency_file(rule: Route | Overlay, reading: Reading) -> None:
    found = FILE_NAME.fullmatch(rule.at.file)
    if not found:
        return
    early = int(found[1]) in EMERGENCY_FILES
    emergency = _only_emergency(rule)
    strays = early and not emergency
    late = isinstance(rule, Route) and emergency and not early
    if strays or late:
        reading.find("RR134", rule.at)


def _critical(rule: Route | Overlay, ruleset: Ruleset, reading: Reading) -> None:
    """Note words that alone raise to critical on a channel that isn't live (G26)."""
    if rule.urgency is not Urgency.CRITICAL:
        return
    live = {code for code, channel in ruleset.channels.items() if channel.live}
    for block in rule.when:
        if (block.text or block.expr) and (block.channel is None or not block.channel <= live):
            reading.find("RR119", block.at)


def _repeated(block: Block, catalogue: Catalogue, reading: Reading) -> None:
    chains: tuple[tuple[Iterable[str], Callable[[str], tuple[str, ...]]], ...] = (
        (sorted(block.category or ()), catalogue.category_chain),
        (sorted(block.jurisdiction or ()), catalogue.place_chain),
    )
    for codes, chain in chains:
        for wide, narrow in permutations(codes, 2):
            if wide in chain(narrow):
                reading.find("RR111", block.at, a=wide, b=narrow)


def _asked(block: Block) -> Iterable[str]:
    """Yield the fields of a report without which the block cannot hold."""
    if block.occurred_at:
        yield "occurred_at"
    if block.urgency and Urgency.NORMAL not in block.urgency:
        yield "urgency"
    if block.located_by and len(block.located_by) == 1:
        yield from (_LOCATED[how] for how in block.located_by if how in _LOCATED)
    if block.classified_by and len(block.classified_by) == 1:
        yield from (_CLASSIFIED[how] for how in block.classified_by if how in _CLASSIFIED)


def _never_given(block: Block, ruleset: Ruleset, reading: Reading) -> None:
    channels = sorted(block.channel) if block.channel else list(ruleset.channels)
    given = {field for code in channels if code in ruleset.channels for field in ruleset.channels[code].gives}
    for field in _asked(block):
        if field not in given and channels:
            reading.find("RR112", block.at, channel=" ".join(channels), field=field)


def _route(route: Route, reading: Reading) -> None:
    if not route.fallback and not route.when:
        reading.find("RR135", route.at, id=route.id)
    if any(block.reporters or block.reports for block in (*route.when, *route.unless)):
        reading.find("RR127", route.at)
    for name, targets in (("co_handlers", route.co_handlers), ("inform", route.inform)):
        if isinstance(route.lead, AgencyRef) and route.lead in targets:
            reading.find("RR125", route.at, agency=route.lead.code, role=f"term:{name}")


def _outside_its_place(route: Route, ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    """Note a named lead that doesn't cover a place that its rule names, or the county where it names none (G40)."""
    agency = ruleset.agencies.get(route.lead.code) if isinstance(route.lead, AgencyRef) else None
    if route.fallback or agency is None:
        return
    for block in route.when:
        if block.area and block.area & set(agency.areas):
            continue
        places = sorted(block.jurisdiction or {ruleset.root})
        uncovered = [code for code in places if not set(agency.covers) & set(catalogue.place_chain(code))]
        if uncovered:
            place = ruleset.jurisdictions.get(uncovered[0])
            name = place.name if place else uncovered[0]
            reading.find("RR122", block.at, agency=agency.code, place=name)
            return


def _fallback(ruleset: Ruleset, whole: bool, reading: Reading) -> None:
    fallbacks = [route for route in ruleset.routes if route.fallback]
    if not fallbacks:
        if whole:
            reading.find("RR133", (ruleset.routes or ruleset.overlays)[-1].at if ruleset.rules else _WHERE_IT_BELONGS)
        return
    last = ruleset.routes[-1]
    for route in fallbacks:
        unconditional = not route.when and not route.unless and route.status == "active"
        forever = route.effective.start is None and route.effective.until is None
        sound = unconditional and forever and isinstance(route.lead, AgencyRef)
        if route is not last or not sound or len(fallbacks) > 1:
            reading.find("RR133", route.at)
