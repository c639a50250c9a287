"""数字化城管案卷 → Report. The field map, in Chinese and English, is in the README beside this file.

发现时间 is when the matter was seen on the spot (`occurred_at`); 上报时间 is when it was filed and never stands in.
"""

from typing import Any, Final

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.coordinates import System
from connectors.native.payload import Native
from connectors.native.reading import Reading, place_code, yes
from contracts.codes import Channel, ReporterKind, Urgency
from contracts.report import Report, Reporter

CHANNEL: Final = Channel.URBAN_MANAGEMENT.value

SOURCES: Final = {
    "监督员上报": ReporterKind.INSPECTOR, "专业部门巡查": ReporterKind.INSPECTOR, "领导督办": ReporterKind.INSPECTOR,
    "视频上报": ReporterKind.SENSOR, "物联感知": ReporterKind.SENSOR,
    "公众举报": ReporterKind.CITIZEN, "热线转办": ReporterKind.CITIZEN,
}  # fmt: skip
"""问题来源, the system's closed list: who saw it."""


class Case(Native):
    """One 案卷 as the digital urban-management system files it."""

    task_number: str | None = Field(default=None, alias="任务号")
    source: str | None = Field(default=None, alias="问题来源")
    problem_type: str | None = Field(default=None, alias="问题类型")
    large_code: str | None = Field(default=None, alias="大类代码")
    large_name: str | None = Field(default=None, alias="大类名称")
    small_code: str | None = Field(default=None, alias="小类代码")
    small_name: str | None = Field(default=None, alias="小类名称")
    condition: str | None = Field(default=None, alias="立案条件")
    description: str | None = Field(alias="问题描述")
    address: str | None = Field(default=None, alias="地址描述")
    district_area: str | None = Field(default=None, alias="所属片区")
    town: str | None = Field(default=None, alias="所属街道")
    town_code: str | None = Field(default=None, alias="街道代码")
    community: str | None = Field(default=None, alias="所属社区")
    grid: str | None = Field(default=None, alias="单元网格")
    part_code: str | None = Field(default=None, alias="部件标识码")
    part_edition: str | None = Field(default=None, alias="部件编码版本")
    part_state: str | None = Field(default=None, alias="部件状态")
    inspector: str | None = Field(default=None, alias="监督员")
    inspector_number: str | None = Field(default=None, alias="监督员编号")
    caller: str | None = Field(default=None, alias="举报人")
    caller_phone: str | None = Field(default=None, alias="举报电话")
    secrecy: str | bool | None = Field(default=None, alias="是否保密")
    found: str | None = Field(default=None, alias="发现时间")
    reported: str | None = Field(default=None, alias="上报时间")
    stage: str | None = Field(default=None, alias="当前阶段名称")
    department: str | None = Field(default=None, alias="处置部门")
    due: str | None = Field(default=None, alias="处置截止时间")
    urgent: str | bool | None = Field(default=None, alias="是否紧急")
    x: str | None = Field(default=None, alias="X坐标")
    y: str | None = Field(default=None, alias="Y坐标")
    coordinate_system: str | None = Field(default=None, alias="坐标系")
    photos: list[Any] | None = Field(default=None, alias="多媒体")
    exercise: str | bool | None = Field(default=None, alias="演练案件")


def read(case: Case, reading: Reading, sent: str | None) -> Report:
    """Return the report that a case tells. The form has no 诉求类型: `kind` is left to intake."""
    external_id = reading.identifier(case.task_number, "任务号")
    text = reading.text(case.description)
    found, reported = reading.time(case.found), reading.time(case.reported)
    point = reading.point(case.x, case.y, case.coordinate_system, System.CGCS2000)
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        title=reading.text(case.small_name),
        text=text,
        native_category=reading.label(case.small_name),
        jurisdiction=place_code(case.town_code),
        native_place=reading.label(case.town),
        address=reading.optional(case.address),
        point=point,
        occurred_at=found.at,
        occurred_on=found.on,
        reported_at=reported.at,
        urgency=Urgency.URGENT if yes(case.urgent) else None,
        reporter=_reporter(case, reading),
        attributes=_attributes(case, reading),
        flags=reading.flags(found, reported, sent, empty=not text),
        exercise=yes(case.exercise),
    )


def _reporter(case: Case, reading: Reading) -> Reporter:
    kind = SOURCES.get(reading.text(case.source), ReporterKind.CITIZEN)
    if kind is ReporterKind.SENSOR:
        return Reporter(kind=kind)
    if kind is ReporterKind.INSPECTOR:
        return Reporter(kind=kind, name=reading.optional(case.inspector))
    name, phone = reading.optional(case.caller), reading.optional(case.caller_phone)
    if not (name or phone):
        kind = ReporterKind.ANONYMOUS
    return Reporter(kind=kind, name=name, phone=phone, secrecy=yes(case.secrecy))


def _attributes(case: Case, reading: Reading) -> dict[str, str]:
    return reading.attributes(
        (
            ("source", case.source),
            ("problem-type", case.problem_type),
            ("large-class-code", case.large_code),
            ("large-class", case.large_name),
            ("small-class-code", case.small_code),
            ("filing-condition", case.condition),
            ("area", case.district_area),
            ("community", case.community),
            ("grid", case.grid),
            ("part-code", case.part_code),
            ("part-code-edition", case.part_edition),
            ("part-state", case.part_state),
            ("inspector-number", case.inspector_number),
            ("stage", case.stage),
            ("suggested-department", case.department),
            ("channel-due", case.due),
            ("attachments", str(len(case.photos)) if case.photos else None),
        )
    )


CODEC: Final = NativeCodec(CHANNEL, Case, read)

__all__ = ["CODEC", "SOURCES", "Case", "read"]
