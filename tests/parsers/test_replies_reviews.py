"""Approving and turning down by reply: what counts, what is asked back, and what is no answer to it at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.reply_reviews import Review, parse_review


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("同意", ""),
        ("同意。", ""),
        ("同意，請儘快辦理", "請儘快辦理"),
        ("批准", ""),
        ("核准 依規定辦理", "依規定辦理"),
        ("准予", ""),
        ("予以批准", ""),
        ("审批通过", ""),
        ("審核通過，謝謝", "謝謝"),
        ("认可", ""),
        ("同意了", ""),
        ("同意該方案", ""),
        ("林總監您好，\n同意", ""),
        ("好的，同意", ""),
        ("「同意」", ""),
        ("Approved.", ""),
        ("approve", ""),
        ("I approve the request", ""),
        ("Agreed, go ahead", "go ahead"),
        ("Hi team,\napproved - thanks", "thanks"),
        ("Ａｐｐｒｏｖｅ", ""),
    ],
)
def test_a_plain_yes_approves(text: str, note: str) -> None:
    assert parse_review(text) == Review("approve", note)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("不同意 金額超出保固範圍", "金額超出保固範圍"),
        ("不同意，因為資料不全", "因為資料不全"),
        ("駁回：資料不全", "資料不全"),
        ("驳回 资料不全", "资料不全"),
        ("退回\n\n請補上照片", "請補上照片"),
        ("退回申請，請補照片", "請補照片"),
        ("拒绝 不属于保修", "不属于保修"),
        ("不予批准，超出預算", "超出預算"),
        ("未通过 原因分析不清楚", "原因分析不清楚"),
        ("否決 成本過高", "成本過高"),
        ("Rejected: too expensive", "too expensive"),
        ("reject not covered by the warranty", "not covered by the warranty"),
        ("I do not approve, too expensive", "too expensive"),
        ("not approved - cause is missing", "cause is missing"),
        ("Declined, if at all then half", "if at all then half"),
    ],
)
def test_a_no_with_its_reason_rejects(text: str, reason: str) -> None:
    assert parse_review(text) == Review("reject", reason)


@pytest.mark.parametrize("text", ["不同意", "駁回。", "退回", "rejected", "Not approved.", "I decline"])
def test_a_no_without_a_reason_is_asked_for_it(text: str) -> None:
    review = parse_review(text)
    assert review is not None
    assert (review.decision, len(review.problems)) == ("reject", 1)
    assert "理由" in review.problems[0].zh_hant


@pytest.mark.parametrize(
    "text",
    [
        "同意嗎？",
        "同意？",
        "同意，但金額減半",
        "同意一半",
        "原則上同意",
        "同意，如果客戶接受",
        "同意，前提是先付款",
        "同意其中的維修，駁回補償",
        "批准還是不批准待定",
        "Approved if the customer agrees",
        "approved, but only half",
        "agreed? no",
        "approve: no",
        "Approved in principle",
    ],
)
def test_half_a_yes_is_asked_back(text: str) -> None:
    review = parse_review(text)
    assert review is not None
    assert len(review.problems) == 1


@pytest.mark.parametrize(
    "text",
    ["已解決 客戶同意", "謝謝", "申訴 當日休假", "客戶不同意", "請問何時批准", "", "Thanks", "已回訪 滿意"],
)
def test_other_words_are_no_answer_to_it(text: str) -> None:
    assert parse_review(text) is None


def test_what_is_quoted_decides_nothing() -> None:
    assert parse_review("收到\n\n> 同意\n> 請審批") is None
    assert parse_review("Thanks\n\nOn Mon, 23 Nov 2026 Lin wrote:\n> approved") is None


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_a_problem_never_comes_alone_with_a_decision_carried_out(text: str) -> None:
    review = parse_review(f"不同意 {text}")
    assert review is None or review.decision == "reject"
    parse_review(text)


@given(
    st.sampled_from(["同意", "批准", "approve"]),
    st.sampled_from(["但", "如果", "一半", "but", "if", "unless"]),
)
def test_no_condition_behind_a_yes_makes_it_one(verb: str, hedge: str) -> None:
    review = parse_review(f"{verb} {hedge} x")
    assert review is not None
    assert review.problems
