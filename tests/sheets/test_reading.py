"""The master read back: typed by its columns, whatever managers did to rows, columns and number formats."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets.columns import Row
from sheets.merge import same
from sheets.patch import MasterPlan, PatchRefused, carry_out, patch_master
from sheets.reading import CellError, read_master
from sheets.registry import OPEN
from sheets.standing import open_master
from sheets.texts import plain_text, read_text
from tests.sheets import test_survival
from tests.sheets.cases import HANT, LAST, SHANGHAI, case, master_of, workbook_of
from tests.sheets.test_patch import SHEET, UPDATES, edited, rezipped

MASTER = workbook_of((OPEN,
    [case(1, remarks="記", next_contact=datetime(2026, 11, 22, 9, tzinfo=SHANGHAI), incomplete=True), case(2), case(3)],
))  # fmt: skip


def rows(content: bytes) -> dict[str, Any]:
    return {row.key: row.values for row in read_master(content, HANT, SHANGHAI).rows}


def test_what_was_written_is_read_with_its_types() -> None:
    values = rows(MASTER)["K20261121-001"]
    assert values["due_at"] == datetime(2026, 11, 21, 11, 1, tzinfo=SHANGHAI)
    assert values["next_contact"] == datetime(2026, 11, 22, 9, tzinfo=SHANGHAI)
    assert (values["repair_amount"], type(values["repair_amount"])) == (Decimal(100), Decimal)
    assert (values["lapses"], type(values["lapses"])) == (1, int)
    assert (values["customer_phone"], values["remarks"]) == ("01380000001", "記")
    assert (values["incomplete"], rows(MASTER)["K20261121-002"]["incomplete"]) == (True, None)
    assert "remaining" not in values
    assert "case_number" not in values


@settings(max_examples=60, deadline=None)
@given(values=UPDATES)
def test_whatever_the_patch_writes_reads_back_the_same(values: dict[str, Any]) -> None:
    read = rows(patch_master(MASTER, [Row("K20261121-002", values)], HANT, SHANGHAI))["K20261121-002"]
    assert {key: value for key, value in values.items() if not same(read[key], value)} == {}


@given(text=st.lists(st.text() | st.sampled_from(["_xD83D_", "_xDE00_", "_x0000_", "_x005F_", "\ud83d"])))
def test_no_text_is_read_that_could_not_be_kept(text: list[str]) -> None:
    read = read_text("".join(text))
    assert read.encode() == plain_text(read).encode()


TYPED: list[tuple[str, Any, Any]] = [
    ("next_contact", "2026/11/23 14:30", datetime(2026, 11, 23, 14, 30, tzinfo=SHANGHAI)),
    ("next_contact", "2026年11月23日", datetime(2026, 11, 23, tzinfo=SHANGHAI)),
    ("next_contact", 46349.5, datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)),
    ("next_contact", date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=SHANGHAI)),
    ("next_contact", "2026年11月25日 14：30", datetime(2026, 11, 25, 14, 30, tzinfo=SHANGHAI)),
    ("next_contact", "2026／11／25", datetime(2026, 11, 25, tzinfo=SHANGHAI)),
    ("next_contact", "2026－11－25 9：05：30", datetime(2026, 11, 25, 9, 5, 30, tzinfo=SHANGHAI)),
    ("next_contact", "0001-01-01", "0001-01-01"),
    ("next_contact", "9999-12-31 23:59", "9999-12-31 23:59"),
    ("next_contact", "9998-12-31", datetime(9998, 12, 31, tzinfo=SHANGHAI)),
    ("next_contact", 2958465.99, "2958465.99"),
    ("next_contact", 0.5, "0.5"),  # a time without a day
    ("next_contact", 2, datetime(1900, 1, 1, tzinfo=SHANGHAI)),
    ("remarks", "優_xD83D_", "優"),
    ("remarks", "優_xD83D__xDE00_惠", "優😀惠"),
    ("remarks", "_xDE00__xD83D_a_x0000_b_x0007__xFFFF_c", "abc"),
    ("remarks", "a_x000D_\nb_x000A_c_x0009_d", "a\nb\nc\td"),
    ("remarks", "_x005F_xD83D_", "_xD83D_"),
    ("remarks", "a\x85b\x7fc", "abc"),
    ("next_contact", "下週一", "下週一"),
    ("next_contact", "2026-02-30", "2026-02-30"),
    ("next_contact", -3, "-3"),
    ("next_contact", True, True),
    ("repair_amount", "1,234.5", Decimal("1234.5")),
    ("repair_amount", "一千", "一千"),
    ("repair_amount", 0.1 + 0.2, Decimal("0.3")),
    ("repair_amount", date(2026, 11, 23), Decimal(46349)),
    ("lapses", 2.5, Decimal("2.5")),
    ("remarks", 12, "12"),
    ("remarks", date(2026, 11, 23), "2026-11-23"),
    ("remarks", datetime(2026, 11, 23, 8, 5), "2026-11-23 08:05"),  # noqa: DTZ001 # what is typed has no zone
    ("remarks", "   ", None),
    ("incomplete", "x", True),
    ("remarks", "#N/A", CellError("#N/A")),
]


@pytest.mark.parametrize(("key", "typed", "read"), TYPED)
def test_what_managers_type_is_read_by_its_column(key: str, typed: Any, read: Any) -> None:
    places = {
        "next_contact": "N5",
        "repair_amount": "R5",
        "lapses": "U5",
        "remarks": "M5",
        "incomplete": "W5",
    }
    content = edited(MASTER, lambda book: book.worksheets[0].__setitem__(places[key], typed))
    value = rows(content)["K20261121-002"][key]
    assert (value, type(value)) == (read, type(read))


def test_dates_of_a_1904_workbook_are_the_same_days() -> None:
    def mac(xml: bytes) -> bytes:
        return re.sub(rb"<workbookPr[^>]*>", b'<workbookPr date1904="1"/>', xml)

    content = patch_master(rezipped(MASTER, {"xl/workbook.xml": mac}), [case(1)], HANT, SHANGHAI)
    assert rows(content)["K20261121-001"]["due_at"] == datetime(2026, 11, 21, 11, 1, tzinfo=SHANGHAI)


def test_copies_and_rows_without_a_number_are_set_apart() -> None:
    def tangle(book: Any) -> None:
        sheet = book.worksheets[0]
        sheet["A5"], sheet["A6"] = "K20261121-001", None

    reading = read_master(edited(MASTER, tangle), HANT, SHANGHAI)
    assert [(row.key, row.row_number) for row in reading.rows] == [("K20261121-001", 4)]
    assert [(row.key, row.row_number) for row in reading.duplicates] == [("K20261121-001", 5)]
    assert [(row.key, row.row_number) for row in reading.keyless] == [("", 6)]


def test_an_empty_row_is_nobodys() -> None:
    empty = master_of()
    reading = read_master(empty, HANT, SHANGHAI)
    assert (reading.rows, reading.keyless) == ((), ())


def test_moved_and_missing_columns_are_read_where_they_are() -> None:
    reading = read_master(test_survival.by_xlsxwriter(), HANT, SHANGHAI)
    assert set(reading.columns) == set(test_survival.MOVED) - {"我的記號", "三成"}
    assert [row.key for row in reading.rows] == ["K20261121-003", "K20261121-001", "K20261121-002"]
    assert reading.rows[1].values["remarks"] == "備註1"
    assert reading.rows[1].values["due_at"] == datetime(2026, 11, 21, 11, 1, tzinfo=SHANGHAI)


def test_a_second_reading_takes_unchanged_rows_from_the_first() -> None:
    first = read_master(MASTER, HANT, SHANGHAI)
    out = patch_master(MASTER, [Row("K20261121-002", {"owner": "改"})], HANT, SHANGHAI)
    second = read_master(out, HANT, SHANGHAI, first)
    assert second == read_master(out, HANT, SHANGHAI)
    assert [one is other for one, other in zip(first.rows, second.rows, strict=True)] == [True, False, True]


def test_a_workbook_opened_once_is_read_and_patched() -> None:
    standing = open_master(MASTER, HANT)
    changes = [Row("K20261121-002", {"owner": "改"}), Row(case(9).key, {"owner": "新"})]
    assert read_master(standing, HANT, SHANGHAI) == read_master(MASTER, HANT, SHANGHAI)
    out = carry_out(standing, MasterPlan(changes), HANT, SHANGHAI).content
    assert out == patch_master(MASTER, changes, HANT, SHANGHAI)
    assert carry_out(standing, MasterPlan(), HANT, SHANGHAI).content == MASTER


def test_a_reading_of_moved_columns_takes_nothing_from_one_before() -> None:
    """The bytes of a row may be the same while its columns mean something else."""
    swapped = edited(MASTER, lambda book: swap_headers(book, "M", "J"))
    first = read_master(MASTER, HANT, SHANGHAI)
    assert read_master(swapped, HANT, SHANGHAI, first) == read_master(swapped, HANT, SHANGHAI)


def swap_headers(book: Any, one: str, other: str) -> None:
    sheet = book.worksheets[0]
    columns = sheet.tables["KesuCases"].tableColumns
    sheet[f"{one}3"].value, sheet[f"{other}3"].value = sheet[f"{other}3"].value, sheet[f"{one}3"].value
    first, second = (openpyxl_index(letter) for letter in (one, other))
    columns[first].name, columns[second].name = columns[second].name, columns[first].name


def openpyxl_index(letter: str) -> int:
    return ord(letter) - ord("A")


def test_a_table_of_too_many_rows_is_refused() -> None:
    huge = rezipped(
        MASTER,
        {
            "xl/tables/table1.xml": lambda xml: xml.replace(
                f"A3:{LAST}6".encode(), f"A3:{LAST}900000".encode()
            )
        },
    )
    with pytest.raises(PatchRefused):
        read_master(huge, HANT, SHANGHAI)


def test_rows_written_in_any_way_read_the_same() -> None:
    spaced = rezipped(MASTER, {SHEET: lambda xml: xml.replace(b'<c r="', b'<c  r="')})
    assert rows(spaced) == rows(MASTER)


def test_a_reading_tells_where_the_rows_are() -> None:
    """A round has read every row already: it need not look for the ten it changes."""
    standing, plan = open_master(MASTER, HANT), MasterPlan([Row(case(2).key, {"owner": "改"}), case(9)])
    told = read_master(standing, HANT, SHANGHAI)
    searched = carry_out(standing, plan, HANT, SHANGHAI).content
    assert carry_out(standing, plan, HANT, SHANGHAI, told=told).content == searched
    gone = MasterPlan(plan.changes, removed=[case(1).key])
    told_gone = carry_out(standing, gone, HANT, SHANGHAI, told=told).content
    assert told_gone == carry_out(standing, gone, HANT, SHANGHAI).content
    assert [row.key for row in read_master(told_gone, HANT, SHANGHAI).rows] == [
        case(number).key for number in (2, 3, 9)
    ]


def test_a_reading_of_another_version_puts_nothing_into_the_wrong_row() -> None:
    other = read_master(master_of(2, 3, 1), HANT, SHANGHAI)
    plan = MasterPlan([Row(case(2).key, {"owner": "改"})])
    standing = open_master(MASTER, HANT)
    after = carry_out(standing, plan, HANT, SHANGHAI, told=other)
    assert after.content == carry_out(standing, plan, HANT, SHANGHAI).content


def test_a_case_that_goes_is_found_where_its_number_was_typed_over() -> None:
    """The reading knows the row by what was typed there."""
    typed = edited(MASTER, lambda book: book.worksheets[0].__setitem__("A5", "亂打"))
    plan = MasterPlan(removed=[case(2).key], rekeyed={5: case(2).key})
    after = carry_out(typed, plan, HANT, SHANGHAI, told=read_master(typed, HANT, SHANGHAI)).content
    assert [row.key for row in read_master(after, HANT, SHANGHAI).rows] == [case(1).key, case(3).key]
