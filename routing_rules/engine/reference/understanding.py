"""Understanding: one report in, one incident out (RULE-LANGUAGE §4)."""

from datetime import datetime

from contracts.codes import Flag, Urgency
from contracts.incident import Incident, RulesetRef, RuleWords
from contracts.report import Report
from routing_rules.engine.reference.fields import Field
from routing_rules.engine.reference.locating import locate
from routing_rules.engine.reference.matters import about_of, category_of, kind_of
from routing_rules.engine.reference.texts import found_at
from routing_rules.engine.schema import Overlay, Route, Ruleset


def understand(report: Report, incident_id: str, received_at: datetime, ruleset: Ruleset) -> Incident:
    """Return what a report is about, slowly; `received_at` is aware."""
    title = Field("title", report.title)
    text = Field("text", report.text)
    address = Field("address", report.address or "")
    kind, kind_grounds = kind_of(report, title, text, ruleset)
    category, classified_by, category_grounds, category_flags = category_of(report, title, text, ruleset)
    place = locate(report, address, title, text, ruleset)
    about, about_grounds, about_flags = about_of(report, kind, title, text, ruleset)
    flags = [*report.flags, *category_flags, *place.flags, *about_flags]
    if not title.form and not text.form:
        flags.append(Flag.TEXT_EMPTY)
    return Incident(
        id=incident_id,
        report=report,
        received_at=received_at,
        kind=kind,
        category=category,
        classified_by=classified_by,
        jurisdiction=place.code,
        located_by=place.by,
        areas=tuple(place.areas),
        about=about,
        urgency=report.urgency or Urgency.NORMAL,
        tags=tuple(dict.fromkeys([*report.tags, *place.tags])),
        flags=tuple(dict.fromkeys(flags)),
        evidence=(*kind_grounds, *category_grounds, *place.grounds, *about_grounds),
        rule_words=_rule_words(title, text, ruleset),
        understood_by=RulesetRef(id=ruleset.id, version=ruleset.version, hash=ruleset.hash),
    )


def _rule_words(title: Field, text: Field, ruleset: Ruleset) -> RuleWords:
    """Return which words of any rule's conditions stand in the title, and in the text."""
    rules: list[Route | Overlay] = [*ruleset.routes, *ruleset.overlays]
    texts = [block.text for rule in rules for block in [*rule.when, *rule.unless] if block.text is not None]
    asked = sorted({word for text in texts for word in [*text.any, *text.all, *text.none]})
    return RuleWords(
        title=tuple(word for word in asked if found_at(word, title.form)),
        text=tuple(word for word in asked if found_at(word, text.form)),
    )
