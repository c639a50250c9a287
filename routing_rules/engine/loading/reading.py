"""What one load gathers: the findings so far and the codes that the ruleset declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from routing_rules.engine.schema import Area, WordList
from routing_rules.engine.source import MOST_NODES, Node, Scalar, full_width
from routing_rules.messages import Finding, Level, Position


@dataclass(slots=True)
class Reading:
    """One load under way. A vocabulary is code → title; a `blurred` one could not be read whole: no code is unknown.

    `left`: how many more nodes its files may have.
    """

    vocabulary: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    blurred: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    word_lists: dict[str, WordList] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    left: int = MOST_NODES

    def find(self, code: str, at: Position, variant: str = "", level: Level | None = None, /, **params: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(code, at, params, variant, level))

    def wrong(self, node: Node, name: str, expected: str, example: str) -> None:
        """Note that a value has another form than its field asks for."""
        if isinstance(node, Scalar):
            if self.misspelt(node):
                return
            value = node.value if len(node.value) <= 40 else node.value[:40] + "…"
        else:
            value = "[…]" if hasattr(node, "items") else "{…}"
        self.find("RR146", node.at, field=name, value=value, expected=f"term:{expected}", example=example)

    def misspelt(self, node: Scalar) -> bool:
        """Note full-width signs in an unquoted key or code; return whether there were any."""
        hit = None if node.quoted else full_width(node.value)
        if hit:
            self.find("RR103", node.at, char=hit[0], ascii=hit[1])
        return bool(hit)

    def unknown(self, what: str, node: Scalar, known: Mapping[str, str]) -> None:
        """Note a code that nothing declares, with the nearest ones, or with its own code where a title was given."""
        if self.misspelt(node):
            return
        titled = [code for code, title in known.items() if title == node.value]
        near = titled[:1] or nearest(node.value, known)
        variant = "title" if titled else "" if near else "bare"
        if what == "choice" and not near:
            near, variant = list(known), "choices"
        self.find("RR110", node.at, variant, what=f"term:{what}", value=node.value, near=" ".join(near))


def nearest(word: str, known: Mapping[str, str]) -> list[str]:
    """Return up to three codes that look like `word`, or whose titles do."""
    near = get_close_matches(word, known, 3, 0.6)
    titles = {title: code for code, title in known.items()}
    near += [titles[title] for title in get_close_matches(word, titles, 3, 0.6)]
    return list(dict.fromkeys(near))[:3]
