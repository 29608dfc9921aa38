"""Replies that a customer was told, or a rectification checked: read in three languages, questions asked back."""

import pytest

from parsers.reply_informing import parse_done

SAID = [
    ("已告知", "informed", "", None),
    ("已告知客戶", "informed", "", None),
    ("已告知 客戶滿意", "informed", "客戶滿意", True),
    ("已告知客戶處理結果，客戶不太滿意，要求再檢查一次", "informed", "客戶不太滿意，要求再檢查一次", False),
    ("您好：\n已通知客戶，他表示接受", "informed", "他表示接受", None),
    ("客户已告知，满意", "informed", "满意", True),
    ("已电话告知车主 没有不满意", "informed", "没有不满意", None),
    ("已轉告客戶", "informed", "", None),
    ("informed", "informed", "", None),
    ("Informed the customer: she is satisfied", "informed", "she is satisfied", True),
    ("The customer has been told, not happy with it", "informed", "not happy with it", False),
    ("「已告知」客戶滿意", "informed", "客戶滿意", True),
    ("已複查 整改已落實，未再發生", "checked", "整改已落實，未再發生", None),
    ("已复核完成", "checked", "", None),
    ("Rechecked, it holds", "checked", "it holds", None),
]


@pytest.mark.parametrize(("text", "what", "said", "satisfied"), SAID)
def test_what_was_done_is_read_with_what_the_customer_says(
    text: str, what: str, said: str, satisfied: bool | None
) -> None:
    done = parse_done(text)
    assert done is not None
    assert (done.what, done.said, done.satisfied, done.problems) == (what, said, satisfied, ())


@pytest.mark.parametrize("text", ["已告知客戶了嗎？", "已複查是否落實", "informed the customer?"])
def test_a_question_says_nothing_and_is_asked_back(text: str) -> None:
    done = parse_done(text)
    assert done is not None
    assert done.problems


@pytest.mark.parametrize(
    "text",
    [
        "尚未告知客戶",
        "未告知",
        "請問何時告知客戶",
        "已解決 已告知客戶",
        "not informed yet",
        "收到，謝謝",
        "> 已告知",
        "",
    ],
)
def test_what_begins_otherwise_is_none(text: str) -> None:
    assert parse_done(text) is None
