"""12345 工单 → Report. The field map, in Chinese and English, is in the README beside this file."""

from typing import Any, Final

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.coordinates import System
from connectors.native.payload import Native
from connectors.native.reading import Reading, place_code, yes
from contracts.codes import Channel, Kind, ReporterKind, Urgency
from contracts.report import Report, Reporter

CHANNEL: Final = Channel.HOTLINE.value

KINDS: Final = {
    "咨询": Kind.CONSULT, "求助": Kind.HELP, "投诉": Kind.COMPLAINT, "举报": Kind.TIP, "建议": Kind.SUGGESTION,
    "意见建议": Kind.SUGGESTION, "表扬": Kind.PRAISE, "感谢": Kind.PRAISE,
}  # fmt: skip
"""诉求类型, the hotline's closed list."""

URGENCIES: Final = {"普通": Urgency.NORMAL, "一般": Urgency.NORMAL, "紧急": Urgency.URGENT, "特急": Urgency.CRITICAL}
"""紧急程度, the hotline's closed list."""


class WorkOrder(Native):
    """One 工单 as the city's hotline hands it to the county."""

    city_number: str | None = Field(default=None, alias="市受理编号")
    province_number: str | None = Field(default=None, alias="省编号")
    county_number: str | None = Field(default=None, alias="区县受理编号")
    source: str | None = Field(default=None, alias="诉求来源")
    caller_number: str | None = Field(default=None, alias="来电号码")
    contact_number: str | None = Field(default=None, alias="联系电话")
    person: str | None = Field(default=None, alias="诉求人")
    person_kind: str | None = Field(default=None, alias="诉求人类别")
    person_address: str | None = Field(default=None, alias="诉求人地址")
    secrecy: str | bool | None = Field(default=None, alias="是否保密")
    anonymous: str | bool | None = Field(default=None, alias="是否匿名")
    reported: str | None = Field(default=None, alias="反映日期")
    occurred: str | None = Field(default=None, alias="发生时间")
    address: str | None = Field(default=None, alias="发生地")
    longitude: str | None = Field(default=None, alias="经度")
    latitude: str | None = Field(default=None, alias="纬度")
    coordinate_system: str | None = Field(default=None, alias="坐标系")
    town: str | None = Field(default=None, alias="镇街")
    place_code: str | None = Field(default=None, alias="区划代码")
    title: str | None = Field(default=None, alias="标题")
    content: str | None = Field(alias="内容")
    kind: str | None = Field(default=None, alias="诉求类型")
    class_1: str | None = Field(default=None, alias="内容一级分类")
    class_2: str | None = Field(default=None, alias="内容二级分类")
    urgency: str | None = Field(default=None, alias="紧急程度")
    complained_about: str | list[str] | None = Field(default=None, alias="被投诉单位")
    merchant: str | None = Field(default=None, alias="涉及商户")
    department: str | None = Field(default=None, alias="建议承办单位")
    joint: str | None = Field(default=None, alias="是否联办")
    repeat_of: str | None = Field(default=None, alias="关联工单")
    attachments: list[Any] | None = Field(default=None, alias="附件")
    exercise: str | bool | None = Field(default=None, alias="是否演练")


def read(order: WorkOrder, reading: Reading, sent: str | None) -> Report:
    """Return the report that a work order tells."""
    external_id = reading.identifier(order.city_number, "市受理编号")
    title, text = reading.text(order.title), reading.text(order.content)
    occurred, reported = reading.time(order.occurred), reading.time(order.reported)
    point = reading.point(order.longitude, order.latitude, order.coordinate_system, System.GCJ02)
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        title=title,
        text=text,
        kind=KINDS.get(reading.text(order.kind)),
        native_category=reading.label(order.class_2) or reading.label(order.class_1),
        jurisdiction=place_code(order.place_code),
        native_place=reading.label(order.town),
        address=reading.optional(order.address),
        point=point,
        occurred_at=occurred.at,
        occurred_on=occurred.on,
        reported_at=reported.at,
        urgency=URGENCIES.get(reading.text(order.urgency)),
        about=reading.names(order.complained_about),
        reporter=_reporter(order, reading),
        attributes=_attributes(order, reading),
        flags=reading.flags(occurred, reported, sent, empty=not (title or text)),
        exercise=yes(order.exercise),
    )


def _reporter(order: WorkOrder, reading: Reading) -> Reporter:
    name = reading.optional(order.person)
    phone = reading.optional(order.contact_number) or reading.optional(order.caller_number)
    kind = ReporterKind.CITIZEN
    if yes(order.anonymous) or not (name or phone):
        kind = ReporterKind.ANONYMOUS
    elif reading.text(order.person_kind) in ("企业", "个体工商户"):
        kind = ReporterKind.ENTERPRISE
    return Reporter(
        kind=kind,
        name=name,
        phone=phone,
        address=reading.optional(order.person_address),
        secrecy=yes(order.secrecy),
    )


def _attributes(order: WorkOrder, reading: Reading) -> dict[str, str]:
    return reading.attributes(
        (
            ("province-number", order.province_number),
            ("county-number", order.county_number),
            ("source", order.source),
            ("kind-label", order.kind),
            ("class-1", order.class_1),
            ("class-2", order.class_2),
            ("urgency-label", order.urgency),
            ("merchant", order.merchant),
            ("suggested-department", order.department),
            ("joint-handling", order.joint),
            ("related-order", order.repeat_of),
            ("attachments", str(len(order.attachments)) if order.attachments else None),
        )
    )


CODEC: Final = NativeCodec(CHANNEL, WorkOrder, read)

__all__ = ["CODEC", "KINDS", "URGENCIES", "WorkOrder", "read"]
