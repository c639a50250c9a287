"""About (被投诉单位): which agencies a complaint is about (G25). Kinds that are no complaint are about nobody.

The channel's field is matched whole to an agency's code, title or names. In title and text a name counts only beside a
word of complaint, in the same clause: a mere mention is nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from contracts.codes import Flag, Kind
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.normal import Hit, normal
from routing_rules.engine.schema import Ruleset

# What ends a clause, in normal form. The enumeration comma, the colon, quotes and brackets do not: a complaint may be
# about two agencies in a row, and `complaint: agency` is the commonest title. A line break does, see `_broken`.
_CLAUSE_ENDS: Final = frozenset(",.;!?\u3002")


@dataclass
class About:
    """The agencies complained about, in the catalogue's order, and why."""

    agencies: tuple[str, ...] = ()
    flags: list[Flag] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


class AboutReader:
    """The names of agencies and the words that make a mention a complaint."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self._conflict = ruleset.conflict
        self._apart = frozenset(ruleset.conflict.not_between) - frozenset("[]")
        self._order = tuple(ruleset.agencies)
        self._top = catalogue.top
        self._called = _called(ruleset)
        self._coded = {normal(code): {code} for code in ruleset.agencies}
        lexicon.add_all(self._called)
        self._names = frozenset(self._called)
        self._before = lexicon.add_all(ruleset.conflict.before)
        self._after = lexicon.add_all(ruleset.conflict.after)
        self._complaining = self._before | self._after

    def infer(self, report: Report, kind: Kind, title: Reading, text: Reading) -> About:
        """Return the agencies that a report of `kind` is about; the one above all others is taken out (G31)."""
        found = About()
        if kind not in self._conflict.kinds:
            return found
        codes = self._given(report, found)
        for reading in (title, text):
            for code, evidence in self._complaints(reading):
                if code not in codes:
                    codes.add(code)
                    found.evidence.append(evidence)
        if not codes:
            return found
        if self._top in codes:
            codes.discard(self._top)
            found.flags.append(Flag.ABOUT_TOP)
        found.agencies = tuple(code for code in self._order if code in codes)
        return found

    def _given(self, report: Report, found: About) -> set[str]:
        codes: set[str] = set()
        for called in report.about:
            known = self._coded.get(normal(called), set()) | self._called.get(normal(called), set())
            codes |= known
            found.evidence.extend(Evidence("about", code, "channel", called) for code in sorted(known))
            if not known and Flag.ABOUT_UNKNOWN not in found.flags:
                found.flags.append(Flag.ABOUT_UNKNOWN)
        return codes

    def _complaints(self, reading: Reading) -> Iterator[tuple[str, Evidence]]:
        if self._names.isdisjoint(reading.found) or self._complaining.isdisjoint(reading.found):
            return
        before, after = reading.hits(self._before), reading.hits(self._after)
        for name in reading.longest(self._names):
            ground = self._ground(reading, name, before, after)
            if ground is None:
                continue
            start, end = min(name.start, ground.start), max(name.end, ground.end)
            words = " ".join(hit.word for hit in sorted((name, ground), key=lambda hit: hit.start))
            for code in sorted(self._called[name.word]):
                yield code, reading.evidence("about", code, words, start, end)

    def _ground(self, reading: Reading, name: Hit, before: list[Hit], after: list[Hit]) -> Hit | None:
        """Return the word of complaint that stands near enough to `name`, in its clause."""
        for word in reversed(before):
            gap = self._gap(reading, word.end, name.start)
            if gap is not None and self._apart.isdisjoint(gap):
                return word
        return next((word for word in after if self._gap(reading, name.end, word.start) is not None), None)

    def _gap(self, reading: Reading, start: int, end: int) -> str | None:
        """Return what stands between, None where that is too much or no longer the same clause."""
        if not 0 <= end - start <= self._conflict.within:
            return None
        gap = reading.text[start:end]
        return None if not _CLAUSE_ENDS.isdisjoint(gap) or _broken(reading, start, end) else gap


def _broken(reading: Reading, start: int, end: int) -> bool:
    """Whether a line breaks between: the normal form has lost it, the original has not."""
    left, right = reading.span(start - 1, start)[1], reading.span(end, end + 1)[0]
    return any(line_end in reading.original[left:right] for line_end in "\r\n\u2028\u2029")


def _called(ruleset: Ruleset) -> dict[str, set[str]]:
    """Return normal form of a name → every agency that bears it: none of them may judge itself."""
    called: dict[str, set[str]] = {}
    for code, agency in ruleset.agencies.items():
        for name in (agency.title, *agency.names):
            called.setdefault(normal(name), set()).add(code)
    called.pop("", None)
    return called
