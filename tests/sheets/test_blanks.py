"""The blank forms: seen by two readers and an office program, and safe to fill with anything."""

import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import load_workbook as load_calamine

from rules.fields import Blank, Catalogue, Choice, Field, Form, FormKind, Kind, load_form
from rules.locales import Locale
from sheets.blanks import blank_form, blank_name, list_blank
from sheets.texts import say


def shipped() -> list[tuple[str, str]]:
    return [("complaint", "after-sales"), ("complaint", "sales"), ("handling", "handling")]


@pytest.fixture(params=shipped(), ids=lambda pair: pair[1])
def drawn(request: pytest.FixtureRequest, catalogue: Catalogue) -> tuple[Form, Blank]:
    kind, key = request.param
    form = catalogue.form(FormKind(kind))
    return form, next(blank for blank in form.blanks if blank.key == key)


def opened(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(BytesIO(content)).worksheets[0]


def value_right_of(sheet: Worksheet, label: str) -> Any:
    """Read a form as its readers do: the next filled cell to the right of the label, labels excepted."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == label and cell.protection.locked:  # a choice may read like a label: Phone
                return next((other.value for other in row[cell.column :] if other.value is not None), None)
    raise AssertionError(f"no label {label}")


def cell_right_of(sheet: Worksheet, label: str) -> Any:
    return next(row[cell.column] for row in sheet.iter_rows() for cell in row if cell.value == label)


EVERYTHING: dict[str, Any] = {
    "source": "phone",
    "reported_at": datetime(2026, 11, 21, 14, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
    "customer_name": "王小明",
    "customer_phone": "+8613801234567",
    "plate_no": "滬A·12345",
    "mileage": "35000",
    "ordered_on": date(2026, 8, 23),
    "nature": "claim",
    "category": "repair-quality",
    "description": "第一行\n第二行",
    "labour_fee": Decimal("350.50"),
    "case_number": "K20261121-007",
    "result": "partly",
    "resolution": "免費返修",
    "discount_percent": Decimal("30.00"),
    "customer_satisfied": False,
}


def known(form: Form) -> dict[str, Any]:
    return {key: value for key, value in EVERYTHING.items() if any(field.key == key for field in form.fields)}


@pytest.mark.parametrize("locale", list(Locale))
def test_every_label_of_a_blank_stands_left_of_an_empty_unlocked_cell(
    drawn: tuple[Form, Blank], locale: Locale
) -> None:
    form, blank = drawn
    sheet = opened(blank_form(form, blank, locale))
    assert sheet.protection.sheet
    assert not sheet.protection.password
    for key in blank.fields:
        label = form.field(key).label.get(locale)
        cell = cell_right_of(sheet, label)
        assert cell.protection.locked is False, label
        assert sheet.cell(cell.row, cell.column - 1).protection.locked, label
        if key not in blank.implies:
            assert cell.value is None, label


@pytest.mark.parametrize("locale", list(Locale))
def test_a_blank_opens_in_calamine_with_the_same_texts(drawn: tuple[Form, Blank], locale: Locale) -> None:
    form, blank = drawn
    content = blank_form(form, blank, locale)
    rows = load_calamine(BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    texts = {text for row in rows for text in row}
    assert blank.title.get(locale) in texts
    assert {form.field(key).label.get(locale) for key in blank.fields} <= texts


def test_the_department_is_filled_in_where_the_title_implies_it(catalogue: Catalogue) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    found = {
        blank.key: value_right_of(opened(blank_form(form, blank, Locale.ZH_HANS)), "部门")
        for blank in form.blanks
    }
    assert found == {"after-sales": "售后", "sales": "销售"}


def test_required_labels_carry_the_mark_but_their_text_is_the_label_alone(catalogue: Catalogue) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    sheet = opened(blank_form(form, form.blanks[0], Locale.ZH_HANT))
    marked = {cell.value for row in sheet.iter_rows() for cell in row if "●" in cell.number_format}
    assert marked == {"部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"}


@pytest.mark.parametrize("locale", list(Locale))
def test_a_filled_blank_has_each_value_right_of_its_label(
    drawn: tuple[Form, Blank], locale: Locale, zone: ZoneInfo
) -> None:
    form, blank = drawn
    sheet = opened(blank_form(form, blank, locale, prefill=known(form), zone=zone))
    expected = {
        "source": {"zh-Hant": "來電", "zh-Hans": "来电", "en": "Phone"}[locale],
        "reported_at": datetime(2026, 11, 21, 14, 30),  # noqa: DTZ001 # what a cell holds has no zone
        "customer_phone": "+8613801234567",
        "mileage": "35000",  # the sales blank has no such box: what was read must not be lost
        "ordered_on": datetime(2026, 8, 23),  # noqa: DTZ001
        "description": "第一行\n第二行",
        "labour_fee": 350.5,
        "case_number": "K20261121-007",
        "discount_percent": "30%",
        "customer_satisfied": {"zh-Hant": "否", "zh-Hans": "否", "en": "No"}[locale],
    }
    for key, value in expected.items():
        if any(field.key == key for field in form.fields):
            assert value_right_of(sheet, form.field(key).label.get(locale)) == value, key


def test_a_time_is_written_as_wall_time_of_the_site(catalogue: Catalogue) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    content = blank_form(form, form.blanks[0], Locale.EN, prefill=known(form), zone=ZoneInfo("Europe/London"))
    assert value_right_of(opened(content), "Reported at") == datetime(2026, 11, 21, 6, 30)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0"])
def test_text_that_looks_like_a_formula_stays_text(catalogue: Catalogue, text: str) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    content = blank_form(
        form,
        form.blanks[0],
        Locale.EN,
        prefill={"customer_name": text, "description": text},
        flaws={"demand": text},
    )
    sheet = opened(content)
    hits = [cell for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert len(hits) == 3
    assert {cell.data_type for cell in hits} == {"s"}
    with zipfile.ZipFile(BytesIO(content)) as package:  # so that it stays text when somebody edits the cell
        assert b'quotePrefix="1"' in package.read("xl/styles.xml")


def test_control_characters_are_dropped_and_escapes_kept_literal(catalogue: Catalogue) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    content = blank_form(
        form,
        form.blanks[0],
        Locale.EN,
        prefill={"customer_name": "a\x00b\x07c\ud800", "caused_by": "_x0041_"},
    )
    rows = load_calamine(BytesIO(content)).get_sheet_by_index(0).to_python()
    texts = {text for row in rows for text in row}
    assert {"abc", "_x0041_"} <= texts


def test_flaws_colour_their_cells_and_stand_beside_them(catalogue: Catalogue) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    why = "「一千左右」不是金額"
    sheet = opened(
        blank_form(
            form, form.blanks[0], Locale.ZH_HANT, flaws={"repair_amount": why}, case_number="K20261121-007"
        )
    )
    cell = cell_right_of(sheet, "維修金額")
    assert cell.fill.fgColor.rgb != cell_right_of(sheet, "客戶姓名").fill.fgColor.rgb
    assert cell.comment.text == why
    beside = [other.value for other in sheet[cell.row] if other.column > cell.column and other.value]
    assert beside == ["-", why]  # to a reader of the form the value is empty, not the explanation
    assert value_right_of(sheet, "案件編號") == "K20261121-007"


def test_nothing_but_the_labels_reads_as_a_label(catalogue: Catalogue) -> None:
    """Titles, sections, advice and explanations must not be taken for labels when the form comes back."""
    names = {
        _folded(name)
        for form in catalogue.forms
        for field in form.fields
        for name in (*field.label.all(), *field.synonyms)
    }
    for form in catalogue.forms:
        for blank in form.blanks:
            for locale in Locale:
                book = openpyxl.load_workbook(
                    BytesIO(blank_form(form, blank, locale, flaws=dict.fromkeys(blank.fields[:2], "?")))
                )
                allowed = {form.field(key).label.get(locale) for key in blank.fields}
                allowed |= {
                    choice.label.get(locale) for key in blank.implies for choice in form.field(key).choices
                }
                for sheet in book:
                    for row in sheet.iter_rows():
                        for cell in row:
                            text = str(cell.value or "")
                            head = text.replace("：", ":").partition(":")[0]
                            assert text in allowed or _folded(head) not in names, (
                                sheet.title,
                                cell.coordinate,
                                text,
                            )


def _folded(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def rules_of(sheet: Worksheet) -> dict[str, Any]:
    """Return the validation of each cell, by the label left of it."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        for area in rule.sqref.ranges:
            letters, row = coordinate_from_string(area.coord.partition(":")[0])
            found[sheet.cell(row, column_index_from_string(letters) - 1).value] = rule
    return found


def test_values_are_validated_as_their_kind_asks(catalogue: Catalogue) -> None:
    complaint, handling = catalogue.form(FormKind.COMPLAINT), catalogue.form(FormKind.HANDLING)
    rules = rules_of(opened(blank_form(complaint, complaint.blanks[0], Locale.ZH_HANT)))
    rules |= rules_of(opened(blank_form(handling, handling.blanks[0], Locale.ZH_HANT)))
    assert rules["抱怨性質"].formula1 == '"申訴,索賠"'
    assert rules["客戶是否滿意"].formula1 == '"是,否"'
    assert (rules["維修金額"].type, rules["維修金額"].formula1) == ("decimal", "0")
    assert rules["抱怨時間"].type == "date"
    assert rules["優惠工時費比例"].type == "custom"
    for label, rule in rules.items():
        assert rule.prompt, label
        assert rule.error or rule.type in (None, "textLength"), label


def test_a_long_list_of_choices_goes_to_a_hidden_sheet() -> None:
    choices = tuple(
        Choice(key=str(n), label=say(f"選項{n}", f"选项{n}", f"A long choice number {n}")) for n in range(30)
    )
    field = Field(key="pick", kind=Kind.CHOICE, label=say("選", "选", "Pick"), choices=choices)
    blank = Blank(key="one", title=say("單", "单", "Sheet"), fields=("pick",))
    book = openpyxl.load_workbook(
        BytesIO(blank_form(Form(kind=FormKind.COMPLAINT, fields=(field,), blanks=(blank,)), blank, Locale.EN))
    )
    rule = rules_of(book.worksheets[0])["Pick"]
    assert rule.formula1 == "'_lists'!$A$1:$A$30"
    assert book["_lists"].sheet_state == "hidden"
    assert [cell.value for cell in book["_lists"]["A"]][-1] == "A long choice number 29"


def test_a_choice_with_a_comma_does_not_become_two() -> None:
    choices = (
        Choice(key="a", label=say("甲,乙", "甲,乙", "A, B")),
        Choice(key="b", label=say("丙", "丙", "C")),
    )
    field = Field(key="pick", kind=Kind.CHOICE, label=say("選", "选", "Pick"), choices=choices)
    blank = Blank(key="one", title=say("單", "单", "Sheet"), fields=("pick",))
    form = Form(kind=FormKind.COMPLAINT, fields=(field,), blanks=(blank,))
    rule = rules_of(opened(blank_form(form, blank, Locale.EN)))["Pick"]
    assert rule.formula1 == "'_lists'!$A$1:$A$2"


def test_blanks_print_on_one_a4_portrait_page_wide(drawn: tuple[Form, Blank]) -> None:
    form, blank = drawn
    sheet = opened(blank_form(form, blank, Locale.EN))
    assert sheet.page_setup.orientation == "portrait"
    assert int(sheet.page_setup.paperSize) == 9
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_area


def test_a_file_is_named_after_the_title() -> None:
    form = load_form(
        'kind = "complaint"\n[blanks.x]\ntitle = { zh-Hant = "a/b", zh-Hans = "乙", en = "C" }\nfields = []'
    )
    assert blank_name(form, form.blanks[0], Locale.ZH_HANS) == "乙.xlsx"
    assert blank_name(form, form.blanks[0], Locale.ZH_HANT) == "a-b.xlsx"


@pytest.mark.parametrize("locale", list(Locale))
def test_the_list_layout_is_a_table_of_labels_with_200_validated_rows(
    catalogue: Catalogue, locale: Locale
) -> None:
    form = catalogue.form(FormKind.COMPLAINT)
    sheet = opened(list_blank(form, locale))
    table = sheet.tables["Complaints"]
    shown = {key for blank in form.blanks for key in blank.fields}
    wanted = [field.label.get(locale) for field in form.fields if field.key in shown]
    assert [column.name for column in table.tableColumns] == wanted
    assert [cell.value for cell in sheet[3]] == wanted
    assert table.ref.endswith("203")
    for rule in sheet.data_validations.dataValidation:
        assert all(area.max_row - area.min_row == 199 for area in rule.sqref.ranges)


def test_libreoffice_prints_every_blank_and_keeps_its_values(
    catalogue: Catalogue, office: Any, zone: ZoneInfo
) -> None:
    books = {
        f"{blank.key}-{locale.value}": blank_form(form, blank, locale, prefill=known(form), zone=zone)
        for form in catalogue.forms
        for blank in form.blanks
        for locale in Locale
    } | {f"list-{locale.value}": list_blank(catalogue.form(FormKind.COMPLAINT), locale) for locale in Locale}
    for name, pdf in office(books, "pdf").items():
        assert pdf.startswith(b"%PDF"), name
    for name, saved in office(books, "xlsx").items():
        assert _values(saved) == _values(books[name]), name


def _values(content: bytes) -> dict[str, Any]:
    sheet = opened(content)
    return {
        cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None
    }
