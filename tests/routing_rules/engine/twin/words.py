"""The small vocabulary of made worlds: few words, so that names collide, overlap and hide each other."""

from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

RULE_WORDS = ("打桩", "打", "桩机", "夜间", "ktv", "噪音", "音", "学校", "死鱼", "鱼", "110", "a1", "m2")
MASKS = ("打桩机", "学校鱼", "桩", "夜间音")
BEFORE, AFTER = ("投诉", "举报"), ("不作为", "乱收费")
KIND_WORDS = ("投诉", "举报", "求助", "咨询", "表扬", "建议", "鱼")
PLACE_NAMES = (
    "河东镇", "河东", "东镇", "三河", "三河镇", "三河闸", "洪湖", "洪湖大道", "大道", "新村", "Lake Town", "湖城",
    "湖城市", "河东新村", "闸北", "東鎮街", "A1区",
)  # fmt: skip
AGENCY_NAMES = ("城管局", "城管", "区城管局", "公安局", "公安", "ＫＴＶ办", "河东镇政府", "河东", "學校办", "a1")
BETWEEN = ("的", "在", "到", "了", "对", "给", "，", "。", "、", "\n", " ", "！", "x", "1", ".", "：", "", "", "", "")
VARIANTS = {
    "东": "東", "镇": "鎮", "学": "學", "鱼": "魚", "桩": "樁", "乱": "亂", "投": "投\u200b", "k": "Ｋ", "1": "１",
    "m": "㎡", "a": "Ａ", "局": " 局", "音": "音\u3000", "闸": "閘", "湖": "湖\ufeff", "打": "\t打", "e": "e\u0301",
}  # fmt: skip


class Dice:
    """Chance with a seed; shrinks where the random numbers come from hypothesis."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def chance(self, of_hundred: int) -> bool:
        return self._random.randint(0, 99) >= 100 - of_hundred

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one(self, values: Any) -> Any:
        values = list(values)
        return values[self._random.randint(0, len(values) - 1)]

    def some(self, values: Any, low: int, high: int) -> list[Any]:
        """Return `low` to `high` different values, in any order."""
        values, taken = list(values), []
        for _ in range(min(self._random.randint(low, high), len(values))):
            taken.append(values.pop(self._random.randint(0, len(values) - 1)))
        return taken

    def words(self, values: Any, high: int) -> tuple[str, ...]:
        return tuple(self.some(values, 0, high))

    def spoken(self, pool: Any, high: int) -> str:
        """Return words of the pool with or without something between, some of them written otherwise."""
        said = []
        for _ in range(self.number(0, high)):
            word = self.one(pool)
            said.append("".join(VARIANTS.get(c, c) for c in word) if self.chance(15) else word)
            said.append(self.one(BETWEEN))
        return "".join(said)
