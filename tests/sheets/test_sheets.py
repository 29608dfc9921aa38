"""Several sheets in one workbook: each found by its table, whatever managers named, copied or moved."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from sheets.columns import Column, ColumnKind, Owner, Row, Sheet
from sheets.feed import write_feed
from sheets.merge import merge, same
from sheets.patch import MasterPlan, PatchRefused, carry_out, patch_master
from sheets.reading import MasterReading, read_master
from sheets.registry import ACTIONS, CLOSED, OPEN
from sheets.removal import remove_rows
from sheets.standing import open_master
from sheets.texts import say
from tests.sheets.cases import (
    HANT,
    SHANGHAI,
    action,
    case,
    closed_case,
    place_of,
    whole_workbook,
    workbook_of,
)  # fmt: skip
from tests.sheets.test_patch import edited, parts

MASTER = whole_workbook()
CASES = (OPEN, CLOSED)  # the sheets whose rows are cases
SHEETS = {OPEN.key: "xl/worksheets/sheet1.xml", CLOSED.key: "xl/worksheets/sheet2.xml"}


def read(content: bytes, sheet: Sheet) -> MasterReading:
    return read_master(content, HANT, SHANGHAI, sheet=sheet)


def keys(content: bytes, sheet: Sheet) -> list[str]:
    return [row.key for row in read(content, sheet).rows]


def test_each_sheet_is_read_by_its_own_columns() -> None:
    closed = read(MASTER, CLOSED).rows[0].values
    assert keys(MASTER, OPEN) == [case(number).key for number in (1, 2, 3)]
    assert keys(MASTER, CLOSED) == [case(number).key for number in (11, 12)]
    assert (closed["took"], type(closed["took"])) == (Decimal("1.5"), Decimal)
    assert closed["resolved_at"] == datetime(2026, 11, 21, 10, 11, tzinfo=SHANGHAI)
    assert "due_at" not in closed


def test_sheets_are_changed_one_after_the_other_and_only_they() -> None:
    first = carry_out(
        MASTER, MasterPlan([case(1, owner="廠長"), case(4)], removed=[case(2).key]), HANT, SHANGHAI
    )
    plan = MasterPlan([closed_case(2), closed_case(11, remarks="再問一次")], removed=[case(12).key])
    second = carry_out(first.content, plan, HANT, SHANGHAI, CLOSED)
    assert keys(second.content, OPEN) == [case(number).key for number in (1, 3, 4)]
    assert keys(second.content, CLOSED) == [case(number).key for number in (11, 2)]
    assert read(second.content, CLOSED).rows[0].values["remarks"] == "再問一次"
    assert read(second.content, OPEN).rows[0].values["owner"] == "廠長"
    before, between, after = parts(MASTER), parts(first.content), parts(second.content)
    assert {name for name in before if before[name] != between[name]} == {SHEETS["open"]}
    assert {name for name in before if between[name] != after[name]} == {SHEETS["closed"]}


def test_a_case_may_stand_in_both_sheets_at_once() -> None:
    """Between the writing of the one and the other it does."""
    out = patch_master(MASTER, [closed_case(1)], HANT, SHANGHAI, CLOSED)
    assert case(1).key in keys(out, OPEN)
    assert case(1).key in keys(out, CLOSED)
    assert keys(remove_rows(out, [case(1).key], HANT).content, CLOSED)[-1] == case(1).key
    assert keys(remove_rows(out, [case(1).key], HANT, CLOSED).content, CLOSED) == keys(MASTER, CLOSED)


def test_whose_a_column_is_is_told_by_the_sheet() -> None:
    changes = {"status": "改", "remarks": "改"}
    opened = patch_master(MASTER, [Row(case(1).key, changes)], HANT, SHANGHAI)
    closed = patch_master(MASTER, [Row(case(11).key, changes)], HANT, SHANGHAI, CLOSED)
    assert read(opened, OPEN).rows[0].values["status"] == "處理中"
    assert read(closed, CLOSED).rows[0].values["status"] == "改"
    assert read(closed, CLOSED).rows[0].values["remarks"] is None


def test_a_workbook_opened_once_is_read_and_patched_sheet_by_sheet() -> None:
    standing = open_master(MASTER, HANT, CLOSED)
    other = open_master(standing.archive, HANT, OPEN)
    assert read_master(standing, HANT, SHANGHAI) == read(MASTER, CLOSED)
    assert read_master(other, HANT, SHANGHAI) == read(MASTER, OPEN)
    out = carry_out(standing, MasterPlan([closed_case(13)]), HANT, SHANGHAI).content
    assert keys(out, CLOSED)[-1] == case(13).key


def test_a_column_of_another_sheet_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="due_at"):
        patch_master(MASTER, [Row("K1", {"due_at": None})], HANT, SHANGHAI, CLOSED)


@pytest.mark.parametrize("sheet", CASES, ids=lambda sheet: sheet.key)
def test_what_was_written_last_is_nothing_to_do(sheet: Sheet) -> None:
    theirs = read(MASTER, sheet)
    base = {row.key: row.values for row in theirs.rows}
    assert merge(base, theirs, base, sheet) == []


@pytest.mark.parametrize("sheet", [*CASES, ACTIONS], ids=lambda sheet: sheet.key)
def test_every_column_key_and_header_of_a_sheet_is_unique(sheet: Sheet) -> None:
    headers = [name for column in sheet.columns for name in set(column.header.all())]
    assert len(set(headers)) == len(headers)
    assert len({column.key for column in sheet.columns}) == len(sheet.columns)


# Which table it is -----------------------------------------------------------------------------------------------


def rename(old: str, new: str) -> Callable[[Any], None]:
    """A manager gives a table another name."""

    def edit(book: Any) -> None:
        page = next(page for page in book if old in page.tables)
        table = page.tables.pop(old)
        page.add_table(Table(displayName=new, ref=table.ref))

    return edit


def copy(old: str, new: str) -> Callable[[Any], None]:
    """A manager copies a sheet; Excel finds a new name for the table on it."""

    def edit(book: Any) -> None:
        page = next(page for page in book if old in page.tables)
        twin = book.copy_worksheet(page)
        twin.add_table(Table(displayName=new, ref=page.tables[old].ref))
        twin["A4"] = "只在副本上"

    return edit


def delete(table: str) -> Callable[[Any], None]:
    """A manager deletes a sheet."""
    return lambda book: book.remove(next(page for page in book if table in page.tables))


def lift(table: str) -> Callable[[Any], None]:
    """A manager turns a table into a plain range."""
    return lambda book: next(page for page in book if table in page.tables).tables.pop(table)


def edits(*some: Callable[[Any], object]) -> bytes:
    content = MASTER
    for edit in some:
        content = edited(content, edit)
    return content


@pytest.mark.parametrize("sheet", CASES, ids=lambda sheet: sheet.key)
def test_a_copy_of_a_sheet_does_not_count_beside_it(sheet: Sheet) -> None:
    content = edits(copy(sheet.table, f"{sheet.table}2"), copy(sheet.table, f"{sheet.table}_3"))
    assert read(content, sheet) == read(MASTER, sheet)


@pytest.mark.parametrize("sheet", CASES, ids=lambda sheet: sheet.key)
def test_a_renamed_table_is_known_by_its_headers(sheet: Sheet) -> None:
    other = CLOSED if sheet is OPEN else OPEN
    content = edits(rename(sheet.table, "我的表"))
    assert read(content, sheet) == read(MASTER, sheet)
    assert read(content, other) == read(MASTER, other)
    out = patch_master(content, [Row(read(MASTER, sheet).rows[0].key, {"lapses": 7})], HANT, SHANGHAI, sheet)
    assert read(out, sheet).rows[0].values["lapses"] == 7


@pytest.mark.parametrize("sheet", CASES, ids=lambda sheet: sheet.key)
def test_the_only_copy_of_a_deleted_sheet_takes_its_place(sheet: Sheet) -> None:
    content = edits(copy(sheet.table, f"{sheet.table}2"), delete(sheet.table))
    assert next(row.key for row in read(content, sheet).rows) == "只在副本上"


def test_both_tables_renamed_are_told_apart_by_what_fits_better() -> None:
    content = edits(rename("KesuCases", "甲"), rename("KesuClosed", "乙"))
    assert [read(content, sheet) for sheet in CASES] == [read(MASTER, sheet) for sheet in CASES]


def test_another_sheet_of_ours_never_stands_in_for_a_missing_one() -> None:
    for lost, edit in ((OPEN, delete), (CLOSED, delete), (OPEN, lift), (CLOSED, lift)):
        with pytest.raises(PatchRefused) as refused:
            read(edits(edit(lost.table)), lost)
        assert "missing" in refused.value.reason.en


def test_a_copy_of_another_sheet_does_not_stand_in_either() -> None:
    """The closed cases have most headers of the open ones."""
    content = edits(copy("KesuClosed", "KesuClosed2"), delete("KesuCases"))
    with pytest.raises(PatchRefused):
        read(content, OPEN)


def test_two_copies_and_no_original_leave_doubt() -> None:
    content = edits(copy("KesuCases", "KesuCases2"), copy("KesuCases", "KesuCases3"), delete("KesuCases"))
    with pytest.raises(PatchRefused) as refused:
        read(content, OPEN)
    assert "More than one" in refused.value.reason.en


def test_a_managers_own_list_of_case_numbers_is_not_taken_for_ours() -> None:
    def own_list(book: Any) -> None:
        page = book.create_sheet("我的清單")
        page.append(["案件編號", "負責人", "等級", "我的評分"])
        page.append([case(1).key, "x", "y", 5])
        page.add_table(Table(displayName="MyList", ref="A1:D2"))

    assert read(edits(own_list), OPEN) == read(MASTER, OPEN)
    with pytest.raises(PatchRefused):
        read(edits(own_list, delete("KesuCases")), OPEN)


def test_a_table_is_found_wherever_its_sheet_was_moved_to() -> None:
    def move(book: Any) -> None:
        book.move_sheet("未結案件", offset=2)
        book["未結案件"].title = "老王的案件"

    content = edits(move, copy("KesuClosed", "KesuClosed2"))
    assert read(content, OPEN) == read(MASTER, OPEN)
    out = patch_master(content, [case(9)], HANT, SHANGHAI)
    assert openpyxl.load_workbook(BytesIO(out))["老王的案件"]["A7"].value == case(9).key


def test_the_name_counts_even_where_its_key_column_is_gone() -> None:
    def spoil(book: Any) -> None:
        page = book["未結案件"]
        page["A3"] = page.tables["KesuCases"].tableColumns[0].name = "號碼"

    for content in (edits(spoil), edits(copy("KesuCases", "KesuCases2"), spoil)):
        with pytest.raises(PatchRefused) as refused:
            read(content, OPEN)
        assert "column of case numbers" in refused.value.reason.en


# Notes in rows of nobody's -----------------------------------------------------------------------------------------


def with_strange_rows() -> bytes:
    def add(book: Any) -> None:
        page = book["未結案件"]
        page["A5"], page["A6"] = case(1).key, "王先生"
        page[place_of("remarks", 6)] = "手動加的"

    return edits(add)


def test_a_note_stands_in_the_row_it_is_for() -> None:
    plan = MasterPlan(
        [Row(case(1).key, {"owner": "第一列"})], copies=[5, 6], notes={5: "重複", 6: "沒有這個案件"}
    )
    out = carry_out(with_strange_rows(), plan, HANT, SHANGHAI).content
    found = read(out, OPEN)
    assert [row.values["refusal"] for row in (*found.rows, *found.duplicates)] == [
        None,
        "沒有這個案件",
        "重複",
    ]
    assert [row.values["owner"] for row in (*found.rows, *found.duplicates)] == [
        "第一列",
        "售後總監",
        "售後總監",
    ]
    assert found.rows[1].values["remarks"] == "手動加的"


def test_a_note_that_stands_there_already_changes_no_byte() -> None:
    plan = MasterPlan(notes={6: "沒有這個案件\n請刪除此列"})
    out = carry_out(with_strange_rows(), plan, HANT, SHANGHAI).content
    assert carry_out(out, plan, HANT, SHANGHAI).content is out
    gone = carry_out(out, MasterPlan(notes={6: ""}), HANT, SHANGHAI).content
    assert read(gone, OPEN) == read(with_strange_rows(), OPEN)


def test_a_note_is_ignored_where_managers_removed_its_column() -> None:
    def remove(book: Any) -> None:
        page = book["未結案件"]
        at = [column.key for column in OPEN.columns].index("refusal")
        page.cell(3, at + 1).value = page.tables["KesuCases"].tableColumns[at].name = "我的欄"

    content = edits(remove)
    assert carry_out(content, MasterPlan(notes={6: "x"}), HANT, SHANGHAI).content is content


def test_a_note_outside_the_table_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="row 9"):
        carry_out(MASTER, MasterPlan(notes={9: "x"}), HANT, SHANGHAI)


# Days and lengths of time ------------------------------------------------------------------------------------------


def _theirs(key: str, kind: ColumnKind) -> Column:
    return Column(key, say(key, key, key), 10, kind, Owner.DAEMON, say(key, key, key))


TASKS = Sheet(
    key="tasks",
    title=say("任務", "任务", "Tasks"),
    table="KesuTasks",
    columns=(
        _theirs("task", ColumnKind.TEXT),
        _theirs("day", ColumnKind.DATE),
        _theirs("hours", ColumnKind.HOURS),
    ),
    key_column="task",
)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=SHANGHAI)


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_a_day_is_written_without_its_time_and_read_as_its_midnight(hour: int) -> None:
    tasks = workbook_of((TASKS, [Row("T1", {})]))
    changes = [Row("T1", {"day": MIDNIGHT.replace(hour=hour), "hours": Decimal("52.3")})]
    out = patch_master(tasks, changes, HANT, SHANGHAI, TASKS)
    values = read(out, TASKS).rows[0].values
    assert values == {"day": MIDNIGHT, "hours": Decimal("52.3")}
    assert type(values["hours"]) is Decimal
    cells = openpyxl.load_workbook(BytesIO(out)).worksheets[0]
    assert (cells["B4"].value, cells["C4"].value) == (datetime(2026, 11, 21), 52.3)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (datetime(2026, 11, 21, 15, 30), MIDNIGHT),  # noqa: DTZ001 # what is typed has no zone
        ("2026/11/21 15:30", MIDNIGHT),
        ("2026年11月21日", MIDNIGHT),
        (46347.9, MIDNIGHT),
        ("週五", "週五"),
    ],
)
def test_what_managers_type_as_a_day_is_one(typed: Any, meant: Any) -> None:
    def enter(book: Any) -> None:
        book.worksheets[0]["B4"] = typed

    content = edited(workbook_of((TASKS, [Row("T1", {})])), enter)
    assert same(read(content, TASKS).rows[0].values["day"], meant)


def test_hours_with_a_time_format_stay_a_number() -> None:
    def enter(book: Any) -> None:
        book.worksheets[0]["C4"].value = 1.5
        book.worksheets[0]["C4"].number_format = "[h]:mm"

    content = edited(workbook_of((TASKS, [Row("T1", {})])), enter)
    assert read(content, TASKS).rows[0].values["hours"] == Decimal("1.5")


def test_everything_of_a_round_opens_in_libreoffice(office: Any) -> None:
    out = carry_out(MASTER, MasterPlan([case(4)], removed=[case(1).key]), HANT, SHANGHAI).content
    out = carry_out(out, MasterPlan([closed_case(1)]), HANT, SHANGHAI, CLOSED).content
    out = write_feed(out, ACTIONS, [action(number) for number in (5, 4, 3, 2, 1)], HANT, SHANGHAI)
    saved = office({"round": out}, "xlsx")["round"]
    for sheet in CASES:
        assert keys(saved, sheet) == keys(out, sheet)
    assert write_feed(saved, ACTIONS, [action(number) for number in (5, 4, 3, 2, 1)], HANT, SHANGHAI) is saved
