"""The files that `rules new` begins with: a small ruleset that runs, with comments that teach. `@…@` is filled in."""

from collections.abc import Mapping
from typing import Final

RULESET: Final[Mapping[str, str]] = {
    "ruleset.yaml": """\
# @TITLE@：这个文件说区情——渠道、条线、时限。改完先跑 incidentbus rules lint，再跑 incidentbus rules test。
ruleset: @ID@
title: @TITLE@
version: "1"                          # 给人看的版本号，每次发布改一下
language: 1
timezone: Asia/Shanghai
root: "@ROOT@"                        # 本区县的编号，与 jurisdictions.yaml 一致
tiers: [town, county]                 # 层级，从低到高
calendar: cn

channels:                             # 来件从哪来；gives 是这个渠道会给的字段
  hotline-12345: {title: 12345热线, agency: centre, live: true, gives: [kind, address]}

functions:                            # 条线：单位按条线和层级找
  command: 联动指挥
  urban: 城市管理
  government: 属地政府

kinds:                                # 诉求类型：渠道没写时按这些词认
  default: help
  words:
    complaint: [投诉]
    consult: [请问, 咨询]

tags: {night: 夜间}

deadlines:                            # 统一时限：2h 钟点，4wh 工作小时，5bd 工作日
  default: {acknowledge: 4wh, respond: 1bd, resolve: 5bd}
""",
    "agencies.yaml": """\
# 单位目录，一行一个单位。supervisor 一级一级走到 top: true 的那一个。
agencies:
- {code: centre, title: 联动指挥中心, function: command, tier: county, jurisdiction: ["@ROOT@"], top: true}
- {code: urban, title: 城市管理局, function: urban, tier: county, jurisdiction: ["@ROOT@"], supervisor: centre}
- {code: gov-first, title: 镇政府, function: government, tier: town, jurisdiction: ["@ROOT@001"], supervisor: centre}
""",
    "jurisdictions.yaml": """\
# 区划树：parent 是上一级。
jurisdictions:
- {code: "@ROOT@", name: 本区, tier: county}
- {code: "@ROOT@001", name: 第一镇, tier: town, parent: "@ROOT@"}
""",
    "categories.yaml": """\
# 分类树：编号用 / 分层；words 是认它的词和分量（1-5）。用 rules words --labelled 给词打分。
categories:
- {code: noise, title: 噪声, owner: urban, words: {噪音: 3, 噪声: 3, 扰民: 2}}
- {code: noise/hawking, title: 喇叭叫卖, words: {喇叭: 3, 叫卖: 3}}
- {code: unclassified, title: 未分类}
""",
    "routes/10-topics.yaml": """\
# 派单规则：从上到下试，第一条成立的就是它。一个字段里的几个值有一个就行，几个字段要都成立。
owner: urban                          # 这些规则归哪个条线维护
routes:
- id: hawking                         # 编号：小写字母、数字、连字符；用过的不再用
  title: 喇叭叫卖
  when: {category: [noise]}
  assign:
    lead: urban                       # 主办只有一个
    inform: [{function: government, tier: town}]      # 按来件地点找镇一级的属地政府
""",
    "routes/99-fallback.yaml": """\
# 兜底：有且只有一条，在最后，没有条件。
owner: command
routes:
- id: fallback
  title: 没有着落的，指挥中心研判
  fallback: true
  assign: {lead: centre}
""",
    "tests/routing.test.yaml": """\
# 用例：一封来件，期望派给谁。没写的不查。
about: 日常派单
given: {channel: hotline-12345, kind: help, received_at: "2026-05-12T10:00"}
cases:
- name: 喇叭叫卖归城管局，告知所在镇
  report: {title: 门店喇叭叫卖, text: 第一镇门店用喇叭叫卖, jurisdiction: "@ROOT@001"}
  expect: {route: hawking, lead: urban, inform: [gov-first]}
- name: 说不清的由指挥中心研判
  report: {title: 有一件事, text: 想反映一个情况}
  expect: {fallback: true, lead: centre}
""",
    "calendars/cn-2026.yaml": """\
# 工作日历，每年一份；下一年的用 incidentbus rules calendar import 起草。
calendar: cn
year: 2026
source: 国务院办公厅关于2026年部分节假日安排的通知
work: ["08:30-12:00", "14:00-18:00"]
week: [mon, tue, wed, thu, fri]
holidays:
- {name: 元旦, from: "2026-01-01", until: "2026-01-03"}
- {name: 春节, from: "2026-02-15", until: "2026-02-23"}
- {name: 清明节, from: "2026-04-04", until: "2026-04-06"}
- {name: 劳动节, from: "2026-05-01", until: "2026-05-05"}
- {name: 端午节, from: "2026-06-19", until: "2026-06-21"}
- {name: 中秋节, from: "2026-09-25", until: "2026-09-27"}
- {name: 国庆节, from: "2026-10-01", until: "2026-10-07"}
working_days: ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
""",
}
