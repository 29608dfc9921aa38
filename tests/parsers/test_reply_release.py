"""The word that lets a message in or keeps it out; what is not plain is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.reply_release import parse_release

OURS = (
    "【已隔離】來信的寄件人不在名單內，要放行嗎？\n\n■ 隔離的郵件\n  寄件人：x@y.example\n  內容開頭：放行\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "放行",
        "放行。",
        "请放行",
        "請放行，謝謝",
        "同意放行",
        "您好，放行",
        "「放行」",
        "已收到，放行",
        "放行了",
        "释放",
        "釋放",
        "release",
        "Release.",
        "Please release it",
        "released",
        "  RELEASE \nthank you",
        "accept",
    ],
)
def test_what_lets_it_in(text: str) -> None:
    assert parse_release(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "不放行",
        "不要放行",
        "请勿放行",
        "不予放行",
        "退回",
        "退件",
        "拒絕",
        "拒收",
        "删除",
        "不能放行",
        "discard",
        "Discard it",
        "do not release",
        "Don't release",
        "please do not release it",
        "reject",
        "rejected",
    ],
)
def test_what_keeps_it_out(text: str) -> None:
    assert parse_release(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "放行？",
        "放行嗎",
        "要不要放行",
        "是否放行",
        "先不放行看看嗎？",
        "放行，但是先問一下",
        "放行不行",
        "這是誰寄的？\n放行",
        "release?",
        "release it if it is from Lin",
        "releasing",
        "should we release",
        "not sure",
        "謝謝",
        "> 放行",
    ],
)
def test_what_is_not_plain_is_neither(text: str) -> None:
    assert parse_release(text) is None


def test_our_own_mail_quoted_decides_nothing() -> None:
    assert parse_release(OURS, answered=OURS) is None
    assert parse_release(f"誰寄的？\n{OURS}", answered=OURS) is None
    assert parse_release(f"不放行\n{OURS}", answered=OURS) is False


@given(st.text(max_size=200))
def test_any_words_end_in_one_of_three(text: str) -> None:
    assert parse_release(text) in (True, False, None)
