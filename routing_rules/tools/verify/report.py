"""The report: `verify(compiled, budget, today)`, which the command and publishing ask alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from routing_rules.engine.compiler import Compiled
from routing_rules.engine.loader import unwaived
from routing_rules.engine.source import Waiver
from routing_rules.messages import Finding, Language, Level
from routing_rules.messages.verifying import say
from routing_rules.tools.telling import Words
from routing_rules.tools.verify.boxes import Budget
from routing_rules.tools.verify.claims import Claim, Kind, Unproven
from routing_rules.tools.verify.domain import Domain
from routing_rules.tools.verify.proving import Prover

Seen = Callable[[int, int], None]
_CODES = {Kind.DEAD: "RR130", Kind.CROSSING: "RR131", Kind.GAP: "RR132"}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proven of a ruleset. `findings` are of the catalogue, waived ones left out; the rest is for reading.

    `spent` are the comparisons that the proofs took, `bound` how many they were given.
    """

    compiled: Compiled
    claims: tuple[Claim, ...]
    unproven: tuple[Unproven, ...]
    findings: tuple[Finding, ...]
    rules: int
    spent: int
    bound: int

    @property
    def passed(self) -> bool:
        """Whether there is no finding of level error or warning."""
        return all(finding.level is Level.NOTE for finding in self.findings)

    def text(self, language: str = Language.ZH) -> str:
        """Return findings, then what is worth knowing, then what was not proven, then what was asked."""
        words = Words(self.compiled, language)
        lines = [finding.line(language) for finding in self.findings]
        told = {(finding.code, finding.at) for finding in self.findings}
        for claim in self.claims:
            code = _CODES.get(claim.kind)
            if code is None or (claim.rule is not None and (code, claim.rule.at) in told):
                lines += _lines(claim, words, language)
        lines += [
            say(each.because, language, what=say(each.kind.value, language), of=each.of) for each in self.unproven
        ]
        lines.append(say("summary", language, rules=self.rules, findings=len(self.findings), spent=self.spent))
        return "\n".join([*lines, say("free", language)])

    def records(self) -> Iterable[dict[str, Any]]:
        """Yield one object a claim with its finding's words, one for each thing unproven, then the counts."""
        told = {(finding.code, finding.params.get("id", "")): finding.record() for finding in self.findings}
        for claim in self.claims:
            key = (_CODES.get(claim.kind, ""), _subject(claim))
            yield {**claim.record(), "finding": told.get(key)} if key[0] else claim.record()
        for each in self.unproven:
            yield {"unproven": each.kind.value, "of": each.of, "because": each.because}
        counts = {"rules": self.rules, "findings": len(self.findings), "spent": self.spent, "bound": self.bound}
        yield {"summary": counts, "passed": self.passed}


def verify(
    compiled: Compiled,
    budget: Budget,
    today: date,
    waivers: Iterable[Waiver] = (),
    seen: Seen = lambda done, total: None,
) -> Verified:
    """Prove what can and can't happen under a ruleset from a day on. Ends by itself: the budget bounds every proof.

    `seen(done, total)` is told of each rule done. Deterministic: the same ruleset, budget and day give the same report.
    """
    prover = Prover(compiled, Domain([compiled], today), budget)
    answers: list[Claim | Unproven] = []
    asking = prover.asking
    for each in asking:
        answers += prover.deaths(each)
    for n, each in enumerate(asking):
        seen(n, len(asking))
        answers += prover.answers(each)
    answers += [*prover.gap(), *prover.idle()]
    seen(len(asking), len(asking))
    claims = tuple(answer for answer in answers if isinstance(answer, Claim))
    findings = [_finding(claim, compiled) for claim in claims if claim.kind in _CODES]
    return Verified(
        compiled=compiled,
        claims=claims,
        unproven=tuple(answer for answer in answers if isinstance(answer, Unproven)),
        findings=tuple(unwaived(findings, waivers)),
        rules=len(asking),
        spent=budget.spent,
        bound=budget.total,
    )


def _subject(claim: Claim) -> str:
    return "" if claim.kind is Kind.GAP or claim.rule is None else claim.rule.id


def _finding(claim: Claim, compiled: Compiled) -> Finding:
    assert claim.rule is not None, "findings are about rules"  # noqa: S101
    code, id_ = _CODES[claim.kind], claim.rule.id
    if claim.kind is Kind.GAP:
        example = _cell(claim.cells[0], Words(compiled, Language.ZH))
        return Finding(code, claim.rule.at, {"n": str(claim.n), "example": example})
    if claim.kind is Kind.DEAD:
        by = "\u3001".join(claim.others)
        return Finding(code, claim.rule.at, {"id": id_, "by": by or id_}, "" if by else "itself")
    others = {"n": str(claim.n), "other": claim.others[0], "first": id_}
    return Finding(code, claim.rule.at, {"id": id_, **others})


def _cell(cell: tuple[str, ...], words: Words) -> str:
    channel, category, place = cell
    return "\u00d7".join((words.channel(channel), words.category(category), words.place(place)))


def _lines(claim: Claim, words: Words, language: str) -> Iterable[str]:
    rule = say("rule", language, title=claim.rule.title, at=words.at(claim.rule)) if claim.rule else ""
    if claim.kind in {Kind.UNFILLED, Kind.COMES_BACK}:
        place = words.place(claim.cells[0][0])
        lead = words.agency(claim.told["lead"])
        key, of = f"told-{claim.kind.value}", words.asked(claim.of)
        yield say(key, language, rule=rule, of=of, n=claim.n, place=place, lead=lead)
    elif claim.kind is Kind.IDLE:
        key = "told-idle" if claim.others else "told-idle-unasked"
        others = words.join(map(words.rule, claim.others[:6]))
        yield say(key, language, of=words.agency(claim.of), others=others)
    elif claim.kind is Kind.GAP:
        yield say("told-gap", language, cells=words.join(_cell(cell, words) for cell in claim.cells))
    if claim.kind is Kind.CROSSING and claim.sample is not None:
        incident = claim.sample.incident
        cell = _cell((incident.report.channel, incident.category, incident.jurisdiction), words)
        others = words.join(map(words.rule, claim.others))
        yield say("told-crossing", language, rule=rule, cell=cell, title=incident.report.title, others=others)
