"""Understanding (分析研判): one report in, one incident out, with what speaks for every field."""

from datetime import datetime
from typing import Final

from contracts.codes import Flag, Urgency
from contracts.incident import Incident, RulesetRef, RuleWords
from contracts.report import Report
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.conditions import words_asked
from routing_rules.engine.infer.about import AboutReader
from routing_rules.engine.infer.area import Areas
from routing_rules.engine.infer.category import CategoryReader
from routing_rules.engine.infer.kind import KindReader
from routing_rules.engine.infer.place import PlaceReader
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.schema import Ruleset


class Interpreter:
    """Reads reports by the words, names and polygons of one ruleset. Made once a ruleset; holds no report."""

    def __init__(self, ruleset: Ruleset, catalogue: Catalogue | None = None) -> None:
        catalogue = catalogue or Catalogue(ruleset)
        lexicon = Lexicon()
        self._kind = KindReader(ruleset, lexicon)
        self._category = CategoryReader(ruleset, lexicon)
        self._place = PlaceReader(ruleset, lexicon, catalogue, Areas(ruleset))
        self._about = AboutReader(ruleset, lexicon, catalogue)
        self._asked: Final = lexicon.add_all(words_asked(ruleset.blocks))
        self._words: Final = lexicon.words()
        self._no_address: Final = Reading("address", "", self._words)
        self._by: Final = RulesetRef(id=ruleset.id, version=ruleset.version, hash=ruleset.hash)

    def understand(self, report: Report, incident_id: str, received_at: datetime) -> Incident:
        """Return what `report` is about, as an incident received at `received_at`."""
        title = Reading("title", report.title, self._words)
        text = Reading("text", report.text, self._words)
        address = Reading("address", report.address, self._words) if report.address else self._no_address
        kind, kind_evidence = self._kind.infer(report.kind, title, text)
        category = self._category.infer(report, title, text)
        place = self._place.infer(report, address, title, text)
        about = self._about.infer(report, kind, title, text)
        flags = dict.fromkeys((*report.flags, *category.flags, *place.flags, *about.flags))
        if not title.text and not text.text:
            flags[Flag.TEXT_EMPTY] = None
        return Incident(
            id=incident_id,
            report=report,
            received_at=received_at,
            kind=kind,
            category=category.category,
            classified_by=category.by,
            jurisdiction=place.jurisdiction,
            located_by=place.by,
            areas=place.areas,
            about=about.agencies,
            urgency=report.urgency or Urgency.NORMAL,
            tags=tuple(dict.fromkeys((*report.tags, *place.tags))),
            flags=tuple(flags),
            evidence=(*kind_evidence, *category.evidence, *place.evidence, *about.evidence),
            rule_words=self._rule_words(title, text),
            understood_by=self._by,
        )

    def _rule_words(self, title: Reading, text: Reading) -> RuleWords:
        asked = self._asked
        return RuleWords(
            title=tuple(sorted(asked.intersection(title.found))), text=tuple(sorted(asked.intersection(text.found)))
        )
