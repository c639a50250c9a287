"""A made ruleset as its author would write it: files that the loader reads back as the same ruleset.

Written as JSON, which is YAML: what is tested is the way from text to schema, not the reader of blocks and indents.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from contracts.codes import Urgency
from routing_rules.engine.schema import (
    Agency,
    AgencyRef,
    Area,
    Block,
    Calendar,
    Category,
    Deadline,
    Effective,
    FirstReceiver,
    Jurisdiction,
    Overlay,
    Place,
    Route,
    Ruleset,
    Target,
    TextCondition,
    TimeCondition,
)

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def as_files(ruleset: Ruleset) -> dict[str, bytes]:
    """Return the files of a ruleset by their paths."""
    files = {
        "ruleset.yaml": _county(ruleset),
        "agencies.yaml": {"agencies": [_agency(agency) for agency in ruleset.agencies.values()]},
        "jurisdictions.yaml": {"jurisdictions": [_place(place) for place in ruleset.jurisdictions.values()]},
        "categories.yaml": {"categories": [_category(node) for node in ruleset.categories.values() if node.owner]},
        "places/names.yaml": {"places": [_name(place) for place in ruleset.places]},
    }
    for calendar in ruleset.calendars.values():
        files[f"calendars/{calendar.id}-{calendar.year}.yaml"] = _calendar(calendar)
    for area in ruleset.areas.values():
        files[f"areas/{area.id}.geojson"] = _area(area)
    early = [route for route in ruleset.routes if _emergency_only(route)]
    others = [route for route in ruleset.routes if not _emergency_only(route)]
    files["routes/05-early.yaml"] = {"routes": [_route(route) for route in early]}
    files["routes/20-others.yaml"] = {
        "routes": [_route(route) for route in others],
        "overlays": [_overlay(overlay) for overlay in ruleset.overlays],
    }
    return {path: json.dumps(_given(content), ensure_ascii=False).encode() for path, content in files.items()}


def _emergency_only(route: Route) -> bool:
    return bool(route.when) and all(block.mode == {"emergency"} for block in route.when)


def _given(value: Any) -> Any:
    """Return a value without what is None or empty, everything in it as text."""
    if isinstance(value, Mapping):
        kept = {str(key): _given(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, [], {})}
    if isinstance(value, list | tuple):
        return [_given(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(str(part) for part in value)
    if isinstance(value, bool):
        return "true" if value else None
    return value if value is None or isinstance(value, float) else str(value)


def _county(ruleset: Ruleset) -> dict[str, Any]:
    rules, conflict = ruleset.classify, ruleset.conflict
    by_urgency = {urgency.value: ruleset.deadlines.by_urgency.get(urgency) for urgency in Urgency}
    return {
        "ruleset": ruleset.id, "title": ruleset.title, "version": ruleset.version, "timezone": ruleset.timezone,
        "root": ruleset.root, "outside": ruleset.outside, "tiers": ruleset.tiers, "calendar": ruleset.calendar,
        "channels": {
            spec.code: {"title": spec.title, "agency": spec.agency, "live": spec.live}
            for spec in ruleset.channels.values()
        },
        "functions": ruleset.functions, "tags": ruleset.tags, "responses": ruleset.responses,
        "kinds": {"default": ruleset.kind_default, "words": ruleset.kind_words},
        "locate": {"short": ruleset.short_name},
        "classify": {"title_weight": rules.title_weight, "min_score": rules.min_score, "margin": rules.margin},
        "deadlines": {
            "default": ruleset.deadlines.default, "by_kind": ruleset.deadlines.by_kind, "by_urgency": by_urgency,
        },
        "conflict": {
            "kinds": conflict.kinds, "within": conflict.within, "not_between": conflict.not_between or None,
            "before": conflict.before, "after": conflict.after,
        },
        "returns": {"max": ruleset.max_returns},
    }  # fmt: skip


def _agency(agency: Agency) -> dict[str, Any]:
    return {
        "code": agency.code, "title": agency.title, "function": agency.function, "tier": agency.tier,
        "jurisdiction": agency.covers, "areas": agency.areas, "supervisor": agency.supervisor, "top": agency.top,
        "names": agency.names, "effective": _effective(agency.effective), "calendar": agency.calendar,
    }  # fmt: skip


def _place(place: Jurisdiction) -> dict[str, Any]:
    return {
        "code": place.code, "name": place.name, "tier": place.tier, "parent": place.parent, "names": place.names,
        "native": place.native, "synthetic": place.synthetic,
    }  # fmt: skip


def _category(node: Category) -> dict[str, Any]:
    words = {"code": node.code, "title": node.title, "owner": node.owner, "words": node.words}
    return words | {"not": node.masked, "native": node.native}


def _name(place: Place) -> dict[str, Any]:
    return {"name": place.name, "is": place.kind, "in": place.codes or "none", "area": place.area}


def _area(area: Area) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"title": area.title, "jurisdiction": area.jurisdiction},
        "geometry": {"type": "MultiPolygon", "coordinates": area.polygons},
    }


def _calendar(calendar: Calendar) -> dict[str, Any]:
    return {
        "calendar": calendar.id, "year": calendar.year, "week": [WEEK[day] for day in sorted(calendar.week)],
        "work": [f"{_clock(start)}-{_clock(end)}" for start, end in calendar.hours],
        "holidays": [{"name": name, "from": day, "until": day} for day, name in calendar.holidays.items()],
        "working_days": calendar.working_days,
    }  # fmt: skip


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _effective(effective: Effective) -> dict[str, Any]:
    return {"from": effective.start, "until": effective.until}


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {**deadline.spans, "fixed": deadline.fixed}


def _target(target: Target) -> Any:
    if isinstance(target, AgencyRef):
        return target.code
    if isinstance(target, FirstReceiver):
        return "first_receiver"
    return {"function": target.function, "tier": target.tier} | ({} if target.climb else {"climb": "false"})


def _targets(targets: tuple[Target, ...]) -> list[Any]:
    return [_target(target) for target in targets]


def _rule(rule: Route | Overlay) -> dict[str, Any]:
    return {
        "id": rule.id, "title": rule.title, "owner": rule.owner, "status": rule.status,
        "effective": _effective(rule.effective),
        "when": [_block(block) for block in rule.when], "unless": [_block(block) for block in rule.unless],
    }  # fmt: skip


def _route(route: Route) -> dict[str, Any]:
    return _rule(route) | {
        "gate": route.gate, "confidential": route.confidential, "fallback": route.fallback, "urgency": route.urgency,
        "assign": {
            "lead": _target(route.lead), "co_handlers": _targets(route.co_handlers), "inform": _targets(route.inform),
        },
        "on_return": _targets(route.on_return), "deadline": _deadline(route.deadline), "tags": route.tags,
        "deadline_by_kind": {kind: _deadline(deadline) for kind, deadline in route.deadline_by_kind.items()},
    }  # fmt: skip


def _overlay(overlay: Overlay) -> dict[str, Any]:
    added = {
        "co_handlers": _targets(overlay.co_handlers), "inform": _targets(overlay.inform), "tags": overlay.tags,
        "urgency": overlay.urgency, "deadline": overlay.deadline.spans,
    }  # fmt: skip
    sample = None if overlay.sample is None else f"{overlay.sample / 100:g}%"
    return _rule(overlay) | {"sample": sample, "add": added}


def _block(block: Block) -> dict[str, Any]:
    asked = {field.name: getattr(block, field.name) for field in fields(Block) if field.name != "at"}
    return {name: _condition(name, value) for name, value in asked.items() if value is not None}


def _condition(name: str, value: Any) -> Any:
    if isinstance(value, TimeCondition):
        between = [_clock(minute) for minute in value.between] if value.between else None
        dates = [f"{month:02}-{day:02}" for month, day in value.dates] if value.dates else None
        return {"between": between, "days": value.days, "date": {"between": dates}}
    if isinstance(value, TextCondition):
        return {"any": value.any, "all": value.all, "none": value.none, "in": value.where}
    if name in {"about", "lead"}:
        return _targets(value)
    if name in {"reporters", "reports"}:
        return {"at_least": value}
    return value
