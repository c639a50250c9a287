"""Explain: a decision told to a person, line by line, in either language (RULE-LANGUAGE §10).

The decision is its own trace; what it doesn't hold (how the earlier rules fared, why another agency got nothing) is
worked out anew from its state by the engine. Words are in `messages.explain`; here is only what is told, and in order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.codes import ClassifiedBy, DroppedBecause, HardRule, LocatedBy, Mode, Outcome, Resolved, Role
from contracts.decision import AssignedRole, Decision, Dropped, decision_wire
from contracts.evidence import Evidence
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.reasons import Verdict, before, reopened
from routing_rules.messages.entries import Language
from routing_rules.tools.dues import due_line
from routing_rules.tools.telling import Words, lines
from routing_rules.tools.whynot import why_not_lines, why_not_record

_MODE_FIELDS: Final = frozenset({"mode", "response", "response_level"})
_MATTER_FIELDS: Final = frozenset({"category", "jurisdiction", "area"})


def render(
    decision: Decision,
    incident: Incident,
    compiled: Compiled,
    lang: str = Language.ZH,
    why_not: str | None = None,
) -> str:
    """Return the explanation as text of several lines, without a line break at its end.

    `why_not`: an agency, a function or a rule; a section tells why it isn't that (G52). `compiled` should be the
    ruleset that the decision carries the hash of; where it isn't, the first line says so.
    """
    told = [*_explained(decision, incident, Words(compiled, lang))]
    if why_not is not None:
        told += why_not_lines(decision, incident, Words(compiled, lang), why_not)
    return "\n".join(told)


def record(decision: Decision, incident: Incident, compiled: Compiled, why_not: str | None = None) -> dict[str, Any]:
    """Return the explanation as a JSON object: the decision, the incident as understood, how earlier routes fared."""
    case = reopened(decision, incident, compiled)
    understood = incident.model_dump(mode="json", exclude={"report"}, exclude_none=True)
    made: dict[str, Any] = {
        "decision": decision_wire(decision),
        "incident": understood,
        "earlier_routes": [_verdict_record(each) for each in before(case, decision.route)],
    }
    if why_not is not None:
        made["why_not"] = why_not_record(decision, incident, compiled, why_not)
    return made


def _verdict_record(verdict: Verdict) -> dict[str, Any]:
    at = verdict.rule.at
    unmet = [{"field": u.field, "wanted": u.wanted, "actual": u.actual} for u in verdict.unmet]
    return {"rule": verdict.rule.id, "file": at.file, "line": at.line, "block": verdict.block, "unmet": unmet}


def _explained(decision: Decision, incident: Incident, words: Words) -> Iterator[str]:
    if decision.ruleset.hash != words.compiled.stamp.hash:
        now, then = words.compiled.stamp, decision.ruleset
        yield words.say("other_ruleset", now=f"{now.version} {now.hash[:12]}", then=f"{then.version} {then.hash[:12]}")
    yield _given(decision, words)
    yield words.say("why")
    yield from lines(words, "kind", [_kind(incident, words)])
    yield from lines(words, "category", [_category(incident, words)])
    yield from lines(words, "place", [_place(incident, words)])
    yield from lines(words, "area", _areas(incident, words))
    yield from lines(words, "about", _about(incident, words))
    if decision.mode is Mode.EMERGENCY:
        titles = words.compiled.ruleset.responses
        named = words.join(titles.get(code, code) for code in decision.responses)
        yield from lines(words, "mode", [words.say("mode_on", responses=named)])
    yield from lines(words, "rule", [_rule(decision, incident, words)])
    yield from lines(words, "basis", filter(None, [words.compiled.rules[decision.route].basis]))
    yield from lines(words, "lead", [_lead(decision, incident, words)])
    yield from lines(words, "hard_rule", _hard_rules(decision, incident, words))
    yield from lines(words, "overlay", _overlays(decision, words))
    yield from lines(words, "dropped", (_dropped(drop, words) for drop in decision.dropped))
    yield from lines(words, "urgency", _raised(decision, incident, words))
    yield from lines(words, "due", [due_line(decision, words)])
    yield from lines(words, "note", _notes(decision, words))


def _given(decision: Decision, words: Words) -> str:
    parts = [words.say("given", lead=words.agency(decision.lead))]
    for role in (Role.CO_HANDLER, Role.INFORMED):
        agencies = [words.agency(given.agency) for given in decision.roles if given.role is role]
        if agencies:
            parts.append(words.say("others", role=words.word("role", role), agencies=words.join(agencies)))
    return words.say("gap").join(parts)


def _grounds(incident: Incident, of: str) -> list[Evidence]:
    return [ground for ground in incident.evidence if ground.of == of]


def _kind(incident: Incident, words: Words) -> str:
    title = words.word("kind", incident.kind)
    grounds = [ground for ground in _grounds(incident, "kind") if ground.value == incident.kind]
    if incident.report.kind is not None:
        return words.aside(title, words.say("from_channel"))
    if not grounds:
        return words.aside(title, words.say("by_default"))
    return words.aside(title, words.join(_spoken(ground, words) for ground in grounds))


def _spoken(ground: Evidence, words: Words) -> str:
    return words.say("from_field", field=words.word("text_field", ground.field), words=ground.words)


def _category(incident: Incident, words: Words) -> str:
    grounds = _grounds(incident, "category")
    title = words.category(incident.category)
    if incident.classified_by is ClassifiedBy.CHANNEL:
        return words.aside(title, words.say("from_channel"))
    if incident.classified_by is ClassifiedBy.NATIVE:
        label = incident.report.native_category or ""
        return words.aside(title, words.say("from_native", label=label))
    if incident.classified_by is ClassifiedBy.NONE:
        return words.say("no_category") + _other_points(grounds, words)
    inside = [g for g in grounds if g.value == incident.category or g.value.startswith(f"{incident.category}/")]
    outside = [ground for ground in grounds if ground not in inside]
    scored = words.say(
        "by_words", words=words.say("plus").join(_word_points(ground, words) for ground in inside),
        points=sum(ground.points or 0 for ground in inside),
    )  # fmt: skip
    return words.aside(title, scored + _other_points(outside, words), words.say("judged"))


def _word_points(ground: Evidence, words: Words) -> str:
    points, weight = ground.points or 0, words.compiled.ruleset.classify.title_weight
    counted = f"{points // weight}\u00d7{weight}" if ground.field == "title" and weight > 1 else str(points)
    return words.say("word", field=words.word("text_field", ground.field), word=ground.words, points=counted)


def _other_points(grounds: Iterable[Evidence], words: Words) -> str:
    points: Counter[str] = Counter()
    for ground in grounds:
        points[ground.value] += ground.points or 0
    if not points:
        return ""
    told = (words.say("other_points", category=words.category(code), points=n) for code, n in points.items())
    return words.say("others_points", others=words.join(told))


def _place(incident: Incident, words: Words) -> str:
    title = words.place(incident.jurisdiction)
    by = incident.located_by
    if by in {LocatedBy.CHANNEL, LocatedBy.DEFAULT, LocatedBy.POINT}:
        return words.aside(title, words.say(f"from_{by.value}"))
    if by is LocatedBy.NATIVE:
        return words.aside(title, words.say("from_native", label=incident.report.native_place or ""))
    told = [_spoken(ground, words) for ground in _grounds(incident, "place") if ground.words]
    return words.aside(title, words.join(told))


def _areas(incident: Incident, words: Words) -> Iterator[str]:
    for area in incident.areas:
        grounds = [ground for ground in _grounds(incident, "area") if ground.value == area]
        told = [_spoken(ground, words) if ground.words else words.say("from_point") for ground in grounds]
        yield words.aside(words.area(area), *told)


def _about(incident: Incident, words: Words) -> Iterator[str]:
    for agency in incident.about:
        grounds = [ground for ground in _grounds(incident, "about") if ground.value == agency]
        told = [_spoken(g, words) if g.words and g.field != "channel" else words.say("from_channel") for g in grounds]
        yield words.aside(words.agency(agency), *told)


def _rule(decision: Decision, incident: Incident, words: Words) -> str:
    route = next(route for route in words.compiled.ruleset.routes if route.id == decision.route)
    number = words.compiled.ruleset.routes.index(route) + 1
    told = words.say(
        "fallback_route" if route.fallback else "route", n=number, title=route.title, at=words.at(route)
    )  # fmt: skip
    if len(route.when) > 1 and decision.route_block is not None:
        told += words.say("way", n=decision.route_block + 1)
    held = [words.say("held", field=words.word("field", c.field), value=c.value) for c in decision.evidence.conditions]
    told = words.aside(told, *held)
    earlier = before(reopened(decision, incident, words.compiled), route.id)
    return told + _earlier(earlier, words)


def _earlier(earlier: list[Verdict], words: Words) -> str:
    """Tell how many routes came before and why they don't hold, by what fails most plainly."""
    if not earlier:
        return ""
    groups = Counter(_group({unmet.field for unmet in verdict.unmet}) for verdict in earlier)
    told = (words.say(key, n=groups[key]) for key in ("group_mode", "group_matter", "group_other") if groups[key])
    return words.say("before", n=len(earlier), groups=words.join(told))


def _group(fields: set[str]) -> str:
    if fields & _MODE_FIELDS:
        return "group_mode"
    return "group_matter" if fields & _MATTER_FIELDS else "group_other"


def _lead(decision: Decision, incident: Incident, words: Words) -> str:
    lead = decision.roles[0]
    if decision.reason in {Outcome.ADJUDICATED, Outcome.ADJUDICATION, Outcome.ROLE_UNRESOLVED, Outcome.FALLBACK}:
        told = words.say(
            decision.reason.value, asked=words.asked(lead.asked), n=len(decision.state.returned_by)
        )  # fmt: skip
        climbed = [words.say("supervisor")] if lead.resolved is Resolved.SUPERVISOR else []
        return words.aside(words.agency(decision.lead), told, *climbed)
    how = words.say("asks", asked=words.asked(lead.asked), how=_how(lead, incident, words))
    return words.aside(words.agency(decision.lead), how)


def _how(lead: AssignedRole, incident: Incident, words: Words) -> str:
    agency = words.compiled.ruleset.agencies.get(lead.agency)
    tier = words.word("tier", agency.tier) if agency else ""
    return words.say(lead.resolved.value, tier=tier, channel=words.channel(incident.report.channel))


def _hard_rules(decision: Decision, incident: Incident, words: Words) -> Iterator[str]:
    for rule in decision.hard_rules:
        if rule is HardRule.CONFLICT:
            yield words.say("conflict", agencies=words.join(words.agency(code) for code in incident.about))
        elif rule is HardRule.RETURNED:
            returned = dict.fromkeys(decision.state.returned_by)
            yield words.say("returned", agencies=words.join(words.agency(code) for code in returned))
            limit = words.compiled.ruleset.max_returns
            if len(decision.state.returned_by) >= limit:
                yield words.say("exhausted", n=limit)
        else:
            yield words.say("identity")


def _overlays(decision: Decision, words: Words) -> Iterator[str]:
    for overlay in words.compiled.ruleset.overlays:
        if overlay.id not in decision.overlays:
            continue
        adds = [
            f"{words.word('role', given.role)} {words.agency(given.agency)}"
            for given in decision.roles
            if given.rule == overlay.id
        ]
        if overlay.tags:
            titles = words.compiled.ruleset.tags
            adds.append(words.say("adds_tags", tags=words.join(titles.get(tag, tag) for tag in overlay.tags)))
        if overlay.urgency is not None:
            adds.append(words.say("adds_urgency", urgency=words.word("urgency", overlay.urgency)))
        told = words.join(adds) or words.say("adds_nothing")
        yield words.say("overlay_adds", title=overlay.title, at=words.at(overlay), adds=told)


def _dropped(drop: Dropped, words: Words) -> str:
    who = words.asked(drop.asked) if drop.agency is None else words.agency(drop.agency)
    return words.say(
        "dropped_one", who=who, role=words.word("role", drop.role), rule=words.rule(drop.rule),
        because=words.word("because", DroppedBecause(drop.because)),
    )  # fmt: skip


def _raised(decision: Decision, incident: Incident, words: Words) -> Iterator[str]:
    if decision.urgency is not incident.urgency:
        before_, after = (words.word("urgency", each) for each in (incident.urgency, decision.urgency))
        yield f"{before_} → {after}"


def _notes(decision: Decision, words: Words) -> Iterator[str]:
    for trial in decision.trial:
        if trial.would_lead is None:
            yield words.say("trial_overlay", title=words.rule(trial.rule))
        else:
            yield words.say("trial", title=words.rule(trial.rule), lead=words.agency(trial.would_lead))
    for rule in decision.expr_errors:
        yield words.say("expr_error", title=words.rule(rule))
    if decision.calendar_gap:
        yield words.say("calendar_gap", years=words.join(map(str, decision.calendar_gap)))


__all__ = ["record", "render"]
