"""A ruleset small enough to see through, and records as a broker would hand them over."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from contracts.ports import Headers
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load
from streams.rulesets import HeldRuleset, RulesetInForce

FILES = {
    "ruleset.yaml": """
ruleset: small
title: 小规则集
version: "2026.05.1"
language: 1
timezone: Asia/Shanghai
root: "320813"
tiers: [town, district]
calendar: cn
channels:
  hotline-12345: {title: 热线, agency: command-centre, live: true, gives: [kind, address]}
functions: {command: 指挥, police: 公安, urban-management: 城管, government: 属地}
kinds: {default: help, words: {complaint: [投诉]}}
tags: {night: 夜间, surge: 突增}
responses: {flood: 防汛}
deadlines: {default: {acknowledge: 4wh, respond: 1bd, resolve: 5bd}}
conflict: {kinds: [complaint, tip], within: 6, not_between: "[到给过后]", before: [投诉], after: [不作为]}
returns: {max: 2}
""",
    "agencies.yaml": """
agencies:
- {code: command-centre, title: 指挥中心, function: command, tier: district, jurisdiction: ["320813"], top: true}
- {code: police, title: 公安局, function: police, tier: district, jurisdiction: ["320813"], supervisor: command-centre}
- code: urban-management
  title: 城管局
  function: urban-management
  tier: district
  jurisdiction: ["320813"]
  supervisor: command-centre
  names: [城管局]
- code: gov-gaoliangjian
  title: 高良涧街道办事处
  function: government
  tier: town
  jurisdiction: ["320813001"]
  supervisor: command-centre
""",
    "jurisdictions.yaml": """
jurisdictions:
- {code: "320813", name: 洪泽区, tier: district}
- {code: "320813001", name: 高良涧街道, tier: town, parent: "320813", names: [高良涧]}
""",
    "categories.yaml": """
categories:
- {code: noise, title: 噪声, owner: police, words: {噪音: 4}}
- {code: urban, title: 城市管理, owner: urban-management, words: {占道: 4}}
- {code: unclassified, title: 未分类}
""",
    "calendars/cn-2026.yaml": """
calendar: cn
year: 2026
source: 通知
work: ["08:30-12:00", "14:00-18:00"]
week: [mon, tue, wed, thu, fri]
holidays: []
working_days: []
""",
    "routes/10-topics.yaml": """
owner: command
routes:
- id: noise
  title: 噪声
  when: {category: [noise]}
  assign: {lead: police, co_handlers: [urban-management], inform: [gov-gaoliangjian]}
- {id: urban, title: 城管, when: {category: [urban]}, assign: {lead: urban-management}, on_return: [police]}
""",
    "routes/50-overlays.yaml": """
owner: command
overlays:
- id: surge
  title: 突增
  when: {tags: [surge]}
  add: {co_handlers: [gov-gaoliangjian], urgency: urgent, deadline: {resolve: 1bd}}
""",
    "routes/99-fallback.yaml": """
owner: command
routes:
- {id: fallback, title: 兜底, fallback: true, assign: {lead: command-centre}}
""",
}


@dataclass
class Inbound:
    """A record as a consumer hands it over."""

    topic: str
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = 1_778_551_200_000
    key: bytes | None = None
    headers: Headers = ()


@dataclass
class DictState:
    """A task's state without a broker beneath: the runtime's own is tested where it lives."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def get(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        self.kept[key] = value

    def delete(self, key: bytes) -> None:
        self.kept.pop(key, None)


@pytest.fixture(scope="session")
def small() -> RulesetInForce:
    loaded = load({path: text.encode() for path, text in FILES.items()})
    assert loaded.ruleset is not None, [str(finding) for finding in loaded.findings]
    return RulesetInForce(compile_ruleset(loaded.ruleset))


@pytest.fixture
def held(small: RulesetInForce) -> HeldRuleset:
    return HeldRuleset(small)


@pytest.fixture
def inbound() -> Callable[..., Inbound]:
    return Inbound


@pytest.fixture
def state() -> DictState:
    return DictState()
