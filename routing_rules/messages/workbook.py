"""What a ruleset's workbook says, in two languages: names of sheets and columns, how to use it, what is wrong with one.

`COLUMNS` are by the path in the entry, or its last word; what a field is for stands in `FIELDS` and becomes a note.
Findings of a workbook have codes of their own, `WB…`: they are about cells, and the linter knows none.
"""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import LEVEL_TITLES, Language, Level

Pair = tuple[str, str]

SHEETS: Final[Mapping[str, Pair]] = {
    "guide": ("说明", "Guide"),
    "ruleset": ("规则集", "Ruleset"),
    "channels": ("渠道", "Channels"),
    "functions": ("条线", "Functions"),
    "tags": ("标签", "Tags"),
    "responses": ("应急响应", "Responses"),
    "agencies": ("单位", "Agencies"),
    "routes": ("派单规则", "Routes"),
    "overlays": ("附加规则", "Overlays"),
    "categories": ("类别", "Categories"),
    "jurisdictions": ("地区", "Jurisdictions"),
    "places": ("地名", "Places"),
    "words": ("词表", "Word lists"),
    "calendars": ("日历", "Calendars"),
    "tests": ("测试", "Tests"),
    "files": ("文件", "Files"),
    "areas": ("区域", "Areas"),
    "choices": ("选项", "Choices"),
    "source": ("原文", "Source"),
}

GROUPS: Final[Mapping[str, Pair]] = {
    "": ("基本", "Basics"),
    "when": ("条件（一行一组，一组里都要成立）", "Conditions (a row a block, all must hold)"),
    "assign": ("派给谁", "Who gets it"),
    "add": ("添加", "Adds"),
    "deadline": ("时限", "Deadlines"),
    "effective": ("有效期", "In force"),
    "holidays": ("放假（一行一个）", "Holidays (a row each)"),
    "report": ("来件", "Report"),
    "expect": ("期望", "Expected"),
}

COLUMNS: Final[Mapping[str, Pair]] = {
    "@file": ("文件", "File"),
    "@key": ("编号", "Code"),
    "@value": ("名称", "Title"),
    "@path": ("字段", "Field"),
    "@holds": ("值", "Value"),
    "@about": ("说明", "What it is for"),
    "@size": ("字节", "Bytes"),
    "@points": ("点数", "Points"),
    "id": ("编号", "Id"),
    "code": ("编号", "Code"),
    "title": ("名称", "Title"),
    "name": ("名称", "Name"),
    "owner": ("维护条线", "Owner"),
    "basis": ("依据", "Basis"),
    "status": ("状态", "Status"),
    "from": ("起", "From"),
    "until": ("止", "Until"),
    "gate": ("有意靠前", "Gate"),
    "unless": ("除外", "Unless"),
    "lead": ("主办", "Lead"),
    "co_handlers": ("协办", "Co-handlers"),
    "inform": ("知会", "Informed"),
    "on_return": ("退回后找谁", "On return"),
    "acknowledge": ("签收", "Acknowledge"),
    "respond": ("首次联系", "Respond"),
    "resolve": ("办结", "Resolve"),
    "fixed": ("法定", "Statutory"),
    "deadline_by_kind": ("按诉求类型的时限", "Deadlines by kind"),
    "urgency": ("紧急程度", "Urgency"),
    "tags": ("标签", "Tags"),
    "confidential": ("封闭办理", "Confidential"),
    "fallback": ("兜底", "Fallback"),
    "accepts": ("明知留给兜底", "Accepts"),
    "sample": ("抽取比例", "Sample"),
    "channel": ("渠道", "Channel"),
    "kind": ("诉求类型", "Kind"),
    "reporter": ("来件人", "Reporter"),
    "category": ("类别", "Category"),
    "jurisdiction": ("区划", "Jurisdiction"),
    "located_by": ("地点来源", "Located by"),
    "classified_by": ("分类来源", "Classified by"),
    "area": ("区域", "Area"),
    "areas": ("管的区域", "Areas"),
    "mode": ("平时急时", "Mode"),
    "response": ("应急响应", "Response"),
    "response_level": ("响应级别", "Response level"),
    "occurred_at.between": ("发生钟点", "Occurred between"),
    "occurred_at.days": ("发生在星期", "Occurred on days"),
    "occurred_at.date.between": ("发生在月日", "Occurred on dates"),
    "received_at.between": ("受理钟点", "Received between"),
    "received_at.days": ("受理在星期", "Received on days"),
    "received_at.date.between": ("受理在月日", "Received on dates"),
    "text.any": ("关键词（有一个）", "Words, any"),
    "text.all": ("关键词（都要有）", "Words, all"),
    "text.none": ("关键词（都没有）", "Words, none"),
    "text.in": ("在哪里找", "Looked for in"),
    "about": ("被投诉单位", "Complained of"),
    "reporters.at_least": ("人数至少", "Reporters, at least"),
    "reports.at_least": ("件数至少", "Reports, at least"),
    "attributes": ("属性", "Attributes"),
    "missing": ("缺的字段", "Missing"),
    "expr": ("表达式", "Expression"),
    "function": ("条线", "Function"),
    "tier": ("层级", "Tier"),
    "supervisor": ("上级", "Supervisor"),
    "top": ("最上级", "Top"),
    "names": ("别的叫法", "Other names"),
    "calendar": ("日历", "Calendar"),
    "parent": ("上级", "Parent"),
    "native": ("渠道的叫法", "Channels' own names"),
    "synthetic": ("只为归类", "Synthetic"),
    "words": ("词", "Words"),
    "not": ("先遮住的词", "Masked first"),
    "is": ("是什么", "Is"),
    "in": ("在哪些区划", "In"),
    "agency": ("首接单位", "Receives first"),
    "live": ("实时", "Live"),
    "gives": ("给的字段", "Gives"),
    "year": ("年份", "Year"),
    "source": ("依据的通知", "Source"),
    "work": ("工作时间", "Working hours"),
    "week": ("工作日", "Week"),
    "working_days": ("调休上班", "Working days"),
    "report.title": ("标题", "Title"),
    "text": ("正文", "Text"),
    "native_category": ("渠道类别", "Channel's category"),
    "native_place": ("渠道地点", "Channel's place"),
    "address": ("地址", "Address"),
    "point": ("坐标", "Point"),
    "occurred_at": ("发生时间", "Occurred at"),
    "received_at": ("受理时间", "Received at"),
    "reporters": ("人数", "Reporters"),
    "reports": ("件数", "Reports"),
    "table": ("数据表", "Table"),
    "rounds": ("各轮", "Rounds"),
    "given": ("共同的来件字段", "Given"),
    "modes": ("急时记录", "Modes"),
    "route": ("派单规则", "Route"),
    "overlays": ("附加规则", "Overlays"),
    "reason": ("理由", "Reason"),
    "absent": ("没有这些单位", "Absent"),
    "hard_rules": ("硬规则", "Hard rules"),
    "due": ("到期", "Due"),
    "identity": ("谁看到来件人", "Sees the reporter"),
    "masked": ("谁看遮过的", "Sees it masked"),
    "expect.not": ("没有这些附加规则", "Overlays that don't act"),
    "files.about": ("这份用例讲什么", "What the cases are about"),
}

NOTES: Final[Mapping[str, Pair]] = {
    "@file": (
        (
            "这一条写在哪个文件里。改成别的文件名就搬过去；新文件名会新"
            "建文件。派单规则的文件名是“两位数字-名称”，按数字先后试。"
        ),
        (
            "The file that holds the entry. Another name moves it there; "
            "a new name makes a file. Files of rules are NN-name."
        ),
    ),
    "@key": ("编号，用过的不要改：台账和指标里还有它。", "The code; one that was used should not change."),
    "@value": ("给人看的名称。", "The title that people read."),
    "report": ("用例里的来件字段；留空就是没有。", "A field of the case's report; empty means absent."),
    "expect": (
        "期望的结果；留空就是不看这一项。清单带方括号：[a, b]。",
        "What is expected; empty means not looked at.",
    ),
    "test": ("用例的字段；清单和“字段: 值”带括号。", "A field of the case; lists and mappings keep their brackets."),
    "LIST": ("几个值用“、”或逗号隔开；值里有逗号的加英文双引号。", "Several values are parted by commas."),
    "MAP": ("写成“字段: 值”，几项用逗号隔开。", "Written as field: value, parted by commas."),
    "ANY": ("单个值直接写；清单写 [a, b]，角色写 {function: …, tier: …}。", "One value, [a, b] or {field: value}."),
    "comment": (
        "文件里的注释（只读，改注释请改文件）：",
        "The file's own comment (to read; it is changed in the file):",
    ),
    "unused": (
        "本规则集没有用到的列收起来了，点上方的“＋”展开。",
        "Columns that nothing uses are folded; click + above.",
    ),
}

CHOOSE: Final[Pair] = (
    "这里只能填列表里的值；带括号的角色可以照写。",
    "Only values of the list go here; a role may be written with its brackets.",
)

GUIDE: Final[tuple[Pair, ...]] = (
    ("{title}", "{title}"),
    ("版本 {version}　·　摘要 {digest}", "Version {version} · digest {digest}"),
    ("", ""),
    ("这是什么", "What this is"),
    (
        (
            "整套派单规则，一样东西一张表。规则的正本仍是文件（YAML），这份工作簿是看和"
            "改的一种办法：改好后用下面的命令写回文件，没有改的一个字也不动，注释都在。"
        ),
        (
            "The whole ruleset, a sheet for each thing. The files (YAML) stay the source; this is one "
            "way to read and change them. What is not edited stays to the letter, comments included."
        ),
    ),
    ("incidentbus rules import-excel {file} 规则集文件夹", "incidentbus rules import-excel {file} FOLDER"),
    ("", ""),
    ("怎么改", "How to edit"),
    ("改一个值：直接改那一格。清空就是删去这一项。", "A value: edit its cell. An empty cell takes the value away."),
    ("加一条：插入一行，照着别的行填。", "An entry: insert a row and fill it in like the others."),
    ("删一条：删去整行（不要只清空内容）。", "To remove an entry, delete its whole row."),
    (
        "挪一条：剪切整行，插到别处。派单规则在前的先试；同一个文件里的先后，就是行的先后。",
        (
            "To move one, cut the row and insert it elsewhere. Routes are "
            "tried from the top; the order of rows of one file counts."
        ),
    ),
    (
        "条件“或”：在规则下面插入一行，编号留空，只填条件列；一行一组，一组成立即可。日历的放假也是一行一个。",
        "Another set of conditions: insert a row below the rule, leave the id empty and fill in conditions only.",
    ),
    ("几个值：用“、”或逗号隔开。", "Several values are parted by commas."),
    ("角色：写成 {{function: government, tier: town}}。", "A role: {{function: government, tier: town}}."),
    (
        "第三行的英文名是认列用的，不要改；列可以换位置，可以隐藏。",
        "The names in row 3 tell the columns; don't change them. Columns may move.",
    ),
    ("格子里不要用公式：不算，会退回来。", "No formulas: they are refused."),
    (
        "批注里的“文件里的注释”只给看。区域的图形（GeoJSON）也只给看。",
        "Comments of the files and areas are shown to be read.",
    ),
    ("", ""),
    ("查", "Checking"),
    (
        "写回之前先检查，问题指到表和格，如“派单规则!E12”；有错的不写。--dry-run 只看会改什么。",
        (
            "It is checked before anything is written; findings name sheet "
            "and cell, like Routes!E12. With errors nothing is written."
        ),
    ),
    ("", ""),
    ("各张表", "The sheets"),
)

REASONS: Final[Mapping[str, Pair]] = {
    "left_over": ("后面多出了字", "something is left over at the end"),
    "not_closed": ("括号没有配对", "a bracket is not closed"),
    "too_deep": ("括号套得太深", "nested too deep"),
    "quote": ("双引号没有配对", "a quote is not closed"),
    "same_key": ("同一个字段写了两次", "a field is written twice"),
    "no_parent": ("上一层不是“字段: 值”", "what is above it is no mapping"),
    "zip": ("不是 xlsx，或已损坏", "it is no xlsx, or damaged"),
    "old": (
        "这是旧格式 .xls，或加了密码：另存为 .xlsx，不加密码",
        "an old .xls, or one with a password: save it as .xlsx without",
    ),
    "macros": ("带宏（.xlsm）：另存为不带宏的 .xlsx", "it has macros (.xlsm): save it as .xlsx without"),
    "doctype": ("里面的 XML 带有实体声明", "its XML declares entities"),
    "unfit": ("这里放不下这样的值", "such a value cannot stand here"),
    "bytes": ("文件字节数", "bytes of the file"),
    "inside": ("解开后的字节数", "bytes once unpacked"),
    "parts": ("包里的部件数", "parts of the package"),
    "cells": ("格子数", "cells"),
    "source": (
        "没有“原文”表，或已损坏：请用 export-excel 导出的工作簿改",
        "the sheet of sources is missing or damaged: edit a workbook that export-excel made",
    ),
}

_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE
PROBLEMS: Final[Mapping[str, tuple[Level, Pair, Pair]]] = {
    "WB01": (
        _E,
        ("打不开：{reason}", "cannot be opened: {reason}"),
        ("用 Excel 或 WPS 另存为“Excel 工作簿（.xlsx）”", "save it as an Excel workbook (.xlsx)"),
    ),
    "WB02": (
        _E,
        ("太大：{what} {n}，最多 {most}", "too large: {what} {n}, at most {most}"),
        ("删去多余的表、行和图片再试", "take away sheets, rows and pictures that don't belong"),
    ),
    "WB03": (_E, ("是公式：{text}", "a formula: {text}"), ("复制后“选择性粘贴”为值", "copy it and paste as value")),
    "WB04": (
        _E,
        ("看不懂：{reason}", "cannot be read: {reason}"),
        ("写法见列头的批注", "the column's note says how it is written"),
    ),
    "WB05": (
        _W,
        ("合并的格子，按左上角的值算", "merged cells; the value at the upper left counts"),
        ("取消合并，各填各的", "unmerge them and fill in each"),
    ),
    "WB06": (
        _W,
        ("是带小数的数，末尾的零可能已经丢了：{text}", "a number with decimals; zeros at its end may be lost: {text}"),
        ("把格子设成文本再填", "format the cell as text and type it again"),
    ),
    "WB07": (
        _E,
        ("这一格的值是错误值：{text}", "the cell holds an error: {text}"),
        ("改成真正的值", "put the real value"),
    ),
    "WB08": (
        _W,
        ("少了这一列：{name}，按没有改处理", "the column {name} is missing; taken as unchanged"),
        ("不想看的列可以隐藏，不要删", "hide columns instead of deleting them"),
    ),
    "WB09": (
        _W,
        ("少了“{sheet}”这张表，按没有改处理", "the sheet “{sheet}” is missing; taken as unchanged"),
        ("要删内容请删行，不要删表", "delete rows, not the sheet"),
    ),
    "WB10": (
        _E,
        ("续行上面没有条目", "this row continues an entry, and there is none above"),
        ("填上编号，或移到所属的条目下面", "give it an id, or move it below its entry"),
    ),
    "WB11": (
        _E,
        ("续行只能填条件这样的重复列，这里不能填", "a row that continues an entry has only its repeated columns"),
        ("清空这一格，或填上编号另起一条", "empty the cell, or give the row an id"),
    ),
    "WB12": (
        _E,
        ("没有写文件", "there is no file"),
        ("填上文件名，如 {example}", "give the file's name, like {example}"),
    ),
    "WB13": (
        _E,
        ("文件名不行：{text}", "not a name for such a file: {text}"),
        ("应像 {example}", "it is like {example}"),
    ),
    "WB14": (
        _E,
        ("区域只给看，不能在这里改", "areas are shown to be read and cannot be changed here"),
        ("改 areas/ 里的 GeoJSON 文件", "change the GeoJSON file in areas/"),
    ),
    "WB15": (
        _E,
        (
            "文件夹里的这个文件在导出之后改过，工作簿里也改了：{file}",
            "the file was changed in the folder since the export, and in the workbook too: {file}",
        ),
        ("重新导出再改，或先把文件夹里的改动撤回", "export again and edit that"),
    ),
    "WB16": (
        _E,
        ("写不回去：{file}", "it could not be written back: {file}"),
        ("这是程序的毛病，请直接改文件，并报告", "a defect of the program; edit the file and report it"),
    ),
    "WB17": (_E, ("没有编号", "there is no id"), ("第一列填上编号", "give it an id")),
    "WB18": (
        _W,
        ("不认识的列“{name}”，没有读", "an unknown column “{name}”; it was not read"),
        ("自己加的备注可以留着；要改规则请用已有的列", "remarks of your own may stay"),
    ),
    "WB19": (
        _E,
        ("这个编号有两行：{name}", "this code has two rows: {name}"),
        ("删去一行，或换一个编号", "delete one of the rows, or give it another code"),
    ),
    "WB20": (
        _N,
        ("不认识的表“{sheet}”，没有读", "an unknown sheet “{sheet}”; it was not read"),
        ("自己加的表可以留着", "sheets of your own may stay"),
    ),
}


def say(pair: Pair, language: str = Language.ZH) -> str:
    """Return a text in a language."""
    return pair[0] if Language(language) is Language.ZH else pair[1]


def column_title(sheet: str, path: tuple[str, ...]) -> Pair:
    """Return a column's title: that of the sheet's own path, of the path, of what is left without its first words."""
    names = [f"{sheet}.{'.'.join(path)}", *(".".join(path[start:]) for start in range(len(path)))]
    return next((COLUMNS[name] for name in names if name in COLUMNS), (path[-1], path[-1]))


def problem_line(code: str, place: str, params: Mapping[str, str], language: str = Language.ZH) -> str:
    """Return what is wrong with a cell in one line: place, code, level, sentence, hint."""
    level, sentence, hint = PROBLEMS[code]
    words = {key: say(REASONS[value], language) if value in REASONS else value for key, value in params.items()}
    title = LEVEL_TITLES[Language(language)][level]
    told, way = (say(pair, language).format_map(words) for pair in (sentence, hint))
    return f"{place} {code} {title} {told} \u2014 {way}"
