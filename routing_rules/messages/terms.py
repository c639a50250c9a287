"""Names of things that findings speak of. A parameter `term:…` becomes one of these in the reader's language."""

from collections.abc import Mapping
from typing import Final

_PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "channel": ("渠道", "channel"),
    "function": ("条线", "function"),
    "tag": ("标签", "tag"),
    "response": ("应急响应", "response"),
    "tier": ("层级", "tier"),
    "agency": ("单位", "agency"),
    "jurisdiction": ("区划", "jurisdiction"),
    "category": ("分类", "category"),
    "area": ("区域", "area"),
    "words": ("词表", "word list"),
    "calendar": ("日历", "calendar"),
    "rule": ("规则", "rule"),
    "place": ("地名", "place"),
    "choice": ("取值", "choice"),
    "co_handlers": ("协办", "co-handler"),
    "inform": ("知会", "informed"),
    # what a value must be
    "bool": ("true 或 false", "true or false"),
    "whole": ("整数", "a whole number"),
    "whole_range": ("范围内的整数", "a whole number within its range"),
    "percent": ("百分数", "a percentage"),
    "date": ("日期（年-月-日）", "a date (year-month-day)"),
    "month_day": ("月-日", "a month and a day"),
    "clock": ("钟点（时:分，24:00 只能收尾）", "a clock time (24:00 may only end)"),
    "clock_pair": ("起止两个钟点", "two clock times"),
    "clock_range": ("“起-止”两个钟点，止晚于起", "start-end as two clock times, the end later"),
    "month_day_pair": ("起止两个“月-日”", "two days of the year"),
    "mapping": ("“字段: 值”", "fields with values"),
    "text": ("文字", "text"),
    "scalar": ("单个值", "a single value"),
    "list": ("清单", "a list"),
    "kebab": ("小写字母、数字和连字符，最多 48 个", "lower-case letters, digits and hyphens, 48 at most"),
    "code": ("不含空白的编号，最多 64 个字符", "a code without blanks, 64 characters at most"),
    "weight": ("1 到 5 的权重", "a weight from 1 to 5"),
    "lasting": ("一段时间，不能是 none", "a span of time, not none"),
    "rung_at": (
        "到期前的百分比（1% 到 99%）、due，或到期后的“+时限”",
        "a share of the time (1% to 99%), due, or + a span",
    ),
    "timezone": ("时区名", "the name of a time zone"),
    "language_version": ("本程序懂的规则语言版本", "a version of the rule language that this program knows"),
    "polygon": ("闭合的多边形（经度在前，WGS-84）", "closed polygons (longitude first, WGS-84)"),
    "target": ("单位编号或角色", "an agency's code or a role"),
    "path_year": ("与文件名一致的日历和年份", "the calendar and year of the file's name"),
    # what there may be too much of
    "n_rules": ("规则", "rules"),
    "n_blocks": ("条件组", "blocks"),
    "n_words": ("词", "words"),
    "n_bytes": ("字节", "bytes"),
    "n_nodes": ("项内容", "values"),
    "n_rungs": ("一个时限的催督步骤", "steps of one ladder"),
    # what the YAML reader complains of
    "yaml:could not find expected ':'": ("这里少了冒号", "a colon is missing"),
    "yaml:did not find expected ',' or ']'": ("清单里少了逗号，或 [ ] 没有配对", "a comma or the closing ] is missing"),
    "yaml:did not find expected ',' or '}'": ("少了逗号，或 { } 没有配对", "a comma or the closing } is missing"),
    "yaml:mapping values are not allowed in this context": (
        "这里不能再写冒号：缩进不对，或上一行没写完",
        "no colon may stand here: look at the indentation and the line above",
    ),
    "yaml:did not find expected key": ("缩进不对，这里应是一个字段", "wrong indentation: a field is due here"),
    "yaml:did not find expected '-' indicator": ("清单的缩进不齐", "the items of a list are not in line"),
    "yaml:found unexpected end of stream": ("引号没有配对", "a quote is not closed"),
    "yaml:found unexpected document indicator": ("引号没有配对", "a quote is not closed"),
    "yaml:found character that cannot start any token": (
        "值不能以这个字符开头，请加引号",
        "a value cannot begin with this character: quote it",
    ),
    "yaml:did not find expected <document start>": ("缩进不对", "wrong indentation"),
    "yaml:control characters are not allowed": ("有看不见的控制字符", "there are control characters"),
    "yaml:empty": ("文件是空的", "the file is empty"),
    "yaml:too deep": ("套得太深", "nested too deep"),
    "yaml:bad json": ("不是 JSON", "it is not JSON"),
}

TERMS: Final[Mapping[str, Mapping[str, str]]] = {
    (key if key.startswith("yaml:") else f"term:{key}"): {"zh": zh, "en": en} for key, (zh, en) in _PAIRS.items()
}
