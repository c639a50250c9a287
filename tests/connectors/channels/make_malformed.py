"""Writes each channel's samples/malformed.ndjson and mended.ndjson: its first sound sample, damaged as in the field.

Run from the project's root: `.venv/bin/python tests/connectors/channels/make_malformed.py`.
"""

import base64
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from connectors.registry import codecs  # noqa: E402
from connectors.samples import reports  # noqa: E402

IDS = {
    "hotline-12345": "市受理编号",
    "urban-management": "任务号",
    "police-110": "JJDBH",
    "petition": "xfjbh",
    "message-board": "message_id",
    "nyc311": "Unique Key",
}
TEXTS = {
    "hotline-12345": "内容",
    "urban-management": "问题描述",
    "police-110": "BJNR",
    "petition": "gsnr",
    "message-board": "text",
    "nyc311": "Complaint Type",
}
STRANGERS = {"hotline-12345": "police-110"}  # whose form arrives on whose topic; everybody else gets the hotline's

HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>网关错误</body></html>"
XML = '<?xml version="1.0" encoding="UTF-8"?><record><id>1</id></record>'


def text(form: object) -> str:
    return json.dumps(form, ensure_ascii=False)


def damaged(channel: str) -> list[tuple[str, str, bytes, str | None]]:
    sound = reports(channel)[0].decode()
    form = json.loads(sound)
    id_, content = IDS[channel], TEXTS[channel]
    han = {**form, content: f"{form[content]}（网格员补记）"}
    own = {"channel": channel, "external_id": "X-1", "title": "t", "text": "x", "kind": "help"}
    without_id = {name: value for name, value in form.items() if name != id_}
    without_text = {name: value for name, value in form.items() if name != content}
    deep = text({**form, "附加": "@"}).replace('"@"', "[" * 80 + "]" * 80)
    return [
        ("empty", "空消息", b"", "empty_payload"),
        ("blank", "只有空白和空字节", b" \r\n\x00\x00", "empty_payload"),
        ("gbk", "以 GBK 编码发出", text(han).encode("gbk"), "wrong_encoding"),
        ("utf-16", "以 UTF-16 编码发出", sound.encode("utf-16"), "wrong_encoding"),
        ("broken-utf-8", "中间有坏字节", text(han).encode().replace("网".encode(), b"\xff\xfe\x80"), "wrong_encoding"),
        ("truncated", "传输中断，只到一半", sound.encode()[: len(sound) // 2], "unparsable"),
        ("cut-character", "断在一个字中间", text(han).encode().partition("员".encode())[0] + b"\xe5", "unparsable"),
        ("html", "网关的报错页面", HTML.encode(), "unparsable"),
        ("xml", "旧接口的 XML", XML.encode(), "unparsable"),
        ("plain-text", "不是 JSON，是一句话", "请尽快处理".encode(), "unparsable"),
        ("two-in-one", "两条粘在一起", sound.encode() + b"\n" + sound.encode(), "unparsable"),
        ("single-quotes", "单引号的伪 JSON", sound.replace('"', "'").encode(), "unparsable"),
        ("array", "整批放在一个数组里", text([form]).encode(), "wrong_type"),
        ("null", "只有 null", b"null", "wrong_type"),
        ("string", "JSON 被当成字符串又转了一次", json.dumps(sound).encode(), "wrong_type"),
        ("nothing-in-it", "空对象", b"{}", "missing_field"),
        ("no-id", "缺编号", text(without_id).encode(), "missing_field"),
        ("blank-id", "编号是空白", text({**form, id_: "  "}).encode(), "missing_field"),
        ("null-id", "编号是 null", text({**form, id_: None}).encode(), "missing_field"),
        ("no-text", "缺正文一项", text(without_text).encode(), "missing_field"),
        ("id-object", "编号是一个对象", text({**form, id_: {"值": "1"}}).encode(), "wrong_type"),
        ("text-array", "正文是一个数组", text({**form, content: [form[content]]}).encode(), "wrong_type"),
        ("id-too-long", "编号有一千字", text({**form, id_: "9" * 1000}).encode(), "invalid_value"),
        ("deep", "嵌套八十层", deep.encode(), "nested_too_deep"),
        ("very-deep", "嵌套两千层且没有收尾", b"[" * 2000, "nested_too_deep"),
        ("stranger", "别的渠道的单子", reports(STRANGERS.get(channel, "hotline-12345"))[0], "missing_field"),
        ("own-model", "发来的是本平台的格式", text(own).encode(), "missing_field"),
        # what a person would read through
        ("byte-order-mark", "带 BOM", b"\xef\xbb\xbf" + sound.encode(), None),
        ("nul-padding", "末尾用空字节补齐", sound.encode() + b"\x00" * 16, None),
        ("raw-control", "正文里有裸的控制字符和换行", text(han).encode().replace("网".encode(), b"\x00\n"), None),
        ("half-emoji", "表情被截成半个", text(han).replace("网", "\\ud83d").encode(), None),
    ]


def write() -> None:
    for channel in codecs():
        files: dict[str, list[str]] = {"malformed": [], "mended": []}
        for name, title, payload, reason in damaged(channel):
            row = {"name": name, "title": title, "reason": reason, "base64": base64.b64encode(payload).decode()}
            files["malformed" if reason else "mended"].append(text(row))
        folder = ROOT / "connectors" / "channels" / channel.replace("-", "_") / "samples"
        for name, lines in files.items():
            (folder / f"{name}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
