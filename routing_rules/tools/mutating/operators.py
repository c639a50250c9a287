"""Every slip that can be made in a rule, in the order of the ruleset: what is forgotten, too wide, swapped."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import asked
from routing_rules.engine.reasons import Rule, fields_of, wanted
from routing_rules.engine.schema import (
    Block,
    Deadline,
    Effective,
    Overlay,
    Route,
    Span,
    SpanUnit,
    TextCondition,
    TimeCondition,
)
from routing_rules.messages import Position
from routing_rules.tools.mutating.equal import Sameness, field_same, word_same
from routing_rules.tools.mutating.mutant import Mutant, Operator, acts

_DAY: Final = 24 * 60
_HOUR: Final = 60


def mutants(compiled: Compiled) -> Iterator[Mutant]:
    """Yield every mutant of the rules that act: the same ones, in the same order, for the same ruleset."""
    ruleset = compiled.ruleset
    same = Sameness(Catalogue(ruleset))
    acting = [rule for rule in ruleset.rules if acts(rule)]
    for rule in acting:
        yield from _of_rule(rule, compiled, same)
    routes = [rule for rule in acting if isinstance(rule, Route) and not rule.fallback]
    for first, second in pairwise(routes):
        told = "never_both" if same.never_both(first, second) else ""
        yield Mutant(Operator.ORDER, first.id, first.at, "", first.id, second.id, swapped=second.id, same=told)


def _of_rule(rule: Rule, compiled: Compiled, same: Sameness) -> Iterator[Mutant]:
    if not getattr(rule, "fallback", False):
        yield Mutant(Operator.RULE, rule.id, rule.at, "", rule.id, "")
    for n, block in enumerate(rule.when):
        if len(rule.when) > 1:
            kept = (*rule.when[:n], *rule.when[n + 1 :])
            told = "covered" if same.block(rule, n) else ""
            yield _made(Operator.BLOCK, rule, block.at, "when", _all(block), "", told, when=kept)
        yield from _of_block(rule, n, block, same)
    yield from _of_unless(rule, same)
    yield from _of_targets(rule, compiled)
    yield from _of_rest(rule)


def _made(
    operator: Operator, rule: Rule, at: Position, field: str, before: str, after: str, same: str = "", /, **changes: Any
) -> Mutant:
    return Mutant(operator, rule.id, at, field, before, after, replace(rule, **changes), same=same)


def _all(block: Block) -> str:
    return "; ".join(f"{name}: {wanted(name, getattr(block, name))}" for name in fields_of(block))


def _with(blocks: tuple[Block, ...], n: int, **changes: Any) -> tuple[Block, ...]:
    return (*blocks[:n], replace(blocks[n], **changes), *blocks[n + 1 :])


def _of_block(rule: Rule, n: int, block: Block, same: Sameness) -> Iterator[Mutant]:
    fields = list(fields_of(block))
    for name in fields:
        value = getattr(block, name)
        told = "implied" if field_same(block, name) else ""
        before, without = wanted(name, value), _with(rule.when, n, **{name: None})
        yield _made(Operator.FIELD, rule, block.at, name, before, "", told, when=without)
        turned = (*rule.unless, Block(**{name: value}, at=block.at))
        yield _made(Operator.NEGATED, rule, block.at, name, before, f"!({before})", when=without, unless=turned)
        for operator, less, shown, why in _narrower(name, value, same):
            changed = _with(rule.when, n, **{name: less})
            yield _made(operator, rule, block.at, name, shown, wanted(name, less), why, when=changed)


def _narrower(name: str, value: Any, same: Sameness) -> Iterator[tuple[Operator, Any, str, str]]:
    """Yield a condition written a little otherwise: operator, value, what is lost, why that says the same."""
    if isinstance(value, TextCondition):
        yield from _words(value)
    elif isinstance(value, TimeCondition):
        for changed in _times(value):
            yield Operator.TIME, changed, wanted(name, value), ""
    elif isinstance(value, frozenset) and len(value) > 1:
        for each in sorted(value, key=str):
            rest = value - {each}
            yield Operator.VALUE, rest, str(each), "covered" if same.value(name, each, rest) else ""
    elif isinstance(value, tuple) and len(value) > 1:
        for n, each in enumerate(value):
            yield Operator.VALUE, (*value[:n], *value[n + 1 :]), asked(each), ""
    elif isinstance(value, int):
        yield Operator.COUNT, value + 1, wanted(name, value), ""


def _words(condition: TextCondition) -> Iterator[tuple[Operator, TextCondition, str, str]]:
    for part, sign in (("any", ""), ("all", "+"), ("none", "-")):
        words = getattr(condition, part)
        for word in words if len(words) > 1 or part != "any" else ():
            changes: dict[str, Any] = {part: tuple(each for each in words if each != word)}
            rest = replace(condition, **changes)
            if rest.any or rest.all or rest.none:
                told = "covered" if word_same(condition, part, word) else ""
                yield Operator.WORD, rest, f"{sign}{word}", told


def _times(condition: TimeCondition) -> Iterator[TimeCondition]:
    if condition.between is not None:
        start, end = condition.between
        yield replace(condition, between=((start - _HOUR) % _DAY, end))
        yield replace(condition, between=(start, (end + _HOUR - 1) % _DAY + 1))
    for day in sorted(condition.days) if len(condition.days) > 1 else ():
        yield replace(condition, days=condition.days - {day})
    if condition.dates is not None:
        first, last = condition.dates
        yield replace(condition, dates=((first[0] % 12 + 1, 1), last))
        yield replace(condition, dates=(first, ((last[0] - 2) % 12 + 1, 28)))


def _of_unless(rule: Rule, same: Sameness) -> Iterator[Mutant]:
    for n, block in enumerate(rule.unless):
        told = "never_meets" if same.unless(rule, block) else ""
        kept = (*rule.unless[:n], *rule.unless[n + 1 :])
        yield _made(Operator.UNLESS, rule, block.at, "unless", _all(block), "", told, unless=kept)
        fields = list(fields_of(block))
        for name in fields:
            value = getattr(block, name)
            if len(fields) > 1:
                wider = _with(rule.unless, n, **{name: None})
                yield _made(Operator.UNLESS_FIELD, rule, block.at, name, wanted(name, value), "", unless=wider)
            for operator, less, shown, why in _narrower(name, value, same):
                told = why or _never_meets(rule, replace(block, **{name: _lost(value, less)}), value, same)
                changed = _with(rule.unless, n, **{name: less})
                yield _made(operator, rule, block.at, f"unless {name}", shown, wanted(name, less), told, unless=changed)


def _never_meets(rule: Rule, lost: Block, value: Any, same: Sameness) -> str:
    """Say that what an exception loses could never meet the rule; nothing is claimed of what isn't a set."""
    meets = not rule.when or any(not same.apart(each, lost) for each in rule.when)
    return "never_meets" if isinstance(value, frozenset) and not meets else ""


def _lost(value: Any, less: Any) -> Any:
    return value - less if isinstance(value, frozenset) else value


def _of_targets(rule: Rule, compiled: Compiled) -> Iterator[Mutant]:
    if isinstance(rule, Route):
        other = compiled.fallback.lead
        if rule.lead != other:
            yield _made(Operator.LEAD, rule, rule.at, "lead", asked(rule.lead), asked(other), lead=other)
        yield from _targets(rule, "on_return")
    yield from _targets(rule, "co_handlers")
    yield from _targets(rule, "inform")


def _targets(rule: Rule, name: str) -> Iterator[Mutant]:
    targets = getattr(rule, name)
    for n, target in enumerate(targets):
        kept = (*targets[:n], *targets[n + 1 :])
        yield _made(Operator.TARGET, rule, rule.at, name, asked(target), "", **{name: kept})


def _of_rest(rule: Rule) -> Iterator[Mutant]:
    if rule.urgency is not None:
        yield _made(Operator.URGENCY, rule, rule.at, "urgency", rule.urgency, "", urgency=None)
    for tag in rule.tags:
        kept = tuple(each for each in rule.tags if each != tag)
        yield _made(Operator.TAG, rule, rule.at, "tags", tag, "", tags=kept)
    yield from (_made(*each[:-1], deadline=each[-1]) for each in _deadlines(rule, rule.deadline, "deadline"))
    if isinstance(rule, Route):
        yield from _of_route(rule)
    if isinstance(rule, Overlay) and rule.sample is not None:
        yield _made(Operator.COUNT, rule, rule.at, "sample", str(rule.sample), "", sample=None)
    if rule.effective != Effective():
        told = f"{rule.effective.start or ''}..{rule.effective.until or ''}"
        yield _made(Operator.EFFECTIVE, rule, rule.at, "effective", told, "", effective=Effective())


def _of_route(rule: Route) -> Iterator[Mutant]:
    if rule.confidential:
        yield _made(Operator.CONFIDENTIAL, rule, rule.at, "confidential", "true", "false", confidential=False)
    for kind, deadline in rule.deadline_by_kind.items():
        for *named, changed in _deadlines(rule, deadline, f"deadline_by_kind.{kind}"):
            by_kind: Mapping[Any, Deadline] = {**rule.deadline_by_kind, kind: changed}
            yield _made(*named, deadline_by_kind=by_kind)


def _deadlines(rule: Rule, deadline: Deadline, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield what `_made` asks for, then the deadline: each milestone in turn twice as long, then no longer fixed."""
    for milestone, span in deadline.spans.items():
        if span.unit is SpanUnit.NONE:
            continue
        longer = Span(span.count * 2, span.unit)
        changed = replace(deadline, spans={**deadline.spans, milestone: longer})
        yield Operator.DEADLINE, rule, rule.at, f"{name}.{milestone}", str(span), str(longer), changed
    if deadline.fixed:
        yield Operator.FIXED, rule, rule.at, f"{name}.fixed", "true", "false", replace(deadline, fixed=False)
