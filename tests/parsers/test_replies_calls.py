"""Follow-up calls reported by reply: reached or not, satisfied or not, whom, and what he said (D22–D25, D30)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.reply_calls import Call, parse_call


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("已回訪 聯絡上，滿意", Call(True, True)),
        ("已回访 已接通，满意", Call(True, True)),
        ("已回訪，客戶很滿意", Call(True, True)),
        ("已致電 無人接聽", Call(False)),
        ("已回访 未接通", Call(False)),
        ("已回訪，打不通", Call(False)),
        ("已致电 关机", Call(False)),
        ("今日已回訪 聯絡不上", Call(False)),
        ("已電聯 客戶未接", Call(False)),
        ("已回訪 聯絡上，不滿意 空調有異音", Call(True, False, "空調有異音")),
        ("已回訪 不滿意：等太久", Call(True, False, "等太久")),
        ("已回訪 客戶反映空調有異音", Call(True, None, "客戶反映空調有異音")),
        ("已回访 已接通 一切正常", Call(True, None, "一切正常")),
        ("called, reached, satisfied", Call(True, True)),
        ("called reached yes, satisfied no, noise from the door", Call(True, False, "noise from the door")),
        ("Called - no answer", Call(False)),
        ("called the customer, not reached", Call(False)),
        ("I called the owner, could not be reached", Call(False)),
        (
            "Called. Spoke to him, not satisfied: waited too long",
            Call(True, False, "him, not satisfied: waited too long"),
        ),
        ("Called, very happy", Call(True, True)),
        ("已回訪 接通：是，滿意：否，等太久", Call(True, False, "等太久")),
        ("您好，已回訪 滿意", Call(True, True)),
    ],
)
def test_a_call_is_read(text: str, call: Call) -> None:
    assert parse_call(text) == call


@pytest.mark.parametrize(
    ("text", "phone", "plate", "name"),
    [
        ("已回訪 0912-345-678 滿意", "0912345678", "", ""),
        ("已回访 13800138000 满意", "13800138000", "", ""),
        ("called +86 138 0013 8000 satisfied", "+8613800138000", "", ""),
        ("已回訪 ABC-1234 滿意", "", "ABC1234", ""),
        ("已回访 沪A12345 满意", "", "沪A12345", ""),
        ("已回访 京AD12345 满意", "", "京AD12345", ""),
        ("已回訪 許小姐 滿意", "", "", "許小姐"),
        ("已回訪 王先生 0912345678 滿意", "0912345678", "", "王先生"),
        ("called Mr Chen, satisfied", "", "", "Mr Chen"),
        ("已回訪 滿意 共 3 次", "", "", ""),
    ],
)
def test_which_customer_is_told_by_phone_plate_or_name(text: str, phone: str, plate: str, name: str) -> None:
    call = parse_call(text)
    assert call is not None
    assert (call.reached, call.satisfied, call.problems) == (True, True, ())
    assert (call.phone, call.plate, call.name) == (phone, plate, name)


@pytest.mark.parametrize(
    "text",
    [
        "已回訪",
        "已致電 許小姐",
        "called",
        "已回訪 第一次無人接聽，第二次聯絡上",
        "已回訪 對服務滿意，對價格不滿意",
        "已回訪了嗎？",
        "已回訪 滿意嗎？",
        "已回訪 無人接聽，滿意",
        "called, reached? satisfied?",
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back(text: str) -> None:
    call = parse_call(text)
    assert call is not None
    assert (call.reached, call.satisfied, len(call.problems)) == (None, None, 1)


@pytest.mark.parametrize(
    "text",
    [
        "未回訪",
        "尚未致電客戶",
        "did not call",
        "已解決 已致電客戶",
        "謝謝",
        "請問要回訪誰",
        "",
        "callback needed",
    ],
)
def test_other_words_report_no_call(text: str) -> None:
    assert parse_call(text) is None


def test_what_is_quoted_reports_nothing() -> None:
    assert parse_call("收到\n\n> 已回訪 滿意") is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    call = parse_call(f"已回訪 {text}")
    assert call is None or call.problems or call.reached is not None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.booleans())
def test_a_mobile_number_is_whole_or_absent(phone: str, reached: bool) -> None:
    call = parse_call(f"已回访 {phone} {'已接通' if reached else '无人接听'}")
    assert call is not None
    assert (call.phone, call.reached) == (phone, reached)
