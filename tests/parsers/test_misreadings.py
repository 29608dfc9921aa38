"""Forms that once read wrongly in silence: units, contradictions, long texts, footers, hidden sheets (forms.md)."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import Workbook

from parsers.amounts import read_money, scale_of_format
from parsers.dates import read_datetime
from parsers.labels import LabelBook
from parsers.readings import Surroundings
from parsers.results import ParsedFile, ParsedForm, Severity
from parsers.values import read_phone
from rules.fields import Catalogue, FormKind

Parse = Callable[..., ParsedFile]
ParseOne = Callable[..., ParsedForm]
BASE = [["售後客戶抱怨單"], ["客戶姓名", "王小明"], ["聯絡電話", "0912345678"], ["抱怨類型", "維修質量"]]
TEXT = ["抱怨內容", "漏水"]


@pytest.mark.parametrize(
    ("label", "amount"),
    [("維修金額（萬元）", "12000"), ("维修金额(千元)", "1200"), ("維修金額（元）", "1.2")],
)
def test_a_unit_in_the_label_scales_the_amount(parse_one: ParseOne, label: str, amount: str) -> None:
    assert parse_one([*BASE, TEXT, [label, 1.2]]).facts["repair_amount"] == Decimal(amount)


def test_a_unit_in_the_number_format_scales_the_amount(parse_one: ParseOne) -> None:
    book = Workbook()
    for row in [*BASE, TEXT, ["維修金額", 1.2]]:
        book.active.append(row)
    book.active["B6"].number_format = '0.0"萬"'
    stream = BytesIO()
    book.save(stream)
    assert parse_one(stream.getvalue()).facts["repair_amount"] == Decimal(12000)


def test_a_format_that_divides_leaves_the_number_whole() -> None:
    assert [scale_of_format(f) for f in ('0.0"万"', '0!.0,"万"', '0.0,"千"', "0.00")] == [10_000, 1, 1, 1]


def test_two_numbers_are_no_amount_and_groups_of_three_are() -> None:
    assert read_money("1200 1300").value is None
    assert read_money("1 200 300").value == Decimal(1_200_300)


def test_mixed_numerals() -> None:
    assert [read_money(t).value for t in ("1萬2", "2萬5千元")] == [Decimal(12000), Decimal(25000)]


def test_two_values_for_a_required_fact_are_an_error_naming_both(parse_one: ParseOne) -> None:
    form = parse_one([*BASE, TEXT, ["維修金額", 800], ["維修費用", 2500]])
    assert "repair_amount" not in form.facts
    (problem,) = form.problems
    assert problem.severity is Severity.ERROR
    assert "B6" in problem.message.en
    assert "B7" in problem.message.en


def test_two_values_for_an_optional_fact_are_a_warning_and_the_same_twice_is_fine(
    parse_one: ParseOne,
) -> None:
    form = parse_one([*BASE, TEXT, ["維修金額", 1], ["維修費用", 1], ["車型", "甲"], ["車款", "乙"]])
    assert [(p.key, p.severity) for p in form.problems] == [("car_model", Severity.WARNING)]


def test_a_long_text_over_several_rows_is_read_whole(parse_one: ParseOne) -> None:
    rows = [
        *BASE,
        ["抱怨內容", "一"],
        [None, "二"],
        [None, "三"],
        ["維修金額", 1],
        ["客戶要求"],
        ["甲"],
        ["乙"],
    ]
    form = parse_one({"s": rows}, merged={"s": ["A5:A7"]})
    assert form.facts["description"] == "一\n二\n三"
    assert form.facts["demand"] == "甲\n乙"


def test_a_cell_is_the_value_of_one_label_only(parse_one: ParseOne) -> None:
    rows = [BASE[0], ["客戶姓名", "車主"], ["抱怨類型", "維修質量"], BASE[2], TEXT, ["維修金額", 1]]
    form = parse_one(rows)
    assert "customer_name" not in form.facts
    assert form.facts["category"] == "repair-quality"


def test_phones_apart_are_not_joined_and_dates_are_none() -> None:
    two = read_phone("0912345678\n0922345678")
    assert two.value == "0912345678"
    assert two.warning is not None
    assert read_phone("1234567890123456").problem is not None
    assert read_phone("2026-11-21").problem is not None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("客戶姓名 Customer", "customer_name"),
        ("客戶姓名\nCustomer Name", "customer_name"),
        ("聯絡電話/Tel", "customer_phone"),
        ("Phone No.", "customer_phone"),
    ],
)
def test_a_bilingual_label_is_one_label(catalogue: Catalogue, text: str, key: str) -> None:
    found = LabelBook(catalogue.form(FormKind.COMPLAINT)).match(text)
    assert found is not None
    assert found.keys == (key,)


def test_halves_that_disagree_are_no_label(catalogue: Catalogue) -> None:
    assert LabelBook(catalogue.form(FormKind.COMPLAINT)).match("客戶姓名 Phone") is None


HEAD = ["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"]
ROWS = [["售後", "王", "0912345678", "配件", "缺件", 5], ["售後", "張", "0922345678", "配件", "缺件", 6]]


@pytest.mark.parametrize(
    "foot", [["製表人：張三", None, None, "審核：李四"], [None] * 5 + [11], ["總金額", 11], ["小計", 11]]
)
def test_a_footer_is_no_complaint(parse: Parse, foot: list) -> None:
    forms = parse([HEAD, *ROWS, foot]).forms
    assert [form.facts["customer_name"] for form in forms] == ["王", "張"]


def test_a_header_of_two_rows_keeps_its_merged_column(parse: Parse) -> None:
    rows = [["抱怨清單"], ["部門", "客戶資料"], [None, *HEAD[1:]], *ROWS]
    forms = parse({"s": rows}, merged={"s": ["A2:A3", "B2:C2"]}).forms
    assert [form.facts["department"] for form in forms] == ["after-sales"] * 2


def test_the_time_beside_a_day_belongs_to_it(parse_one: ParseOne) -> None:
    form = parse_one([*BASE, TEXT, ["維修金額", 1], ["抱怨時間", "2026-11-21", "14:30"]])
    assert str(form.facts["reported_at"])[:16] == "2026-11-21 14:30"


def test_a_second_complaint_in_the_next_column_is_not_lost_in_silence(parse_one: ParseOne) -> None:
    columns = [["李四"], ["0922345678"], ["價格"]]
    rows = [
        BASE[0],
        *([*row, *more] for row, more in zip(BASE[1:], columns, strict=True)),
        TEXT,
        ["維修金額", 1],
    ]
    form = parse_one(rows)
    assert any("C2" in p.message.en and p.severity is Severity.ERROR for p in form.problems)


def test_a_form_on_a_hidden_sheet_is_read_with_a_warning(parse: Parse) -> None:
    book = Workbook()
    hidden = book.create_sheet("舊")
    for sheet in (book.active, hidden):
        for row in [*BASE, TEXT, ["維修金額", 1]]:
            sheet.append(row)
    hidden.sheet_state = "hidden"
    stream = BytesIO()
    book.save(stream)
    seen, unseen = parse(stream.getvalue()).forms
    assert seen.problems == ()
    assert [p.severity for p in unseen.problems] == [Severity.WARNING]


def test_a_weekday_in_brackets_and_an_hour_that_may_be_either(around: Surroundings) -> None:
    assert str(read_datetime("2026-11-21（六）14:30", around).value)[:16] == "2026-11-21 14:30"
    assert read_datetime("2026-11-20 晚上1點", around).problem is not None
