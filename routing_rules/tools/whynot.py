"""Why not (G52): why an agency, a function or a rule has no part in a decision, told by the rules that come closest."""

from collections.abc import Iterator
from typing import Any, Final

from contracts.codes import DroppedBecause, Role
from contracts.decision import Decision
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import Case
from routing_rules.engine.reasons import UNLESS, Unmet, Verdict, givers, in_force, is_meant, reopened, roles_here
from routing_rules.tools.smallest import Change, smallest_change
from routing_rules.tools.telling import Words

SHOWN: Final = 3


def why_not_lines(decision: Decision, incident: Incident, words: Words, name: str) -> Iterator[str]:
    """Yield a heading and the answer, most telling first."""
    compiled = words.compiled
    if name in compiled.rules:
        yield words.say("why_not_rule", name=words.rule(name))
    else:
        yield words.say("why_not", name=words.asked(name))
    case = reopened(decision, incident, compiled)
    answers = _known(name, compiled) and [*_answers(decision, case, words, name)]
    for answer in answers or [words.say("unknown", name=name)]:
        yield f"  {answer}"
    changes = smallest_change(decision, incident, compiled, name) if answers else ()
    if changes:
        told = words.say("plus").join(_changed(change, words) for change in changes)
        yield "  " + words.say("smallest", changes=told)


def _changed(change: Change, words: Words) -> str:
    if change.field == "text":
        return words.say("change_text", after=change.after)
    return words.say("change", field=words.word("field", change.field), before=change.before, after=change.after)


def _known(name: str, compiled: Compiled) -> bool:
    ruleset = compiled.ruleset
    return name in compiled.rules or name in ruleset.agencies or name in ruleset.functions


def _answers(decision: Decision, case: Case, words: Words, name: str) -> Iterator[str]:
    rule = words.compiled.rules.get(name)
    if name == decision.route or name in decision.overlays:
        yield words.say("has_won")
        return
    if rule is not None and not in_force(rule, case):
        yield words.say("not_in_force", rule=rule.title)
        return
    decided = [*_decided(decision, case, words, name)]
    yield from decided
    if not decided:
        yield from _closest(decision, case, words, name)


def _decided(decision: Decision, case: Case, words: Words, name: str) -> Iterator[str]:
    """Yield what the decision itself says of it: a part it has, or one that was taken away."""
    for given in decision.roles:
        if is_meant(case, given.agency, name):
            yield words.say("has_role", agency=words.agency(given.agency), role=words.word("role", given.role))
            return
    because = _lead_removed(decision, case, name)
    if because is not None:
        yield words.say("lead_removed", rule=words.rule(decision.route), because=words.word("because", because))
    for drop in decision.dropped:
        if drop.agency is not None and is_meant(case, drop.agency, name):
            yield words.say(
                "removed", agency=words.agency(drop.agency), role=words.word("role", drop.role),
                rule=words.rule(drop.rule), because=words.word("because", drop.because),
            )  # fmt: skip


def _lead_removed(decision: Decision, case: Case, name: str) -> DroppedBecause | None:
    """Return the hard rule that kept the winning rule's own lead from leading, if it is the one asked about."""
    found = case.find(case.compiled.rules[decision.route].lead)  # type: ignore[union-attr]
    if found is None or not is_meant(case, found.agency, name):
        return None
    if found.agency in case.conflicted:
        return DroppedBecause.CONFLICT
    return DroppedBecause.RETURNED if found.agency in case.returned else None


def _closest(decision: Decision, case: Case, words: Words, name: str) -> Iterator[str]:
    found = givers(case, name)
    if not found:
        yield words.say("no_rule")
        return
    holding = [verdict for verdict in found if verdict.holds]
    for verdict in holding[:SHOWN]:
        by = words.compiled.rules[decision.route]
        yield words.say("shadowed", rule=verdict.rule.title, by=by.title, at=words.at(by))
    missing = [verdict for verdict in found if not verdict.holds][: SHOWN - len(holding[:SHOWN])]
    if missing and not holding:
        yield words.say("givers", n=len(found), shown=len(missing))
    yield from (_giver(verdict, words) for verdict in missing)


def _giver(verdict: Verdict, words: Words) -> str:
    unmet = words.say("gap").join(_told(each, words) for each in verdict.unmet)
    return words.say("giver", rule=verdict.rule.title, at=words.at(verdict.rule), n=len(verdict.unmet), unmet=unmet)


def _told(unmet: Unmet, words: Words) -> str:
    if unmet.field == UNLESS:
        return words.say("unmet_unless", wanted=unmet.wanted)
    actual = unmet.actual or words.say("absent")
    return words.say("unmet", field=words.word("field", unmet.field), wanted=unmet.wanted, actual=actual)


def why_not_record(decision: Decision, incident: Incident, compiled: Compiled, name: str) -> dict[str, Any]:
    """Return the same as a JSON object: what it has, what was taken away, all rules that would give it something."""
    case = reopened(decision, incident, compiled)
    return {
        "name": name,
        "known": _known(name, compiled),
        "roles": [given.role.value for given in decision.roles if is_meant(case, given.agency, name)],
        "lead_removed": _lead_removed(decision, case, name),
        "dropped": [d.because.value for d in decision.dropped if d.agency and is_meant(case, d.agency, name)],
        "rules": [_record(case, verdict) for verdict in givers(case, name)],
        "smallest_change": [
            {"field": change.field, "before": change.before, "after": change.after}
            for change in smallest_change(decision, incident, compiled, name)
        ],
    }


def _record(case: Case, verdict: Verdict) -> dict[str, Any]:
    at = verdict.rule.at
    gives = {agency: role.value for role, agency in roles_here(case, verdict.rule) if role in Role}
    unmet = [{"field": u.field, "wanted": u.wanted, "actual": u.actual} for u in verdict.unmet]
    return {
        "rule": verdict.rule.id, "file": at.file, "line": at.line, "block": verdict.block, "holds": verdict.holds,
        "gives": gives, "unmet": unmet,
    }  # fmt: skip
