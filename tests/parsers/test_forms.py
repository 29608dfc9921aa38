"""What a form requires, what its title implies, and what a file without forms gets (forms.md, D05, D37, D39)."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import Workbook

from parsers.forms import MAX_FORMS
from parsers.refusals import EMPTY_FORM, EMPTY_WORKBOOK, NO_FORM
from parsers.results import ParsedFile, ParsedForm, Severity
from rules.fields import Blank, Catalogue, Choice, Field, FormKind

ParseOne = Callable[..., ParsedForm]
Parse = Callable[..., ParsedFile]


def after_sales(*more: list, **replaced: object) -> list[list]:
    values = {"source": "來電", "amount": 800, "name": "王小明", "phone": "0912345678", **replaced}
    return [
        ["售後客戶抱怨單"],
        ["抱怨來源", values["source"]],
        ["客戶姓名", values["name"]],
        ["聯絡電話", values["phone"]],
        ["抱怨類型", "維修質量"],
        ["抱怨內容", "漏水"],
        ["維修金額", values["amount"]],
        *more,
    ]


def errors(form: ParsedForm) -> list[tuple[str, str]]:
    return [(problem.key, problem.cell) for problem in form.problems if problem.severity is Severity.ERROR]


def warnings(form: ParsedForm) -> list[tuple[str, str]]:
    return [(problem.key, problem.cell) for problem in form.problems if problem.severity is Severity.WARNING]


def test_a_missing_required_value_is_an_error_at_its_label(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(name=None))
    assert errors(form) == [("customer_name", "A3")]
    assert form.problems[0].label.zh_hant == "客戶姓名"
    assert form.problems[0].sheet == "Sheet1"


def test_a_bad_required_value_is_one_problem_only(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(amount="一千左右"))
    assert errors(form) == [("repair_amount", "B7")]
    assert form.problems[0].message.zh_hant == "「一千左右」不是金額，請填數字，例如 1200"


def test_a_label_that_is_not_on_the_sheet_is_missing_without_a_cell(parse_one: ParseOne) -> None:
    rows = [row for row in after_sales() if row[0] != "聯絡電話"]
    assert errors(parse_one(rows)) == [("customer_phone", "")]


def test_a_bad_optional_value_is_a_warning(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(["工時費", "不知道"]))
    assert errors(form) == []
    assert warnings(form) == [("labour_fee", "B8")]


def test_the_repair_amount_is_required_unless_the_source_makes_it_special(parse_one: ParseOne) -> None:
    assert errors(parse_one(after_sales(amount=None))) == [("repair_amount", "A7")]
    assert errors(parse_one(after_sales(amount=None, source=None))) == [("repair_amount", "A7")]
    assert errors(parse_one(after_sales(amount=None, source="上海大眾工單系統"))) == []


def test_D05_customer_cares_follow_up_call_needs_no_repair_amount(parse_one: ParseOne) -> None:
    rows = after_sales(amount=None, source="回訪")
    assert errors(parse_one(rows, issued_by="customer-care")) == []
    assert errors(parse_one(rows, issued_by="department-staff")) == [("repair_amount", "A7")]
    assert errors(parse_one(after_sales(amount=None), issued_by="customer-care")) == [("repair_amount", "A7")]


def test_a_sales_form_needs_no_repair_amount(parse_one: ParseOne) -> None:
    rows = [["銷售客戶抱怨單"], *after_sales()[1:6]]
    form = parse_one(rows)
    assert form.facts["department"] == "sales"
    assert errors(form) == []


def test_a_department_cell_that_contradicts_the_title_wins_with_a_warning(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(["部門", "銷售"]))
    assert form.facts["department"] == "sales"
    assert form.blank == "after-sales"
    assert warnings(form) == [("department", "B8")]


def test_without_a_title_the_labels_tell_the_kind(parse_one: ParseOne) -> None:
    assert parse_one([["部門", "售後"], *after_sales()[1:]]).kind is FormKind.COMPLAINT
    handling = parse_one(
        [["案件編號", "A-1"], ["處理結果", "未解決"], ["處理方案", "等件"], ["完成時間", "2026-11-21 10:00"]]
    )
    assert handling.kind is FormKind.HANDLING
    assert handling.facts["result"] == "unresolved"


def test_the_offices_part_of_a_complaint_form_is_no_handling_form(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(["處理結果", "處理中"], ["處理方案", "換泵"]))
    assert form.kind is FormKind.COMPLAINT
    assert form.problems == ()


def test_a_handling_form_with_concessions_reads_whole(parse_one: ParseOne) -> None:
    form = parse_one(
        [
            ["客戶抱怨回覆單"],
            ["案件編號", "AS-2026-0001", "處理結果", "□未解決 ☑已解決"],
            ["處理方案", "更換水泵"],
            ["優惠工時費比例", "七折", "現金補償", "500元"],
            ["客戶是否滿意", "滿意", "處理人", "李四"],
        ]
    )
    assert form.problems == ()
    assert form.facts["discount_percent"] == Decimal(30)
    assert form.facts["cash_amount"] == Decimal("500.00")
    assert form.facts["customer_satisfied"] is True


@pytest.mark.parametrize(
    ("number_format", "value", "percent"), [("0%", 1, 100), ("0%", 0.3, 30), ("General", 30, 30)]
)
def test_a_percentage_cell_means_what_excel_shows(
    parse_one: ParseOne, number_format: str, value: float, percent: int
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["客戶抱怨回覆單"],
        ["案件編號", "A"],
        ["處理結果", "已解決"],
        ["處理方案", "換"],
        ["折扣", value],
    ):
        sheet.append(row)
    sheet["B5"].number_format = number_format
    stream = BytesIO()
    book.save(stream)
    assert parse_one(stream.getvalue()).facts["discount_percent"] == percent


def test_a_phone_that_became_a_number_is_text_again(parse_one: ParseOne) -> None:
    assert parse_one(after_sales(phone=13800138000.0)).facts["customer_phone"] == "13800138000"
    assert errors(parse_one(after_sales(phone="1.38E+10"))) == [("customer_phone", "B4")]
    assert parse_one(after_sales(phone="+86 138 0013 8000")).facts["customer_phone"] == "+8613800138000"


def test_dates_before_excels_1904_workbooks_read_by_their_own_count(parse_one: ParseOne) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in after_sales(["抱怨時間", 44885.5]):
        sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    assert str(parse_one(stream.getvalue()).facts["reported_at"]).startswith("2026-11-21 12:00")


def test_an_untouched_blank_is_said_to_be_empty(parse: Parse) -> None:
    rows = [[row[0]] for row in after_sales()]
    parsed = parse(rows)
    assert parsed.forms == ()
    assert parsed.error == EMPTY_FORM


def test_a_blank_sheet_beside_a_filled_one_is_passed_over(parse: Parse) -> None:
    parsed = parse({"填": after_sales(), "空": [[row[0]] for row in after_sales()]})
    assert [form.sheet for form in parsed.forms] == ["填"]


def test_a_workbook_without_a_form_says_so(parse: Parse) -> None:
    assert parse([["品名", "數量"], ["螺絲", 3]]).error == NO_FORM
    assert parse([[]]).error == EMPTY_WORKBOOK


def test_more_forms_than_a_file_may_hold_are_named(parse: Parse) -> None:
    head = ["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容"]
    rows = [head, *[["銷售", "王", "0912345678", "價格", "貴"]] * 500]
    parsed = parse({"一": rows, "二": rows, "三": rows})
    assert len(parsed.forms) == MAX_FORMS
    assert [problem.severity for problem in parsed.forms[-1].problems] == [Severity.ERROR]
    assert str(MAX_FORMS) in parsed.forms[-1].problems[0].message.en


def test_a_long_text_is_cut_with_a_note(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(["客戶要求", "退" * 20_001]))
    assert len(str(form.facts["demand"])) == 20_000
    assert warnings(form) == [("demand", "B8")]


def test_every_printed_label_of_every_form_is_found_in_every_language(
    parse: Parse, catalogue: Catalogue
) -> None:
    samples = {
        "money": "12", "date": "2026-11-20", "datetime": "2026-11-20 10:00", "percentage": "30%", "phone": "0912345678",
        "text": "甲乙丙", "yes-no": "是",
    }  # fmt: skip
    for form in catalogue.forms:
        for blank in form.blanks:
            for language in range(3):
                fields = [form.field(key) for key in blank.fields]
                rows = [[blank.title.all()[language]]]
                for field in fields:
                    value = samples.get(field.kind) or _choice(field, blank).label.all()[language]
                    rows.append([field.label.all()[language], value])
                (parsed,) = parse(rows).forms
                assert set(parsed.facts) >= set(blank.fields), (blank.key, language)
                assert [problem for problem in parsed.problems if problem.severity is Severity.ERROR] == []


def _choice(field: Field, blank: Blank) -> Choice:
    meant = blank.implies.get(field.key, field.choices[0].key)
    return next(choice for choice in field.choices if choice.key == meant)


def test_a_blank_with_nothing_but_what_is_printed_on_it_is_empty(parse: Parse) -> None:
    rows = [
        ["售後客戶抱怨單"],
        ["案件編號", "AS-2026-0001"],
        ["部門", "售後"],
        ["客戶姓名"],
        ["聯絡電話"],
        ["抱怨內容"],
    ]
    assert parse(rows).error == EMPTY_FORM
    assert parse([*rows[:2], ["部門", "銷售"], *rows[3:]]).error is None  # somebody changed it


def test_an_explanation_beside_a_flawed_cell_is_not_read_as_its_value(parse_one: ParseOne) -> None:
    form = parse_one(after_sales(["客戶要求", None, None, "-", "必填，請補上"], name=None))
    assert "demand" not in form.facts
