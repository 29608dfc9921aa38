"""Phones, texts, choices, ticks and what means empty (forms.md, Values)."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.choices import ChoiceBook
from parsers.marks import options
from parsers.readings import Surroundings
from parsers.values import TEXT_LIMIT, means_empty, read_phone, read_text, read_value
from rules.fields import Catalogue, Field, FormKind

RAW = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


def choice(catalogue: Catalogue, key: str) -> ChoiceBook:
    return ChoiceBook.of(catalogue.form(FormKind.COMPLAINT).field(key))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0912345678", "0912345678"),
        ("0912-345-678", "0912345678"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("(+86)13800138000", "+8613800138000"),
        (13800138000.0, "13800138000"),
        (13800138000, "13800138000"),
        ("13800138000.0", "13800138000"),
        ("1.3800138000E+10", "13800138000"),
        ("０９１２３４５６７８", "0912345678"),
        ("(02)2345-6789", "0223456789"),
        ("021-61234567轉808", "02161234567#808"),
        ("13800138000（王先生）", "13800138000"),
    ],
)
def test_a_phone_is_text_with_its_zeros_and_country(written: object, number: str) -> None:
    reading = read_phone(written)
    assert (reading.value, reading.warning) == (number, None)


def test_a_phone_stored_as_a_number_may_have_lost_its_zero() -> None:
    reading = read_phone(912345678)
    assert reading.value == "912345678"
    assert reading.warning is not None


@pytest.mark.parametrize(
    "written", ["13800138000/13900139000", "13800138000 13900139000", "13800138000、13900139000"]
)
def test_of_two_phones_the_first_is_kept_with_a_warning(written: str) -> None:
    reading = read_phone(written)
    assert reading.value == "13800138000"
    assert reading.warning is not None


@pytest.mark.parametrize(
    "written", ["1.38E+10", 1.2345678901234567e17, "無人接", "123", True, date(2026, 1, 1), float("nan")]
)
def test_what_is_no_phone_or_lost_digits_is_refused(written: object) -> None:
    assert read_phone(written).value is None
    assert read_phone(written).problem is not None


def test_text_is_kept_as_typed_without_control_characters() -> None:
    assert read_text("  第一行\r\n第\x00二\x1b行\u202e  ").value == "第一行\n第二行"
    assert read_text(12345.0).value == "12345"
    assert read_text(datetime(2026, 11, 21, 14, 30)).value == "2026-11-21 14:30"  # noqa: DTZ001 a cell has no zone
    assert read_text(time(14, 30)).value == "14:30:00"


def test_a_long_text_is_cut_with_a_note_and_one_just_as_long_is_not() -> None:
    assert read_text("字" * TEXT_LIMIT).warning is None
    cut = read_text("字" * (TEXT_LIMIT + 1))
    assert cut.value == "字" * TEXT_LIMIT
    assert cut.warning is not None


def test_a_number_too_long_for_a_spreadsheet_is_kept_with_a_warning() -> None:
    reading = read_text(123456789012345680.0)
    assert reading.value == "123456789012345680"
    assert reading.warning is not None


@pytest.mark.parametrize(
    "written", ["/", "-", "無", "无", "——", "____", " 年 月 日", "元", "請選擇", "N/A", float("nan")]
)
def test_these_mean_empty(written: object) -> None:
    assert means_empty(written)


@pytest.mark.parametrize("written", ["無法啟動", "0", 0, False, "年", "-5", "1/2"])
def test_these_do_not_mean_empty(written: object) -> None:
    assert not means_empty(written)


@pytest.mark.parametrize(
    "written", ["來電", "来电", "Phone", " 電 話 ", "PHONE", "電話（手機）", "來電：0912"]
)
def test_a_choice_is_known_by_any_synonym(catalogue: Catalogue, written: str) -> None:
    assert choice(catalogue, "source").read(written).value == "phone"


def test_two_choices_are_a_problem_and_so_is_none_of_them(catalogue: Catalogue) -> None:
    book = choice(catalogue, "category")
    both, none = book.read("維修質量、服務態度"), book.read("太貴了")
    assert both.problem is not None
    assert "Repair quality, Attitude" in both.problem.en
    assert none.problem is not None
    assert "Repair quality, Attitude" in none.problem.en


def test_every_choice_of_every_field_is_read_in_every_language(catalogue: Catalogue) -> None:
    for form in catalogue.forms:
        for field in form.fields:
            for one in field.choices:
                for name in (*one.label.all(), *one.synonyms, one.key):
                    assert ChoiceBook.of(field).read(name).value == one.key, (field.key, name)


@pytest.mark.parametrize(
    ("text", "ticked"),
    [
        ("☑A □B", ["A"]),
        ("□A ☑B", ["B"]),
        ("A√ B", ["A"]),
        ("A √B", ["B"]),
        ("(X)A ( )B", ["A"]),
        ("[x]A [ ]B", ["A"]),
        ("A□ B■", ["B"]),
        ("☑A ☑B", ["A", "B"]),
        ("¨A þB", ["B"]),
        ("（√）A（ ）B", ["A"]),
        ("A B", []),
        ("", []),
    ],
)
def test_ticks_are_paired_with_their_words(text: str, ticked: list[str]) -> None:
    assert [option.words for option in options(text) if option.ticked] == ticked


@given(RAW)
def test_no_value_of_any_kind_makes_a_reader_raise(catalogue: Catalogue, raw: object) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    around = Surroundings(zone, datetime(2026, 11, 21, 16, tzinfo=zone))
    for form in catalogue.forms:
        for field in {field.kind: field for field in form.fields}.values():
            reading = read_value(field, raw, around, None)
            assert reading.value is None or reading.problem is None


def test_a_yes_no_field_reads_both_words(catalogue: Catalogue) -> None:
    field: Field = catalogue.form(FormKind.HANDLING).field("customer_satisfied")
    book = ChoiceBook.of(field)
    assert book.read("滿意").value is True
    assert book.read("不满意").value is False
    assert book.read("TRUE").value is True
