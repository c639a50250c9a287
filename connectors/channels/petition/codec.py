"""信访件 → Report. The field map, in Chinese and English, is in the README beside this file."""

from typing import Any, Final

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.payload import Native
from connectors.native.reading import Reading, place_code, yes
from contracts.codes import Channel, Kind, ReporterKind, Urgency
from contracts.report import Report, Reporter

CHANNEL: Final = Channel.PETITION.value

KINDS: Final = {
    "申诉": Kind.COMPLAINT, "求决": Kind.HELP, "揭发控告": Kind.TIP, "检举控告": Kind.TIP, "意见建议": Kind.SUGGESTION,
    "咨询": Kind.CONSULT, "感谢": Kind.PRAISE,
}  # fmt: skip
"""信访目的, a closed list. 申诉 is against what an agency did, 求决 asks one to act; 其他 is left to intake."""

URGENCIES: Final = {"一般": Urgency.NORMAL, "紧急": Urgency.URGENT, "重大紧急": Urgency.CRITICAL}
"""紧急程度, the system's closed list (信访工作条例, article 25: 重大、紧急)."""


class Petition(Native):
    """One 信访件. Names are the trade's own: initials of the pinyin, lower case."""

    xfjbh: str | None = None  # 信访件编号
    xfxs: str | None = None  # 信访形式: 来信 来访 网上信访 来电
    xfmd: str | None = None  # 信访目的
    xfrq: str | None = None  # 信访日期
    djsj: str | None = None  # 登记时间
    djjg: str | None = None  # 登记机构
    xm: str | None = None  # 姓名
    sjhm: str | None = None  # 手机号码
    zjhm: str | None = None  # 证件号码
    zz: str | None = None  # 住址: the petitioner's
    xfrs: str | None = None  # 信访人数
    sfjtf: str | bool | None = None  # 是否集体访
    sfnm: str | bool | None = None  # 是否匿名
    sfbm: str | bool | None = None  # 是否要求保密
    cfbs: str | None = None  # 初重标识: 初次 重复
    wtsddm: str | None = None  # 问题属地代码
    wtsdmc: str | None = None  # 问题属地名称
    wtdz: str | None = None  # 问题发生地址
    fssj: str | None = None  # 发生时间
    nrflyj: str | None = None  # 内容分类一级
    nrflej: str | None = None  # 内容分类二级
    nrfldm: str | None = None  # 内容分类代码
    gsbt: str | None = None  # 概述标题
    gsnr: str | None = Field()  # 概况内容
    bfydw: str | list[str] | None = None  # 被反映单位
    bfyr: str | None = None  # 被反映人
    jjcd: str | None = None  # 紧急程度
    blfs: str | None = None  # 办理方式: 转送 交办
    blqx: str | None = None  # 办理期限
    yxfjbh: str | None = None  # 原信访件编号
    fj: list[Any] | None = None  # 附件
    ylbs: str | bool | None = None  # 演练标识


def read(petition: Petition, reading: Reading, sent: str | None) -> Report:
    """Return the report that a petition tells."""
    external_id = reading.identifier(petition.xfjbh, "xfjbh")
    title, text = reading.text(petition.gsbt), reading.text(petition.gsnr)
    occurred = reading.time(petition.fssj)
    registered = reading.time(petition.djsj) if petition.djsj else reading.time(petition.xfrq)
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        title=title,
        text=text,
        kind=KINDS.get(reading.text(petition.xfmd)),
        native_category=reading.label(petition.nrflej) or reading.label(petition.nrflyj),
        jurisdiction=place_code(petition.wtsddm),
        native_place=reading.label(petition.wtsdmc),
        address=reading.optional(petition.wtdz),
        occurred_at=occurred.at,
        occurred_on=occurred.on,
        reported_at=registered.at,
        urgency=URGENCIES.get(reading.text(petition.jjcd)),
        about=reading.names(petition.bfydw),
        reporter=_reporter(petition, reading),
        attributes=_attributes(petition, reading),
        flags=reading.flags(occurred, registered, sent, empty=not (title or text)),
        exercise=yes(petition.ylbs),
    )


def _reporter(petition: Petition, reading: Reading) -> Reporter:
    name, phone = reading.optional(petition.xm), reading.optional(petition.sjhm)
    nameless = yes(petition.sfnm) or not (name or phone)
    return Reporter(
        kind=ReporterKind.ANONYMOUS if nameless else ReporterKind.CITIZEN,
        name=name,
        phone=phone,
        id_number=reading.optional(petition.zjhm),
        address=reading.optional(petition.zz),
        secrecy=yes(petition.sfbm),
    )


def _attributes(petition: Petition, reading: Reading) -> dict[str, str]:
    return reading.attributes(
        (
            ("form", petition.xfxs),
            ("purpose", petition.xfmd),
            ("petitioners", petition.xfrs),
            ("collective", "true" if yes(petition.sfjtf) else None),
            ("first-or-repeat", petition.cfbs),
            ("earlier-petition", petition.yxfjbh),
            ("class-1", petition.nrflyj),
            ("class-2", petition.nrflej),
            ("class-code", petition.nrfldm),
            ("urgency-label", petition.jjcd),
            ("registered-by", petition.djjg),
            ("handling", petition.blfs),
            ("channel-due", petition.blqx),
            ("petitioned-on", petition.xfrq),
            ("attachments", str(len(petition.fj)) if petition.fj else None),
        )
    )


CODEC: Final = NativeCodec(CHANNEL, Petition, read)

__all__ = ["CODEC", "KINDS", "URGENCIES", "Petition", "read"]
