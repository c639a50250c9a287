"""The parts put together: vocabularies first, then what refers to them, then the Ruleset."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.codes import Kind
from routing_rules.engine.loading.classification import CATEGORIES, UNCLASSIFIED, read_words
from routing_rules.engine.loading.county import COUNTY, channels_of
from routing_rules.engine.loading.directory import AGENCIES, JURISDICTIONS, PLACES, by_code, read_all
from routing_rules.engine.loading.following import Followed
from routing_rules.engine.loading.geography import read_area
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.rules import read_rules
from routing_rules.engine.loading.shapes import Values
from routing_rules.engine.loading.vocabulary import Documents
from routing_rules.engine.loading.yearly import read_calendars
from routing_rules.engine.schema import Area, Category, Classify, Conflict, CountyDeadlines, Ruleset


@dataclass(frozen=True, slots=True)
class Draft:
    """A ruleset as far as it could be read. `whole`: every rule of every file could; `staffed`: every agency could."""

    ruleset: Ruleset
    whole: bool
    staffed: bool


def assemble(documents: Documents, digest: str, reading: Reading) -> Draft | None:
    """Build what can be built; None where ruleset.yaml is too broken for anything to hang on."""
    areas = {area.id: area for area in _areas(documents, reading)}
    read_words(documents.words, reading)
    county = _county(documents, reading)
    retired = frozenset(county.get("retired", ())) if county else frozenset()
    directory = _directory(documents, reading)
    rules = read_rules(documents.routes, retired, reading)
    calendars = read_calendars(documents.calendars, reading)
    if county is None or not directory["jurisdictions"]:
        return None
    ruleset = Ruleset(
        **_of_county(county),
        **directory,
        hash=digest,
        retired=retired,
        routes=tuple(rules.routes),
        overlays=tuple(rules.overlays),
        areas=areas,
        calendars=calendars,
        word_lists=dict(reading.word_lists),
    )
    declared = {what: set(reading.vocabulary[what]) for what in ("agency", "jurisdiction")}
    staffed = declared == {"agency": set(ruleset.agencies), "jurisdiction": set(ruleset.jurisdictions)}
    return Draft(ruleset, rules.whole, staffed and not reading.blurred & set(declared))


def _county(documents: Documents, reading: Reading) -> Values | None:
    root = documents.root("ruleset.yaml")
    return None if root is None else COUNTY.read(root, "ruleset", reading)


def _areas(documents: Documents, reading: Reading) -> list[Area]:
    read = (read_area(file, parsed, reading) for file, parsed in documents.areas.items())
    return [area for area in read if area is not None]


def _directory(documents: Documents, reading: Reading) -> dict[str, Any]:
    single = documents.single
    agencies = read_all([single["agencies.yaml"]] if "agencies.yaml" in single else [], AGENCIES, reading)
    places = [single["jurisdictions.yaml"]] if "jurisdictions.yaml" in single else []
    categories = [single["categories.yaml"]] if "categories.yaml" in single else []
    return {
        "agencies": by_code(agencies, reading),
        "jurisdictions": by_code(read_all(places, JURISDICTIONS, reading), reading),
        "categories": _inherited(by_code(read_all(categories, CATEGORIES, reading), reading), reading),
        "places": read_all(documents.places, PLACES, reading),
    }


def _inherited(categories: Mapping[str, Category], reading: Reading) -> dict[str, Category]:
    """Give each category the owner of the nearest one above it; note paths that lack a step."""
    complete: dict[str, Category] = {}
    for code, category in categories.items():
        above = ["/".join(code.split("/")[:n]) for n in range(code.count("/"), 0, -1)]
        missing = next((step for step in above if step not in categories), None)
        if missing is not None:
            reading.find("RR110", category.at, "bare", what="term:category", value=missing)
        owners = (categories[step].owner for step in above if step in categories)
        owner = category.owner or next((owner for owner in owners if owner), None)
        if owner is None and code != UNCLASSIFIED:
            reading.find("RR109", category.at, id=code)
        complete[code] = replace(category, owner=owner)
    complete.setdefault(UNCLASSIFIED, Category(UNCLASSIFIED, UNCLASSIFIED))
    return complete


def _of_county(county: Values) -> dict[str, Any]:
    kind_default, kind_words = county.get("kinds", (Kind.HELP, {}))
    followed = county.get("lifecycle", Followed())
    return {
        "id": county.get("ruleset"),
        "title": county.get("title", county.get("ruleset")),
        "version": county.get("version"),
        "timezone": county.get("timezone"),
        "root": county.get("root"),
        "outside": county.get("outside"),
        "tiers": county.get("tiers"),
        "calendar": county.get("calendar"),
        "functions": county.get("functions"),
        "channels": channels_of(county),
        "kind_default": kind_default,
        "kind_words": kind_words,
        "tags": county.get("tags", {}),
        "responses": county.get("responses", {}),
        "classify": county.get("classify", Classify()),
        "conflict": county.get("conflict", Conflict()),
        "deadlines": county.get("deadlines", CountyDeadlines()),
        "short_name": county.get("locate", 2),
        "max_returns": county.get("returns", 2),
        "coverage": county.get("coverage", {}),
        "two_person": county.get("publish", False),
        "effective_at": county.get("effective_at"),
        "lifecycle": followed.county,
        "lifecycle_by_channel": followed.by_channel,
    }
