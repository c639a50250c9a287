"""Believable bugs of the rule engine: what somebody in a hurry would write. Each must be found by the slow twin."""

from dataclasses import dataclass
from typing import Final

ENGINE: Final = "routing_rules/engine/"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: `old` stands once in `file` and becomes `new`."""

    name: str
    bug: str
    file: str
    old: str
    new: str


MUTANTS: Final = (
    Mutant(
        "between-closed",
        "`between` includes its end (G9)",
        "conditions.py",
        "wraps else start <= minute < end)",
        "wraps else start <= minute <= end)",
    ),
    Mutant(
        "night-of-today",
        "the small hours belong to the day they fall on (G10)",
        "conditions.py",
        "        if wraps and minute < end:\n",
        "        if wraps and minute < 0:\n",
    ),
    Mutant(
        "date-at-any-hour",
        "a date without a clock time satisfies `between` (G10)",
        "conditions.py",
        "        if moment is None:\n            return False\n",
        "        if moment is None:\n            return True\n",
    ),
    Mutant(
        "received-stands-in",
        "`occurred_at` falls back to `received_at` (G11)",
        "conditions.py",
        "_moment(v, *f.occurred, f)",
        "_moment(v, *(f.occurred if any(f.occurred) else (f.received, f.received.date())), f)",
    ),
    Mutant(
        "absent-is-empty",
        "an absent attribute counts as one that matches (G6)",
        "conditions.py",
        "facts.attribute(name) in values for",
        '(facts.attribute(name) or "") in {*values, ""} for',
    ),
    Mutant(
        "across-the-fields",
        "words are searched across title and text (§3)",
        "facts.py",
        "(normal(self.report.title), normal(self.report.text))",
        "(normal(self.report.title), normal(self.report.title + self.report.text))",
    ),
    Mutant(
        "prefix-of-letters",
        "a category is beneath another by its letters, not its segments",
        "catalogue.py",
        'chain = tuple("/".join(steps[:n]) for n in range(len(steps), 0, -1))',
        "chain = tuple(code[:n] for n in range(len(code), 0, -1) if steps)",
    ),
    Mutant(
        "until-excluded",
        "the last day of `effective` is no longer in force (G47)",
        "catalogue.py",
        "on <= effective.until)",
        "on < effective.until)",
    ),
    Mutant(
        "climb-past-areas",
        "above the tier asked, areas are forgotten (G36)",
        "catalogue.py",
        "self._at_tier(role.function, tier, place, areas, on)",
        "self._at_tier(role.function, tier, place, areas if tier == tiers[lowest] else (), on)",
    ),
    Mutant(
        "shallow-first",
        "of those who cover a place the widest wins (G36)",
        "catalogue.py",
        "(1, float(depth))",
        "(1, -float(depth))",
    ),
    Mutant(
        "no-area-holds",
        "an incident in no area satisfies every `area`, without tags every `tags`",
        "index.py",
        "mask &= standing(value)",
        "mask &= -1 if value == () else standing(value)",
    ),
    Mutant(
        "one-exception",
        "of several `unless` blocks only the first subtracts (G5)",
        "compiler.py",
        "excepted(self.unless, facts)",
        "excepted(self.unless[:1], facts)",
    ),
    Mutant(
        "overlay-sees-route",
        "overlays see the tags that the route added (G28)",
        "decide.py",
        "    overlays, tried = _overlays(case, lead)\n",
        "    case.facts.incident = incident.model_copy(update={'tags': (*incident.tags, *row.rule.tags)})\n"
        "    overlays, tried = _overlays(case, lead)\n",
    ),
    Mutant(
        "overlay-sees-overlay",
        "overlays see the tags of other overlays (G28)",
        "decide.py",
        "    facts.lead = lead.agency\n",
        "    facts.lead = lead.agency\n"
        "    added = [tag for row in case.compiled.overlays.holding(facts, case.on) for tag in row.rule.tags]\n"
        "    facts.incident = case.incident.model_copy(update={'tags': (*case.incident.tags, *added)})\n",
    ),
    Mutant(
        "urgency-lowers",
        "a rule's urgency replaces a higher one (G38)",
        "decide.py",
        "max((urgency, *floors), key=",
        "max(floors, key=",
    ),
    Mutant(
        "sample-by-hundred",
        "a sample is drawn by the last two figures (G39)",
        "decide.py",
        "drawn % 10_000 < overlay.sample",
        "drawn % 100 < overlay.sample // 100",
    ),
    Mutant(
        "returned-last",
        "only the last who returned is excluded (G33)",
        "leading.py",
        "returned = frozenset(state.returned_by)",
        "returned = frozenset(state.returned_by[-1:])",
    ),
    Mutant(
        "fallback-excluded",
        "the fallback's lead is excluded like any other (G34)",
        "leading.py",
        "    return lead.rule == case.compiled.fallback.id and lead.reason is not Outcome.ADJUDICATED\n",
        "    return not lead.rule and lead.reason is not Outcome.ADJUDICATED\n",
    ),
    Mutant(
        "lead-of-elsewhere",
        "who leads by a rule is remembered, wherever the incident is (G29)",
        "leading.py",
        "    key = (row.id, case.where)\n",
        "    key = (row.id,)\n",
    ),
    Mutant(
        "others-overlays",
        "what decisions by a lead have in common is remembered, whichever overlays hold (G36)",
        "decide.py",
        "known.get(ids)",
        "known.get(next(iter(known), ids))",
    ),
    Mutant(
        "others-deadlines",
        "deadlines are remembered, whoever sets them (G42)",
        "deadlines.py",
        "    key = (by.key, kind, urgency)\n",
        "    key = (kind, urgency)\n",
    ),
    Mutant(
        "yesterdays-deadlines",
        "a deadline is remembered, whenever it began (G41)",
        "deadlines.py",
        "if last is None or last.since != since:",
        "if last is None:",
    ),
    Mutant(
        "branch-judges",
        "those beneath an agency complained about are not conflicted (G31)",
        "leading.py",
        "compiled.catalogue.beneath(frozenset(facts.about))",
        "frozenset(facts.about)",
    ),
    Mutant(
        "own-place-only",
        "a town does not share in the county's emergency (G49)",
        "facts.py",
        "    around = catalogue.place_chain(incident.jurisdiction)\n",
        "    around = catalogue.place_chain(incident.jurisdiction)[:1]\n",
    ),
    Mutant(
        "mildest-level",
        "of several levels the mildest counts (G49)",
        "facts.py",
        "min(levels, default=None)",
        "max(levels, default=None)",
    ),
    Mutant(
        "smaller-figure",
        "the smaller figure is the stricter deadline (G44)",
        "deadlines.py",
        "setter.span, start.at, calendar, start.on)\n        if then is not None and (at is None or then < at):\n",
        "setter.span, start.at, calendar, start.on)\n"
        "        if then is not None and (best is None or setter.span.count < best.span.count):\n",
    ),
    Mutant(
        "fixed-tightened",
        "a statutory deadline is tightened all the same (G43)",
        "deadlines.py",
        "tighteners = () if fixed else tuple(",
        "tighteners = tuple(",
    ),
    Mutant(
        "starting-day-counts",
        "the starting day is counted (G41)",
        "calendars.py",
        "self._from(on + _DAY, calendar)",
        "self._from(on, calendar)",
    ),
    Mutant(
        "overlay-in-confidence",
        "overlays add agencies to a confidential matter (G38)",
        "merging.py",
        "route.confidential and ask.rule != route.id",
        "False and ask.rule != route.id",
    ),
    Mutant(
        "tie-by-order",
        "of two categories with as many points the first wins (G18)",
        "infer/category.py",
        "max(ruleset.classify.margin, 1)",
        "ruleset.classify.margin",
    ),
    Mutant(
        "half-hidden",
        "a word that is hidden in part still counts (G18)",
        "infer/category.py",
        "any(start < finish and begin < end for begin, finish in hidden)",
        "any(begin <= start and end <= finish for begin, finish in hidden)",
    ),
    Mutant(
        "kind-by-order",
        "of two kinds with as many points the first found wins (G16)",
        "infer/kind.py",
        "(k for k in _MOST_PROTECTIVE_FIRST if k in scores)",
        "iter(scores)",
    ),
    Mutant(
        "shortest-name",
        "of two names at one place the shorter is taken (G22)",
        "infer/reading.py",
        "    return hit[1], -hit[2]\n",
        "    return hit[1], hit[2]\n",
    ),
    Mutant(
        "short-names-anywhere",
        "a short name counts in title and text too (G23)",
        "infer/place.py",
        "len(normal(written)) > ruleset.short_name",
        "len(normal(written)) >= ruleset.short_name",
    ),
    Mutant(
        "complained-to",
        "whoever is complained *to* is complained about (G25)",
        "infer/about.py",
        "if gap is not None and self._apart.isdisjoint(gap):",
        "if gap is not None:",
    ),
    Mutant(
        "half-an-edge",
        "a Latin word may go on to the right (G13)",
        "normal.py",
        "    return not (word[-1] in _ASCII_WORD and end < len(text) and text[end] in _ASCII_WORD)\n",
        "    return end <= len(text)\n",
    ),
    Mutant(
        "amended-lead-moves",
        "an amendment settles the lead anew (G15)",
        "decide.py",
        "    kept = _leading_on(case, row, lead)\n",
        "    kept = settle(case, row) if row.id in compiled.rules else _leading_on(case, row, lead)\n",
    ),
    Mutant(
        "amended-route-moves",
        "an amendment judges the routes anew (G15)",
        "decide.py",
        "    row = _kept(case, lead, route)\n",
        "    row = _route(case)[0]\n",
    ),
    Mutant(
        "amended-by-fallback",
        "a route that is gone has the fallback's deadlines",
        "decide.py",
        'return _stand_in(Route(id_, id_, "", NOWHERE, 0, AgencyRef(lead)))',
        "return _stand_in(replace(case.compiled.fallback, id=id_))",
    ),
    Mutant(
        "amended-opens",
        "a matter that was closed is open once its rule is gone",
        "decide.py",
        "    if confidential and not row.rule.confidential:\n",
        "    if confidential and row.id not in compiled.rules:\n",
    ),
    Mutant(
        "amended-is-late",
        "what an amendment tightens may have passed already",
        "deadlines.py",
        "        if then is not None and then <= moment.now:\n            then = reckon",
        "        if then is None:\n            then = reckon",
    ),
    Mutant(
        "amended-tightens-fixed",
        "an amendment tightens a statutory deadline (G43)",
        "deadlines.py",
        "for setter in () if fixed else _tighteners(",
        "for setter in _tighteners(",
    ),
    Mutant(
        "amended-buys-time",
        "an amendment starts the clocks of its round anew",
        "deadlines.py",
        "        begun = of_round if milestone is Milestone.ACKNOWLEDGE else first or of_round\n",
        "        begun = now if milestone is Milestone.ACKNOWLEDGE else first or of_round\n",
    ),
    Mutant(
        "amended-past-exceptions",
        "an amended route holds though its exception does",
        "decide.py",
        " and not excepted(row.unless, case.facts):\n",
        ":\n",
    ),
)
