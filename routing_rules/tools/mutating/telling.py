"""A run of mutants told to a person, or as a JSON object a mutant."""

from collections.abc import Iterator
from typing import Any

from routing_rules.engine.compiler import Compiled
from routing_rules.messages.mutating import say
from routing_rules.tools.mutating.mutant import Mutant
from routing_rules.tools.mutating.running import Mutation


def text(made: Mutation, compiled: Compiled, percent: int, language: str) -> str:
    """Return the unnoticed slips with file and line, what each operator came to, the score and what doesn't count."""
    return "\n".join(_lines(made, compiled, percent, language))


def _lines(made: Mutation, compiled: Compiled, percent: int, language: str) -> Iterator[str]:
    if made.unnoticed:
        yield say("heading", language, n=len(made.tried))
    yield from (_line(mutant, compiled, language) for mutant in made.unnoticed)
    for operator, noticed, total in made.by_operator():
        yield say("operator", language, what=say(operator, language), noticed=noticed, total=total)
    if made.same:
        why = dict.fromkeys(mutant.same for mutant in made.same)
        counted = ((say(each, language), sum(mutant.same == each for mutant in made.same)) for each in why)
        told = ", ".join(f"{reason} {n}" for reason, n in counted)
        yield say("same", language, n=len(made.same)) + told
    verdict = say("enough" if made.reaches(percent) else "short", language)
    yield say("score", language, noticed=made.noticed, total=len(made.tried), percent=percent, verdict=verdict)


def _line(mutant: Mutant, compiled: Compiled, language: str) -> str:
    at = f"{mutant.at.file}:{mutant.at.line}"
    after = mutant.after or say("gone", language)
    change = f"{mutant.field} {mutant.before} \u2192 {after}".strip()
    title = compiled.rules[mutant.rule].title
    return "\u2717 " + say("line", language, at=at, title=title, what=say(mutant.operator, language), change=change)


def records(made: Mutation, percent: int) -> Iterator[dict[str, Any]]:
    """Yield every mutant tried or known to be the same as a JSON object, then the counts."""
    for each in made.tried:
        yield {**_record(each.mutant), "noticed": each.noticed}
    for mutant in made.same:
        yield {**_record(mutant), "noticed": None, "same": mutant.same}
    yield {
        "mutants": made.of, "tried": len(made.tried), "noticed": made.noticed, "same": len(made.same),
        "percent": percent, "enough": made.reaches(percent),
    }  # fmt: skip


def _record(mutant: Mutant) -> dict[str, Any]:
    return {
        "operator": mutant.operator.value, "rule": mutant.rule, "file": mutant.at.file, "line": mutant.at.line,
        "field": mutant.field, "before": mutant.before, "after": mutant.after,
    }  # fmt: skip
