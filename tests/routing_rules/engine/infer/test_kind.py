"""Kind: the channel's, by words, by default."""

from collections.abc import Callable

import pytest

from contracts.codes import Kind
from contracts.incident import Incident

Read = Callable[..., Incident]


def test_the_channels_kind_stands_whatever_the_words_say(read: Read) -> None:
    incident = read(kind=Kind.PRAISE, title="举报", text="投诉")
    assert incident.kind is Kind.PRAISE
    assert [(e.field, e.value) for e in incident.evidence if e.of == "kind"] == [("channel", "praise")]


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("", "请问几点", Kind.CONSULT),
        ("投诉", "请问", Kind.COMPLAINT),  # 2 in the title against 1
        ("", "请问 投诉", Kind.COMPLAINT),  # a tie: the more protective
        ("", "投诉 举报", Kind.TIP),
        ("请问", "投诉 扰民", Kind.COMPLAINT),  # 2 : 2
        ("请问", "举报举报举报", Kind.CONSULT),  # each word once
        ("请问请问", "请问 举报 投诉 扰民", Kind.COMPLAINT),  # in title and text: the title's 2, not 3
        ("路灯", "坏了", Kind.HELP),
    ],
)
def test_words_decide_with_the_title_counting_double(read: Read, title: str, text: str, kind: Kind) -> None:
    assert read(title=title, text=text).kind is kind


def test_its_evidence_says_where_in_the_original_the_word_stands(read: Read) -> None:
    [ground] = [e for e in read(text="  喂，　請問…").evidence if e.of == "kind"]
    assert (ground.field, ground.words, ground.points) == ("text", "请问", 1)
    assert "  喂，　請問…"[ground.start : ground.end] == "請問"
