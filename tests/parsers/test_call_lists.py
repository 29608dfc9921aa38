"""Delivery lists and call results: recognised however they are drawn up, and never taken for complaints (D22–D25)."""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from daemon import packs
from parsers.forms import parse_workbook
from parsers.reply_call_lines import SaidCall, parse_calls
from parsers.results import ParsedFile
from rules.fields import FormKind
from rules.locales import Locale
from sheets.rosters import RosterRow, roster

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=ZONE)
DAY = date(2026, 11, 23)
DELIVERED = ["客戶姓名", "聯絡電話", "車牌號碼", "車架號", "交車日期", "業務類別"]
CALLED = [*DELIVERED, "回訪時間", "回訪人", "是否接通", "是否滿意", "客戶抱怨內容"]


def parsed(*sheets: Sequence[Sequence[object]], merge: str = "") -> ParsedFile:
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        page = book.create_sheet(f"S{number}")
        for row in rows:
            page.append(list(row))
        if merge:
            page.merge_cells(merge)
    stream = BytesIO()
    book.save(stream)
    return parse_workbook(stream.getvalue(), "list.xlsx", packs.catalogue(), ZONE, NOW, Locale.ZH_HANT)


def kinds(file: ParsedFile) -> list[FormKind]:
    assert file.error is None
    return [form.kind for form in file.forms]


@pytest.mark.parametrize(
    "header",
    [
        DELIVERED,
        ["業務", "交車日", "車主", "手機", "車牌"],
        ["姓名", "手机", "车牌", "日期", "类别"],
        ["Customer", "Phone", "Plate no.", "Handed over on", "Business"],
    ],
)
def test_a_delivery_list_is_known_by_its_columns_without_a_title(header: list[str]) -> None:
    row = {
        "業務": ["新車", DAY, "王", "13900000001", "滬A1"],
        "客戶姓名": ["王", "13900000001", "滬A1", "V1", DAY, "新車"],
    }.get(header[0], ["王", "13900000001", "滬A1", DAY, "新車"])
    (form,) = parsed([header, row]).forms
    assert form.kind is FormKind.DELIVERIES
    assert (form.facts["business"], form.facts["delivered_on"], form.problems) == ("new-car", DAY, ())


def test_a_title_a_merged_head_and_what_stands_above_the_table_are_read() -> None:
    rows = [
        ["某某汽車 2026 年 11 月交車清單"],
        ["交車日期", "2026-11-23"],
        [],
        ["序號", "車主姓名", "行動電話", "車號", "維修類別"],
        [1, "王", "0912-345-678", "ABC-1234", "事故車"],
        [2, "李", "13900000002", "滬A2", "鈑金噴漆"],
    ]
    file = parsed(rows, merge="A1:E1")
    assert kinds(file) == [FormKind.DELIVERIES] * 2
    assert [form.facts["business"] for form in file.forms] == ["accident", "body-paint"]
    assert {form.facts["delivered_on"] for form in file.forms} == {DAY}


def test_several_sheets_are_several_lists() -> None:
    complaint = [
        ["客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"],
        ["王", "13900000001", "等待時間", "久", 800],
    ]
    file = parsed(
        [DELIVERED, ["王", "13900000001", "", "", DAY, "保養"]],
        [["售後客戶抱怨單"], *complaint],
        [CALLED, ["李", "13900000002", "", "", DAY, "保養", "", "", "是", "", ""]],
    )
    assert kinds(file) == [FormKind.DELIVERIES, FormKind.COMPLAINT, FormKind.CALLS]


def test_a_table_of_complaints_is_no_list_of_calls() -> None:
    header = ["部門", "抱怨時間", "客戶姓名", "聯絡電話", "車牌", "抱怨類型", "抱怨內容", "維修金額"]
    row = ["售後", "2026-11-23 10:00", "王", "13900000001", "滬A", "等待時間", "等了很久", "800"]
    assert kinds(parsed([header, row, row])) == [FormKind.COMPLAINT] * 2
    short = ["客戶姓名", "聯絡電話", "車牌", "抱怨內容"]
    assert kinds(parsed([short, ["王", "13900000001", "滬A", "異音"]])) == [FormKind.COMPLAINT]


def test_problems_are_named_by_row_and_cell() -> None:
    rows = [DELIVERED, ["王", "電話不明", "", "", DAY, "保養"], ["", "13900000002", "", "", "昨天", ""]]
    first, second = parsed(rows).forms
    assert [(problem.cell, problem.key) for problem in first.problems] == [("B2", "customer_phone")]
    assert [problem.key for problem in second.problems] == ["customer_name", "delivered_on", "business"]


@pytest.mark.parametrize("locale", list(Locale))
def test_our_own_lists_are_read_back_in_every_language(locale: Locale) -> None:
    form = packs.catalogue().form(FormKind.CALLS)
    given = {
        "customer_name": "=王",
        "customer_phone": "0912345678",
        "delivered_on": DAY,
        "business": "accident",
    }
    rows = [RosterRow(given), RosterRow({**given, "reached": True, "complaint": "異音"}, mark="重點客戶")]
    content = roster(form, form.blanks[0], locale, rows, lines=["10 % of 21 = 3"], zone=ZONE)
    file = parse_workbook(content, "calls.xlsx", packs.catalogue(), ZONE, NOW, locale)
    (back,) = file.forms  # the row nobody filled in says nothing
    assert (back.kind, back.locale) == (FormKind.CALLS, locale)
    assert dict(back.facts) == {**given, "reached": True, "complaint": "異音"}


@pytest.mark.parametrize("kind", [FormKind.DELIVERIES, FormKind.CALLS])
def test_an_empty_blank_is_empty(kind: FormKind) -> None:
    form = packs.catalogue().form(kind)
    file = parse_workbook(
        roster(form, form.blanks[0], Locale.EN), "b.xlsx", packs.catalogue(), ZONE, NOW, Locale.EN
    )
    assert file.forms == ()
    assert file.error is not None


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("13900000001 已接通 滿意", SaidCall("13900000001", "", True, True)),
        ("139-0000-0001：未接", SaidCall("139-0000-0001")),
        ("• 13900000001，已回訪，客戶很滿意", SaidCall("13900000001", "", True, True)),
        ("13900000001 已致電 抱怨：門把有刮痕", SaidCall("13900000001", "", True, None, "門把有刮痕")),
        ("13900000001 已接通 不滿意 等太久", SaidCall("13900000001", "", True, False, "等太久")),
        ("王小明 無人接聽", SaidCall("", "王小明")),
        ("13900000001 reached satisfied", SaidCall("13900000001", "", True, True)),
        ("13900000001 no answer", SaidCall("13900000001")),
        ("John Smith reached, complaint: noise", SaidCall("", "John Smith", True, None, "noise")),
        ("已回访，客户满意", SaidCall("", "", True, True)),
    ],
)
def test_a_line_says_what_a_call_came_to(line: str, said: SaidCall) -> None:
    assert parse_calls(f"您好\n{line}\n\n王經理\n") == (said,)


@pytest.mark.parametrize(
    "line",
    [
        "13900000001 改天再說",
        "13900000001 已接通 有點吵",
        "13900000001 已接通 滿意嗎？",
        "明天再回訪",
        "13900000001 未接通 抱怨：吵",
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back(line: str) -> None:
    (said,) = parse_calls(line)
    assert said.unclear is not None


@pytest.mark.parametrize(
    "text", ["收到，謝謝", "已解決 換水泵", "申訴 我打過了", "王經理\n電話 021-62345678"]
)
def test_other_words_are_about_no_call(text: str) -> None:
    assert parse_calls(text) == ()
