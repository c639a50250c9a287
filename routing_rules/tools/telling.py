"""Telling: codes of a ruleset as the titles people know, and lines under a label. No text of its own."""

from collections.abc import Iterable, Iterator

from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Overlay, Route
from routing_rules.messages.explain import say, word


class Words:
    """The titles of one ruleset and the sentences of one language."""

    def __init__(self, compiled: Compiled, language: str) -> None:
        self.compiled = compiled
        self.language = language

    def say(self, key: str, /, **params: object) -> str:
        """Return a sentence."""
        return say(key, self.language, **params)

    def word(self, table: str, code: str) -> str:
        """Return the title of a word of a closed list."""
        return word(table, code, self.language)

    def join(self, parts: Iterable[str]) -> str:
        """Return the parts as an enumeration."""
        return self.say("and").join(parts)

    def aside(self, what: str, *parts: str) -> str:
        """Return what is told, then its grounds at a distance."""
        return self.say("gap").join([what, *(part for part in parts if part)])

    def agency(self, code: str) -> str:
        """Return an agency's title."""
        agency = self.compiled.ruleset.agencies.get(code)
        return agency.title if agency else code

    def category(self, code: str) -> str:
        """Return a category's title."""
        category = self.compiled.ruleset.categories.get(code)
        return category.title if category else code

    def place(self, code: str) -> str:
        """Return a jurisdiction's name."""
        place = self.compiled.ruleset.jurisdictions.get(code)
        return place.name if place else code

    def area(self, code: str) -> str:
        """Return an area's title."""
        area = self.compiled.ruleset.areas.get(code)
        return area.title if area else code

    def rule(self, code: str) -> str:
        """Return a rule's title."""
        rule = self.compiled.rules.get(code)
        return rule.title if rule else code

    def channel(self, code: str) -> str:
        """Return a channel's title."""
        channel = self.compiled.ruleset.channels.get(code)
        return channel.title if channel else code

    def asked(self, asked: str) -> str:
        """Return what a rule asks for (an agency, or a function with its tier) as people say it."""
        function, _, tier = asked.partition("/")
        title = self.compiled.ruleset.functions.get(function)
        if asked in self.compiled.ruleset.agencies or title is None:
            return self.agency(asked)
        return f"{title}\u00b7{self.word('tier', tier)}" if tier else title

    def at(self, rule: Route | Overlay) -> str:
        """Return where a rule stands: file and line."""
        return f"{rule.at.file.rsplit('/', 1)[-1]}:{rule.at.line}"


def lines(words: Words, label: str, told: Iterable[str]) -> Iterator[str]:
    """Yield one line for each thing told under a label; nothing told, no line."""
    for text in told:
        yield words.say("line", label=words.say(label), text=text)
