"""A picture of the cases that another agency would lead, as one HTML page that needs nothing else: no script, no font.

Who led stands left, who would lead right; a band is as high as its cases are many. Beyond so many agencies a side the
smallest are drawn as one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Final, NamedTuple

from routing_rules.messages.differing import say
from routing_rules.tools.differences.history import Moves
from routing_rules.tools.differences.telling import Titles

MOST_A_SIDE: Final = 16
_OTHERS: Final = ""  # no agency's code
_WIDTH: Final = 960
_LEFT: Final = 260
_RIGHT: Final = 700
_BAR: Final = 14
_HEIGHT: Final = 520  # of all bars of a side, gaps apart
_GAP: Final = 14
_TOP: Final = 84
_LEAST: Final = 1.5  # height of the thinnest band, so that one case is seen
_COLOURS: Final = ("#2f6f9f", "#c8602b", "#4b8b3b", "#8a4f9e", "#b8962e", "#3b8f8a", "#b0416b", "#5a6472")

_PAGE: Final = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{margin:24px;background:#fff;color:#222;font-family:"Noto Sans CJK SC","Microsoft YaHei","PingFang SC",\
sans-serif}}svg text{{font-size:13px}}svg .head{{font-size:15px;font-weight:bold}}svg .band{{opacity:.45}}\
svg .band:hover{{opacity:.8}}</style></head><body>
<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<title>{title}</title>
{shapes}
</svg></body></html>
"""

Flows = Mapping[tuple[str, str], int]


class _Bar(NamedTuple):
    top: float
    high: float


_Sides = tuple[dict[str, _Bar], dict[str, _Bar]]


def flows(moves: Moves) -> Counter[tuple[str, str]]:
    """Return how many cases go from whom to whom, those that stay apart."""
    found: Counter[tuple[str, str]] = Counter()
    for group, counted in moves.groups.items():
        if group.before != group.after:
            found[group.before, group.after] += counted.n
    return found


def page(moves: Moves, titles: Titles, language: str) -> str:
    """Return the page."""
    drawn = _few(flows(moves))
    told = [_text(_LEFT, 30, "end", say("sankey-old", language), "head")]
    told.append(_text(_RIGHT + _BAR, 30, "start", say("sankey-new", language), "head"))
    if not drawn:
        told.append(_text(_WIDTH // 2, _TOP, "middle", say("sankey-none", language)))
    scale = _HEIGHT / max(sum(drawn.values()), 1)
    sides = _bars(drawn, 0, scale), _bars(drawn, 1, scale)
    bottom = max((bar.top + bar.high for side in sides for bar in side.values()), default=_TOP + _GAP)

    def name(code: str) -> str:
        return titles.agency(code) if code else say("sankey-others", language)

    shapes = [*told, *_bands(drawn, sides, name, scale, language), *_labels(drawn, sides, name)]
    return _PAGE.format(
        lang=language, title=escape(say("sankey-title", language)), width=_WIDTH, height=round(bottom) + _TOP // 2,
        shapes="\n".join(shapes),
    )  # fmt: skip


def _few(found: Flows) -> dict[tuple[str, str], int]:
    """Return the flows with the smallest agencies of each side put together."""
    kept = []
    for side in (0, 1):
        totals = _totals(found, side)
        order = sorted(totals, key=lambda code: (-totals[code], code))
        kept.append(set(order if len(order) <= MOST_A_SIDE else order[: MOST_A_SIDE - 1]))
    few: Counter[tuple[str, str]] = Counter()
    for (before, after), n in found.items():
        few[before if before in kept[0] else _OTHERS, after if after in kept[1] else _OTHERS] += n
    return dict(sorted(few.items(), key=lambda pair: (-pair[1], pair[0])))


def _totals(found: Flows, side: int) -> Counter[str]:
    totals: Counter[str] = Counter()
    for ends, n in found.items():
        totals[ends[side]] += n
    return totals


def _bars(drawn: Flows, side: int, scale: float) -> dict[str, _Bar]:
    """Return where each agency of a side stands, the largest on top."""
    totals = _totals(drawn, side)
    heights: dict[str, float] = dict.fromkeys(totals, 0.0)
    for ends, n in drawn.items():
        heights[ends[side]] += _thick(n, scale)
    bars: dict[str, _Bar] = {}
    top = float(_TOP)
    for code in sorted(totals, key=lambda each: (-totals[each], each)):
        bars[code] = _Bar(top, heights[code])
        top += heights[code] + _GAP
    return bars


def _thick(n: int, scale: float) -> float:
    return max(n * scale, _LEAST)


def _bands(drawn: Flows, sides: _Sides, name: Callable[[str], str], scale: float, language: str) -> Iterator[str]:
    """Yield a band for each flow, in the order in which they leave and reach a bar."""
    order = {code: n for n, code in enumerate(sides[0])}
    offsets: tuple[dict[str, float], dict[str, float]] = {}, {}
    middle = (_LEFT + _BAR + _RIGHT) / 2
    for (before, after), n in sorted(drawn.items(), key=lambda pair: (order[pair[0][0]], -pair[1], pair[0])):
        thick = _thick(n, scale)
        left = offsets[0].get(before, sides[0][before].top)
        right = offsets[1].get(after, sides[1][after].top)
        offsets[0][before], offsets[1][after] = left + thick, right + thick
        y, y_end = left + thick / 2, right + thick / 2
        told = escape(say("sankey-flow", language, before=name(before), after=name(after), n=n))
        yield (
            f'<path class="band" d="M{_LEFT + _BAR} {y:.1f}C{middle:.0f} {y:.1f} {middle:.0f} {y_end:.1f} '
            f'{_RIGHT} {y_end:.1f}" fill="none" stroke="{_colour(order[before])}" stroke-width="{thick:.1f}">'
            f"<title>{told}</title></path>"
        )


def _labels(drawn: Flows, sides: _Sides, name: Callable[[str], str]) -> Iterator[str]:
    for side, (x, at, anchor) in enumerate(((_LEFT, _LEFT - 8, "end"), (_RIGHT, _RIGHT + _BAR + 8, "start"))):
        totals = _totals(drawn, side)
        for number, (code, bar) in enumerate(sides[side].items()):
            fill = _colour(number) if side == 0 else "#666"
            yield f'<rect x="{x}" y="{bar.top:.1f}" width="{_BAR}" height="{bar.high:.1f}" fill="{fill}"/>'
            yield _text(at, bar.top + bar.high / 2 + 5, anchor, f"{name(code)} {totals[code]}")


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _text(x: float, y: float, anchor: str, words: str, style: str = "label") -> str:
    return f'<text class="{style}" x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
