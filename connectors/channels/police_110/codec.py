"""110 接警单 → Report. The field map, in Chinese and English, is in the README beside this file.

BJSJ is when the caller rang: `reported_at`, never the occurrence. JQFSSJ is when it happened, where the form has it.
BJRXZB/BJRYZB is where the caller's telephone was, not the scene: it stays out. JQXZB/JQYZB is the scene.
"""

from typing import Final

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.coordinates import System
from connectors.native.payload import Native
from connectors.native.reading import Reading, place_code, yes
from contracts.codes import Channel, Kind, ReporterKind, Urgency
from contracts.report import Report, Reporter

CHANNEL: Final = Channel.POLICE.value

KINDS: Final = {
    "咨询": Kind.CONSULT, "举报": Kind.TIP, "举报投诉": Kind.TIP, "投诉监督": Kind.COMPLAINT, "投诉": Kind.COMPLAINT,
    "求助": Kind.HELP, "群众紧急求助": Kind.HELP, "群众求助": Kind.HELP,
}  # fmt: skip
"""警情类别 that say what the caller wants; the others say what happened and leave `kind` to intake."""

URGENCIES: Final = {
    "1": Urgency.CRITICAL, "01": Urgency.CRITICAL, "2": Urgency.URGENT, "02": Urgency.URGENT,
    "3": Urgency.NORMAL, "03": Urgency.NORMAL, "4": Urgency.NORMAL, "04": Urgency.NORMAL,
}  # fmt: skip
"""JQDJDM 警情等级代码: 1 and 2 are the grades that a car is sent to at once."""

_SENSORS: Final = "04"  # JQLYFS 04xx: 物联, alarms without a caller


class CallRecord(Native):
    """One 接警单. Names are the trade's own: initials of the pinyin, upper case."""

    JJDBH: str | None = None  # 接警单编号
    GLZJJDBH: str | None = None  # 关联主接警单编号
    JJLX: str | None = None  # 接警类型 01 110, 02 122, 00 12345
    JQLYFS: str | None = None  # 警情来源方式
    BJSJ: str | None = None  # 报警时间
    JQFSSJ: str | None = None  # 警情发生时间
    BJDH: str | None = None  # 报警电话
    LXDH: str | None = None  # 联系电话
    BJRMC: str | None = None  # 报警人
    BJRZJHM: str | None = None  # 报警人证件号码
    BJDZ: str | None = None  # 报警地址: the caller's
    JQDZ: str | None = None  # 警情地址: the scene's
    BJNR: str | None = Field()  # 报警内容
    GXDWDM: str | None = None  # 管辖单位代码
    GXDWMC: str | None = None  # 管辖单位名称
    JJDWDM: str | None = None  # 接警单位代码
    JQLBDM: str | None = None  # 警情类别
    JQLBMC: str | None = None
    JQLXDM: str | None = None  # 警情类型
    JQLXMC: str | None = None
    JQXLDM: str | None = None  # 警情细类
    JQXLMC: str | None = None
    JQZLDM: str | None = None  # 警情子类
    JQZLMC: str | None = None
    JQDJDM: str | None = None  # 警情等级
    JQCLZTDM: str | None = None  # 警情处理状态
    TZDBH: str | None = None  # 特征点编号 (lamp pole and the like)
    JQXZB: str | None = None  # 警情 X 坐标
    JQYZB: str | None = None
    ZBX: str | None = None  # 坐标系
    XZQHDM: str | None = None  # 行政区划代码
    XZQHMC: str | None = None
    BTSDW: str | None = None  # 被投诉单位
    YWCWQ: str | None = None  # 有无持武器
    YWWXWZ: str | None = None  # 有无危险物质
    BKRYQKSM: str | None = None  # 被困人员情况说明
    SSRYQKSM: str | None = None  # 受伤人员情况说明
    SFBM: str | bool | None = None  # 是否保密
    WXBS: str | None = None  # 无效标识
    HBBS: str | None = None  # 合并标识
    FLOWID: str | None = None  # the 12345 side's flow number
    YLBS: str | bool | None = None  # 演练标识


def read(call: CallRecord, reading: Reading, sent: str | None) -> Report:
    """Return the report that a call record tells. The form has no title; `title` stays empty."""
    external_id = reading.identifier(call.JJDBH, "JJDBH")
    text = reading.text(call.BJNR)
    occurred, reported = reading.time(call.JQFSSJ), reading.time(call.BJSJ)
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        text=text,
        kind=KINDS.get(reading.text(call.JQLBMC)),
        native_category=_label(call, reading),
        jurisdiction=place_code(call.XZQHDM),
        native_place=reading.label(call.XZQHMC),
        address=reading.optional(call.JQDZ),
        point=reading.point(call.JQXZB, call.JQYZB, call.ZBX, System.CGCS2000),
        occurred_at=occurred.at,
        occurred_on=occurred.on,
        reported_at=reported.at,
        urgency=URGENCIES.get(reading.text(call.JQDJDM)),
        about=reading.names(call.BTSDW),
        reporter=_reporter(call, reading),
        attributes=_attributes(call, reading),
        flags=reading.flags(occurred, reported, sent, empty=not text),
        exercise=yes(call.YLBS),
    )


def _label(call: CallRecord, reading: Reading) -> str | None:
    """Return the most specific class name that the desk chose."""
    return (
        reading.label(call.JQZLMC)
        or reading.label(call.JQXLMC)
        or reading.label(call.JQLXMC)
        or reading.label(call.JQLBMC)
    )


def _reporter(call: CallRecord, reading: Reading) -> Reporter:
    name = reading.optional(call.BJRMC)
    phone = reading.optional(call.LXDH) or reading.optional(call.BJDH)
    kind = ReporterKind.CITIZEN if name or phone else ReporterKind.ANONYMOUS
    if reading.text(call.JQLYFS).startswith(_SENSORS):
        kind = ReporterKind.SENSOR
    return Reporter(
        kind=kind,
        name=name,
        phone=phone,
        id_number=reading.optional(call.BJRZJHM),
        address=reading.optional(call.BJDZ),
        secrecy=yes(call.SFBM),
    )


def _attributes(call: CallRecord, reading: Reading) -> dict[str, str]:
    return reading.attributes(
        (
            ("linked-call", call.GLZJJDBH),
            ("call-type", call.JJLX),
            ("source-code", call.JQLYFS),
            ("category-code", call.JQLBDM),
            ("category-name", call.JQLBMC),
            ("type-code", call.JQLXDM),
            ("class-code", call.JQXLDM),
            ("subclass-code", call.JQZLDM),
            ("grade-code", call.JQDJDM),
            ("state-code", call.JQCLZTDM),
            ("landmark", call.TZDBH),
            ("station-code", call.GXDWDM),
            ("station", call.GXDWMC),
            ("desk-code", call.JJDWDM),
            ("weapon", call.YWCWQ),
            ("hazardous-matter", call.YWWXWZ),
            ("trapped", call.BKRYQKSM),
            ("injured", call.SSRYQKSM),
            ("invalid-call", call.WXBS),
            ("merged-call", call.HBBS),
            ("hotline-flow", call.FLOWID),
        )
    )


CODEC: Final = NativeCodec(CHANNEL, CallRecord, read)

__all__ = ["CODEC", "KINDS", "URGENCIES", "CallRecord", "read"]
