"""Category: code, native label, weighted words, unclassified."""

from collections.abc import Callable

import pytest

from contracts.codes import ClassifiedBy, Flag
from contracts.incident import Incident
from routing_rules.engine.schema import Category, Classify, Ruleset

Read = Callable[..., Incident]


def test_a_code_of_the_tree_from_the_channel_stands(read: Read) -> None:
    incident = read(category="food", native_category="施工噪音", text="打桩打桩工地")
    assert (incident.category, incident.classified_by) == ("food", ClassifiedBy.CHANNEL)


def test_a_code_unknown_here_is_flagged_and_passed_over(read: Read) -> None:
    incident = read(category="foood", channel="urban", native_category="施工噪音")
    assert (incident.category, incident.classified_by) == ("noise/construction", ClassifiedBy.NATIVE)
    assert Flag.CATEGORY_UNKNOWN in incident.flags


@pytest.mark.parametrize("label", ["施工噪音 ", "施工噪声", "施工", "施工噪音s"])
def test_a_native_label_counts_only_to_the_letter(read: Read, label: str) -> None:
    assert read(channel="urban", native_category=label).classified_by is ClassifiedBy.NONE


def test_a_native_label_belongs_to_its_channel(read: Read) -> None:
    assert read(channel="hotline", native_category="施工噪音").classified_by is ClassifiedBy.NONE


def test_a_label_that_two_nodes_claim_answers_for_neither(read: Read) -> None:
    assert read(channel="sensor", native_category="x").category == "noise/construction"
    assert read(channel="sensor", native_category="y").category == "unclassified"


@pytest.mark.parametrize(
    ("title", "text", "category"),
    [
        ("打桩", "", "noise/construction"),  # 3 × 2
        ("", "打桩", "unclassified"),  # 3 < 4
        ("", "打桩打桩打桩", "unclassified"),  # a word counts once
        ("", "打桩 工地", "noise/construction"),
        ("噪音", "", "noise"),  # no child has a point
        ("", "噪音 施工 音响", "noise"),  # 2 : 2 among the children stops at the parent
        ("", "噪音 施工 ＫＴＶ", "noise/nightlife"),  # 3 : 2
        ("", "噪音 食堂", "unclassified"),  # 3 : 3 at the top, and below the least score
        ("", "噪音 扰民 变质 过期", "unclassified"),  # 5 : 5 at the top
        ("", "噪音 打桩 变质 过期", "noise/construction"),  # 6 : 5
        ("打桩", "打桩 工地", "noise/construction"),
        ("", "学生餐", "food/school"),
        ("", "", "unclassified"),
    ],
)
def test_points_lead_down_the_tree_while_one_child_leads(read: Read, title: str, text: str, category: str) -> None:
    incident = read(title=title, text=text)
    assert incident.category == category
    assert incident.classified_by is (ClassifiedBy.NONE if category == "unclassified" else ClassifiedBy.WORDS)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("工地食堂 变质", "food"),  # the canteen counts for food, the site not for noise
        ("工地食堂 打桩 噪音", "noise/construction"),
        ("工地食堂旁工地 噪音", "noise/construction"),  # the second one is not hidden
        ("工地食堂 噪音 扰民", "noise"),  # 5 : 3, and nothing left for construction
    ],
)
def test_what_a_node_hides_is_hidden_from_its_own_words_alone(read: Read, text: str, category: str) -> None:
    assert read(text=text).category == category


def test_the_order_of_the_file_never_decides(read: Read, ruleset: Ruleset) -> None:
    backwards = dict(reversed(ruleset.categories.items()))
    for text in ("噪音 施工 音响", "噪音 打桩 变质 过期", "噪音 扰民 变质 过期", "打桩 工地 音响"):
        assert read(text=text).category == read({"categories": backwards}, text=text).category


@pytest.mark.parametrize(
    ("classify", "category"),
    [
        (Classify(), "noise"),
        (Classify(min_score=6), "unclassified"),
        (Classify(margin=3), "unclassified"),
        (Classify(title_weight=1), "unclassified"),
    ],
)
def test_weights_and_thresholds_are_the_rulesets(read: Read, classify: Classify, category: str) -> None:
    assert read({"classify": classify}, title="扰民", text="过期").category == category  # 2 × title weight against 2


def test_a_path_may_skip_a_node_that_is_not_declared(read: Read) -> None:
    nodes = {"a": Category("a", "a", words={"甲乙": 4}), "a/b/c": Category("a/b/c", "c", words={"丙丁": 4})}
    assert read({"categories": nodes}, text="丙丁").category == "a/b/c"


def test_evidence_names_the_words_that_speak_for_the_node_and_their_points(read: Read) -> None:
    incident = read(title="夜里打桩", text="工地旁 噪音大，去ＫＴＶ")
    grounds = [(e.value, e.field, e.words, e.points) for e in incident.evidence if e.of == "category"]
    assert incident.category == "noise/construction"
    assert grounds == [
        ("noise/construction", "title", "打桩", 6),
        ("noise/construction", "text", "工地", 2),
        ("noise", "text", "噪音", 3),
    ]
