"""What kind of matter, of which category, about whom (G16-G20, G25, ADR 0037)."""

from contracts.codes import ClassifiedBy, Flag, Kind
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.reference.fields import Field, leftmost_longest
from routing_rules.engine.reference.texts import normal
from routing_rules.engine.reference.trees import category_within, top_of
from routing_rules.engine.schema import Category, Ruleset

_ENDS_A_CLAUSE = ",.;!?。"
_ENDS_A_LINE = "\r\n\u2028\u2029"


def kind_of(report: Report, title: Field, text: Field, ruleset: Ruleset) -> tuple[Kind, list[Evidence]]:
    """Return the channel's kind, else that of most points, of equals the most protective, else the default."""
    if report.kind is not None:
        return report.kind, [Evidence("kind", report.kind.value, "channel")]
    scores: dict[Kind, int] = {}
    grounds: dict[Kind, list[Evidence]] = {}
    for kind in Kind:
        for word in ruleset.kind_words.get(kind, ()):
            for field, points in ((title, 2), (text, 1)):
                if field.spans(word):
                    scores[kind] = scores.get(kind, 0) + points
                    ground = field.evidence("kind", kind.value, word, field.spans(word)[0], points)
                    grounds.setdefault(kind, []).append(ground)
                    break
    if not scores:
        return ruleset.kind_default, []
    best = next(kind for kind in Kind if scores.get(kind) == max(scores.values()))
    return best, grounds[best]


def category_of(
    report: Report, title: Field, text: Field, ruleset: Ruleset
) -> tuple[str, ClassifiedBy, list[Evidence], list[Flag]]:
    """Return what answers first: a valid code, a native label, the words of the node and of those above and beneath."""
    flags = []
    if report.category is not None:
        if report.category in ruleset.categories:
            ground = Evidence("category", report.category, "channel", report.category)
            return report.category, ClassifiedBy.CHANNEL, [ground], []
        flags.append(Flag.CATEGORY_UNKNOWN)
    if report.native_category is not None:
        label = report.native_category
        nodes = [node.code for node in ruleset.categories.values() if label in node.native.get(report.channel, ())]
        if len(nodes) == 1:
            return nodes[0], ClassifiedBy.NATIVE, [Evidence("category", nodes[0], "channel", label)], flags
    code, grounds = _by_words(title, text, ruleset)
    return code, ClassifiedBy.WORDS if grounds else ClassifiedBy.NONE, grounds, flags


def _by_words(title: Field, text: Field, ruleset: Ruleset) -> tuple[str, list[Evidence]]:
    """Climb down from the top to the child with most points, while it leads the next by the margin (G18)."""
    grounds = {node.code: _grounds(node, title, text, ruleset) for node in ruleset.categories.values()}
    points = {
        code: sum(ground.points or 0 for below in grounds if category_within(below, code) for ground in grounds[below])
        for code in grounds
    }
    here = None
    while True:
        children = sorted(_children(here, ruleset), key=lambda code: points[code], reverse=True)
        if not children or points[children[0]] == 0:
            break
        if here is None and points[children[0]] < ruleset.classify.min_score:
            break
        following = points[children[1]] if len(children) > 1 else 0
        if points[children[0]] - following < max(ruleset.classify.margin, 1):
            break
        here = children[0]
    if here is None:
        return "unclassified", []
    line = [code for code in grounds if category_within(code, here) or category_within(here, code)]
    return here, [ground for code in line for ground in grounds[code]]


def _children(above: str | None, ruleset: Ruleset) -> list[str]:
    """Return the nodes whose nearest node above is `above`."""
    return [code for code in ruleset.categories if _parent(code, ruleset) == above]


def _parent(code: str, ruleset: Ruleset) -> str | None:
    parts = code.split("/")
    for length in range(len(parts) - 1, 0, -1):
        if "/".join(parts[:length]) in ruleset.categories:
            return "/".join(parts[:length])
    return None


def _grounds(node: Category, title: Field, text: Field, ruleset: Ruleset) -> list[Evidence]:
    """Return a node's own words that stand in the report: each once, in the title if there, unmasked (ADR 0037)."""
    found = []
    for word, weight in node.words.items():
        for field, factor in ((title, ruleset.classify.title_weight), (text, 1)):
            hidden = [span for masked in node.masked for span in field.spans(masked)]
            seen = [
                (start, end)
                for start, end in field.spans(word)
                if not any(start < stop and begin < end for begin, stop in hidden)
            ]
            if seen:
                found.append(field.evidence("category", node.code, word, seen[0], weight * factor))
                break
    return found


def about_of(
    report: Report, kind: Kind, title: Field, text: Field, ruleset: Ruleset
) -> tuple[tuple[str, ...], list[Evidence], list[Flag]]:
    """Return the agencies complained about: the channel's field, and names beside words of complaint."""
    if kind not in ruleset.conflict.kinds:
        return (), [], []
    named: dict[str, set[str]] = {}
    whole: dict[str, set[str]] = {}
    for agency in ruleset.agencies.values():
        for name in (agency.title, *agency.names):
            named.setdefault(normal(name), set()).add(agency.code)
        for name in (agency.code, agency.title, *agency.names):
            whole.setdefault(normal(name), set()).add(agency.code)
    codes: list[str] = []
    grounds: list[Evidence] = []
    flags: list[Flag] = []
    for called in report.about:
        known = sorted(whole.get(normal(called), ()))
        codes.extend(known)
        grounds.extend(Evidence("about", code, "channel", called) for code in known)
        if not known:
            flags.append(Flag.ABOUT_UNKNOWN)
    for field in (title, text):
        for start, end, name in leftmost_longest(list(named), field):
            ground = _complaint(field, (start, end), ruleset)
            if ground is None:
                continue
            for code in sorted(named[name] - set(codes)):
                codes.append(code)
                span = (min(start, ground[0]), max(end, ground[1]))
                grounds.append(field.evidence("about", code, _beside(field, (start, end), ground), span))
    top = top_of(ruleset)
    if top in codes:
        flags.append(Flag.ABOUT_TOP)
        codes = [code for code in codes if code != top]
    return tuple(code for code in ruleset.agencies if code in codes), grounds, list(dict.fromkeys(flags))


def _beside(field: Field, name: tuple[int, int], ground: tuple[int, int]) -> str:
    first, second = sorted((name, ground))
    return f"{field.form[slice(*first)]} {field.form[slice(*second)]}"


def _complaint(field: Field, name: tuple[int, int], ruleset: Ruleset) -> tuple[int, int] | None:
    """Return the nearest word of complaint that makes a name one complained about, those before it first.

    A mere mention is nothing: None.
    """
    rules = ruleset.conflict
    apart = set(rules.not_between) - set("[]")
    before = [
        (start, end)
        for word in rules.before
        for start, end in field.spans(word)
        if _near(field, end, name[0], rules.within) and not set(field.form[end : name[0]]) & apart
    ]
    after = [
        (start, end)
        for word in rules.after
        for start, end in field.spans(word)
        if _near(field, name[1], start, rules.within)
    ]
    if before:
        return max(before, key=lambda span: span[1])
    return min(after) if after else None


def _near(field: Field, start: int, end: int, within: int) -> bool:
    """Say whether what lies between two words is short and within one clause."""
    if not 0 <= end - start <= within or any(char in _ENDS_A_CLAUSE for char in field.form[start:end]):
        return False
    between = field.original[field.letters[start - 1].end : field.letters[end].start]
    return not any(line_end in between for line_end in _ENDS_A_LINE)
