"""The lint catalogue: for each finding its level, its sentence and its hint, in both languages (RULE-LANGUAGE §12).

A sentence takes its parameters by name. `variants` are other wordings of the same finding, chosen by the place that
finds it: without a near word, for a title given instead of a code. docs/rules/findings.md has a heading for each code.
"""

from collections.abc import Mapping
from typing import Final

from routing_rules.messages.entries import Entry, Language, Texts, error, note, warning
from routing_rules.messages.terms import TERMS

CATALOGUE: Final[Mapping[str, Entry]] = {
    "RR100": error(
        "读不下去：{detail}",
        "看缩进、冒号后的空格、括号和引号是否成对",
        "cannot be read: {detail}",
        "look at the indentation, the blank after a colon, and pairs of brackets and quotes",
        tab=Texts(
            "这里用了制表符（Tab）",
            "改成空格",
            "there is a tab here",
            "use blanks",
        ),
        encoding=Texts(
            "文件不是 UTF-8 编码",
            "另存为 UTF-8（不要 GBK）",
            "the file is not UTF-8",
            "save it as UTF-8",
        ),
        missing=Texts(
            "缺少文件 {name}",
            "规则集的每一层都要有，见 authoring",
            "{name} is missing",
            "a ruleset has one of each; see the authoring guide",
        ),
        documents=Texts(
            "一个文件只能有一份内容，这里又用 --- 开了一份",
            "删掉 ---，或拆成两个文件",
            "a file holds one document; another begins here with ---",
            "take --- away, or make two files",
        ),
    ),
    "RR101": error(
        "不认识的字段“{field}”，是不是“{near}”？",
        "字段只有这些：{known}",
        "unknown field “{field}”; is it “{near}”?",
        "the fields are: {known}",
        bare=Texts(
            "不认识的字段“{field}”",
            "字段只有这些：{known}",
            "unknown field “{field}”",
            "the fields are: {known}",
        ),
    ),
    "RR102": error(
        "“{key}”写了两次（第 {a}、{b} 行）",
        "合并成一处",
        "“{key}” is written twice (lines {a} and {b})",
        "make them one",
    ),
    "RR103": error(
        "用了全角“{char}”，应为半角“{ascii}”",
        "切换输入法；引号内不限",
        "full-width “{char}” where “{ascii}” is due",
        "switch the input method; within quotes anything goes",
    ),
    "RR104": error(
        "“{field}”要写成清单 [ ]",
        "只有一个值也加方括号，写成 [值]",
        "“{field}” is a list: write [ ] round it",
        "one value has its brackets too: [value]",
    ),
    "RR105": error(
        "“{field}”清单是空的，永远不会命中",
        "删掉这一项，或填上",
        "the list “{field}” is empty and never holds",
        "take it away, or fill it",
    ),
    "RR106": error(
        "不能用 & * << 引用",
        "每条规则写全；词多用 words/",
        "no references with & * <<",
        "write each rule in full; put many words into words/",
    ),
    "RR107": error(
        "文件名应为“两位数字-名称.yaml”，数字不重复",
        "数字就是先后",
        "a file of routes is named NN-name.yaml, each number once",
        "the number is the order",
        again=Texts(
            "文件名应为“两位数字-名称.yaml”，数字不重复：{number} 已被 {other} 用了",
            "数字就是先后",
            "a file of routes is named NN-name.yaml, each number once: {other} has {number} already",
            "the number is the order",
        ),
    ),
    "RR108": error(
        "编号“{id}”重复，或已停用过",
        "编号一旦用过就不再用",
        "the id “{id}” is taken, or was retired",
        "an id is never used again",
        again=Texts(
            "编号“{id}”重复，{where} 已用过",
            "编号一旦用过就不再用",
            "the id “{id}” is taken: see {where}",
            "an id is never used again",
        ),
    ),
    "RR109": warning(
        "“{id}”没有写归谁管（owner）",
        "在文件开头写 owner: 条线编号",
        "nobody owns “{id}”",
        "write owner: with a function's code at the head of the file",
    ),
    "RR110": error(
        "没有这个{what}：“{value}”，相近的有 {near}",
        "用编号；写了名称会告诉你编号",
        "no such {what}: “{value}”; near it: {near}",
        "use codes; write a title and you are told its code",
        bare=Texts(
            "没有这个{what}：“{value}”",
            "用编号；写了名称会告诉你编号",
            "no such {what}: “{value}”",
            "use codes; write a title and you are told its code",
        ),
        choices=Texts(
            "没有这个{what}：“{value}”，只有 {near}",
            "从这些里选",
            "no such {what}: “{value}”; there are {near}",
            "choose one of these",
        ),
        title=Texts(
            "没有这个{what}：“{value}”，相近的有 {near}",
            "“{value}”是名称，编号是 {near}",
            "no such {what}: “{value}”; near it: {near}",
            "“{value}” is a title; its code is {near}",
        ),
        function=Texts(
            "没有这个{what}：“{value}”",
            "“{value}”是条线不是单位，写成 {{function: {value}}}",
            "no such {what}: “{value}”",
            "“{value}” is a function, not an agency: write {{function: {value}}}",
        ),
    ),
    "RR111": note(
        "“{a}”已经包含“{b}”",
        "可删去后者",
        "“{a}” contains “{b}” already",
        "the latter may go",
    ),
    "RR112": warning(
        "渠道 {channel} 从不提供 {field}，这一组条件不会成立",
        "改用文字，或另写一组",
        "the channel {channel} never gives {field}: this block cannot hold",
        "ask the text instead, or write another block",
    ),
    "RR113": error(
        "起止时间相同（{v}），一刻也不成立",
        "全天就删掉 between",
        "start and end are the same ({v}): it never holds",
        "for the whole day take between away",
    ),
    "RR114": warning(
        "关键词“{w}”只有一个字，会误中",
        "用两个字以上",
        "the keyword “{w}” has one character and hits by accident",
        "use two or more",
    ),
    "RR115": note(
        "关键词“{b}”里已有“{a}”，前者多余",
        "可删去长的",
        "the keyword “{b}” has “{a}” in it and adds nothing",
        "the longer may go",
    ),
    "RR116": error(
        "“{w}”既要求有又要求没有",
        "二者取一",
        "“{w}” is asked for and ruled out",
        "keep one of the two",
    ),
    "RR117": error(
        "表达式有误：{detail}",
        "变量只有：{names}",
        "wrong expression: {detail}",
        "the variables are: {names}",
        unknown=Texts(
            "表达式有误：没有“{detail}”",
            "变量只有：{names}",
            "wrong expression: there is no “{detail}”",
            "the variables are: {names}",
        ),
        result=Texts(
            "表达式有误：结果应为真假，实为 {detail}",
            "变量只有：{names}",
            "wrong expression: it must be true or false, not {detail}",
            "the variables are: {names}",
        ),
        long=Texts(
            "表达式有误：{detail} 个字符，最多 200",
            "拆成几组条件",
            "wrong expression: {detail} characters, 200 at most",
            "split it into blocks",
        ),
        costly=Texts(
            "表达式有误：{detail} 可能算得太久",
            "正则写成字面文字，重复次数相乘不超过 100；all、exists、map、filter 最多两层",
            "wrong expression: {detail} may take too long",
            "write patterns out, repetitions of 100 at most multiplied; all, exists, map, filter twice at most",
        ),
    ),
    "RR118": error(
        "表达式不能用 size() 数字数",
        "用 text_length",
        "an expression cannot count characters with size()",
        "use text_length",
    ),
    "RR119": warning(
        "只凭文字升为特急，但没有限定实时渠道",
        "加 `channel`，或改为 urgent",
        "words alone raise this to critical, and no live channel is asked for",
        "add `channel`, or say urgent",
    ),
    "RR120": error(
        "角色“{role}”在 {n} 个地方找不到单位，如 {place}",
        "补单位，或去掉 climb: false",
        "the role “{role}” finds no agency in {n} places, such as {place}",
        "add the agency, or take climb: false away",
    ),
    "RR121": error(
        "“{a}”与“{b}”同条线、同级、同地，无法取一个",
        "分开管辖，或停用一个",
        "“{a}” and “{b}” have the same function, tier and place: neither can be chosen",
        "part what they cover, or end one",
    ),
    "RR122": warning(
        "点名的“{agency}”不管 {place}",
        "改写成角色",
        "the agency named, “{agency}”, does not cover {place}",
        "write a role instead",
    ),
    "RR123": error(
        "单位“{agency}”没有上级，或上级绕成圈",
        "补 supervisor，终点是 top: true 的那一个",
        "the agency “{agency}” has no supervisor, or its supervisors go in a circle",
        "give a supervisor; the last one is the one with top: true",
        top=Texts(
            "top: true 的单位要有且只有一个，现有 {n} 个",
            "只留市平台那一个",
            "exactly one agency has top: true, not {n}",
            "keep the one above all",
        ),
    ),
    "RR124": error(
        "单位别名“{name}”同时是{what}“{other}”",
        "换成只指单位的叫法",
        "the agency's name “{name}” is also the {what} “{other}”",
        "use a name that means the agency only",
    ),
    "RR125": warning(
        "主办“{agency}”又写在{role}里",
        "删去后者：一家只有一个身份，取最重的",
        "the lead “{agency}” is written again as {role}",
        "take the latter away: an agency has one role, the strongest",
    ),
    "RR126": error(
        "附加规则不能指定主办",
        "移到 routes",
        "an overlay names no lead",
        "move it to routes",
    ),
    "RR127": warning(
        "派单规则问了并案人数：首次派单时恒为 1，之后不改主办",
        "改成附加规则",
        "a route asks how many reported: it is 1 at the first decision, and the lead never moves later",
        "make it an overlay",
    ),
    "RR130": error(
        "“{id}”永远轮不到，全被“{by}”截住",
        "上移，或删除",
        "“{id}” is never reached: “{by}” takes everything",
        "move it up, or take it away",
        itself=Texts("“{id}”的条件自己就不可能成立", "改条件或 unless", "“{id}” can never hold", "mend when or unless"),
    ),
    "RR131": warning(
        "“{id}”与 {n} 条规则交叉且主办不同（如“{other}”），同时成立时 {first} 在先",
        "加条件分开；有意在先写 gate: true",
        "“{id}” crosses {n} rules with another lead (such as “{other}”); where both hold {first} comes first",
        "part them by a condition; write gate: true where it is meant",
    ),
    "RR132": warning(
        "有 {n} 类来件只有兜底能接，如 {example}",
        "补规则，或写进兜底的 accepts",
        "{n} sorts of report reach the fallback only, such as {example}",
        "add a rule, or name them in the fallback's accepts",
    ),
    "RR133": error(
        "兜底要有且只有一条，在最后，无条件，主办写单位编号",
        "见 99-fallback.yaml",
        "there is exactly one fallback: last, unconditional, its lead an agency's code",
        "see 99-fallback.yaml",
    ),
    "RR134": error(
        "急时规则只能放在 00–09 号文件，别的规则不能放进去",
        "移动文件",
        "emergency rules live in files 00-09, and nothing else does",
        "move it to another file",
    ),
    "RR135": error(
        "派单规则“{id}”没有条件，会截住一切",
        "写 when；只有兜底和附加规则可以不写",
        "the route “{id}” has no condition and takes everything",
        "write when; only the fallback and overlays go without",
    ),
    "RR136": warning(
        "“{id}”已于 {date} 失效",
        "删去并把编号记入 retired，或改期",
        "“{id}” ended on {date}",
        "take it away and list its id in retired, or give another date",
    ),
    "RR137": error(
        "超出规模上限：{what} {n}，最多 {max}",
        "合并规则，或把词移到多个词表",
        "over the limit: {n} {what}, {max} at most",
        "merge rules, or spread the words over several lists",
        size=Texts(
            "文件太大，没有读下去：{what} {n}，最多 {max}",
            "规则集不是放数据的地方：把来件、名册移到别处",
            "too large, reading ended here: {n} {what}, {max} at most",
            "a ruleset is no place for data: keep reports and registers elsewhere",
        ),
    ),
    "RR140": error(
        "时限“{v}”不认识",
        "可写 30m 2h 4wh 5bd 15d none",
        "unknown deadline “{v}”",
        "write 30m 2h 4wh 5bd 15d none",
    ),
    "RR141": warning(
        "签收时限 {a} 比办结时限 {b} 还晚",
        "调换，或改一个",
        "acknowledging ({a}) is due later than resolving ({b})",
        "change one of them",
    ),
    "RR142": warning(
        "缺 {year} 年日历，暂按周一至周五算",
        "在 calendars/ 添上这一年的文件，照当年放假通知写",
        "no calendar for {year}: Monday to Friday is assumed",
        "add that year's file to calendars/, from the holiday notice",
    ),
    "RR143": note(
        "调休上班日 {date} 本来就是工作日",
        "核对放假通知",
        "{date}, a make-up working day, is a working day anyway",
        "look at the holiday notice again",
    ),
    "RR144": error(
        "起始日 {a} 晚于截止日 {b}",
        "改日期",
        "it starts on {a}, after it ends on {b}",
        "change a date",
    ),
    "RR145": error(
        "缺少必填的“{field}”",
        "补上 {field}",
        "“{field}” is missing",
        "write {field}",
        name=Texts(
            "“{id}”没有写名称（title）",
            "写一个公众看得懂的名称",
            "“{id}” has no title",
            "write one that people understand",
        ),
    ),
    "RR146": error(
        "“{field}”的值“{value}”不对，应为{expected}",
        "照例子改写：{example}",
        "the value “{value}” of “{field}” is wrong: {expected} is due",
        "write it like {example}",
    ),
    "RR147": warning(
        "渠道 {channel} 的名称“{label}”同时指“{a}”和“{b}”，两处都不认，按词判断",
        "一个名称只写一处",
        "the label “{label}” of the channel {channel} means both “{a}” and “{b}”; neither counts, words decide",
        "write a label once",
    ),
    "RR148": error(
        "区划“{code}”的上级绕成圈",
        "改 parent",
        "the parents of the jurisdiction “{code}” go in a circle",
        "change parent",
    ),
    "RR149": warning(
        "这个文件不会被读",
        "规则集只读这些：{known}",
        "this file is not read",
        "a ruleset has only: {known}",
    ),
    "RR150": note(
        "没有用例断言规则“{id}”",
        "在 tests/ 里加一条：expect: {{route: {id}}}",
        "no case asserts the rule “{id}”",
        "add one in tests/: expect: {{route: {id}}}",
        overlay=Texts(
            "没有用例断言附加规则“{id}”",
            "在 tests/ 里加一条：expect: {{overlays: {{includes: [{id}]}}}}",
            "no case asserts the overlay “{id}”",
            "add one in tests/: expect: {{overlays: {{includes: [{id}]}}}}",
        ),
    ),
    "RR151": warning(
        "用例“{name}”什么也没断言",
        "写上 lead、route 或 fallback",
        "the case “{name}” asserts nothing",
        "write lead, route or fallback",
    ),
    "RR152": warning(
        "免查 {code} 没有写原因",
        "写成 # lint: ignore {code} 原因",
        "{code} is waived without a reason",
        "write # lint: ignore {code} reason",
    ),
    "RR160": error(
        "催督步骤先后颠倒：“{a}”写在“{b}”后面，却在它之前到",
        "按时间先后排：百分比、due、+时限",
        "steps out of order: “{a}” is written after “{b}” and comes before it",
        "write them in order of time: percentages, due, + spans",
    ),
    "RR161": warning(
        "同一步骤写了两次：“{at}”时“{do}”",
        "删去一个",
        "the same step twice: “{do}” at “{at}”",
        "take one away",
    ),
}


def render(code: str, variant: str, params: Mapping[str, str], language: Language) -> tuple[str, str]:
    """Return the sentence and the hint of a finding; a parameter that is a term is put into the language."""
    entry = CATALOGUE[code]
    texts = entry.variants.get(variant, entry.texts)
    words = {
        key: TERMS.get(value, {}).get(language.value, value.removeprefix("yaml:")) for key, value in params.items()
    }
    if language is Language.ZH:
        return texts.zh.format_map(words), texts.hint_zh.format_map(words)
    return texts.en.format_map(words), texts.hint_en.format_map(words)
