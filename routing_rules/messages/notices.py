"""How a holiday notice is worded, and the words of the draft that is made of it."""

import re
from typing import Final

HOLIDAY: Final = re.compile(
    r"(?:[一二三四五六七八九十]+、|^|\n)\s*(?P<name>[\u4e00-\u9fff、]{2,10})[：:]\s*"
    r"(?:\d{4}年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日[^。；\n]*?"
    r"(?:至(?:(?P<until_year>\d{4})年)?(?:(?P<until_month>\d{1,2})月)?(?P<until_day>\d{1,2})日[^。；\n]*?)?放假(?P<rest>[^\n]*)"
)
"""A line such as “一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。”"""
WORKING: Final = re.compile(
    r"(?:(\d{1,2})月)?(\d{1,2})日(?:（[^）]*）)?(?=(?:、(?:\d{1,2}月)?\d{1,2}日(?:（[^）]*）)?)*上班)"
)
DRAFT: Final = (
    "# 草稿 {year} 年：对照国务院办公厅的放假通知核对，改好 source 再启用。调休上班日在 working_days。\n"
    "# Draft: check it against the official notice and put the notice's title into source before it is published.\n"
)
SOURCE: Final = "草稿，{origin}，待签"
ORIGINS: Final = {"package": "据 chinesecalendar 软件包", "notice": "据放假通知 {name}"}
NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
