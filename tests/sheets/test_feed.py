"""A feed is rewritten from its top: what is right keeps its bytes, and what managers made around it stands."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.table import TableColumn

from sheets.archive import Archive
from sheets.columns import Column, ColumnKind, Owner, Sheet
from sheets.feed import fed, write_feed
from sheets.patch import PatchRefused
from sheets.registry import ACTIONS
from sheets.standing import open_master
from sheets.texts import plain_text, say
from tests.sheets.cases import HANT, SHANGHAI, action, whole_workbook, workbook_of
from tests.sheets.test_patch import edited, parts, rezipped

FEED_SHEET, FEED_TABLE = "xl/worksheets/sheet3.xml", "xl/tables/table3.xml"
MASTER = whole_workbook()


def written(content: bytes, rows: Sequence[dict[str, Any]], sheet: Sheet = ACTIONS) -> bytes:
    return write_feed(content, sheet, rows, HANT, SHANGHAI)


def shown(content: bytes, title: str = "系統動態") -> list[tuple[Any, ...]]:
    """The rows of the feed as openpyxl reads them."""
    page = openpyxl.load_workbook(BytesIO(content))[title]
    return [tuple(cell.value for cell in row) for row in page[page.tables["KesuActions"].ref]][1:]


def expected(*numbers: int) -> list[tuple[Any, ...]]:
    return [
        (one["at"].replace(tzinfo=None), one["case_number"], one["action"], one["clause"])
        for one in map(action, numbers)
    ]


BLANK = (None, None, None, None)


def test_a_new_line_goes_on_top_and_the_table_grows() -> None:
    out = written(MASTER, [action(number) for number in (5, 4, 3, 2, 1)])
    assert shown(out) == expected(5, 4, 3, 2, 1)
    table = openpyxl.load_workbook(BytesIO(out))["系統動態"].tables["KesuActions"]
    assert (table.ref, table.autoFilter.ref) == ("A3:D8", "A3:D8")


def test_what_is_written_already_gives_the_very_same_bytes() -> None:
    rows = [action(number) for number in (3, 2, 1)]
    assert written(MASTER, rows) is MASTER
    grown = written(MASTER, [action(4), *rows])
    assert written(grown, [action(4), *rows]) is grown


def test_only_the_feed_is_touched_and_in_it_only_what_differs() -> None:
    rows = [action(number) for number in (3, 2, 1)]
    rows[1]["action"] = "改了"
    before, after = parts(MASTER), parts(written(MASTER, rows))
    assert {name for name in before if before[name] != after[name]} == {FEED_SHEET}
    cell = re.compile(rb'<c r="C5".*?</c>')
    assert cell.sub(b"", before[FEED_SHEET]) == cell.sub(b"", after[FEED_SHEET])
    assert "改了".encode() in after[FEED_SHEET]


def test_rows_too_many_are_emptied_and_filled_again_later() -> None:
    out = written(MASTER, [action(9)])
    assert shown(out) == [*expected(9), BLANK, BLANK]
    assert shown(written(out, [action(number) for number in (9, 8)])) == [*expected(9, 8), BLANK]
    assert shown(written(out, [])) == [BLANK, BLANK, BLANK]


def test_what_somebody_typed_or_calculated_in_it_is_written_over() -> None:
    def meddle(book: Any) -> None:
        page = book["系統動態"]
        page["C4"], page["B5"], page["D6"] = "我說的", None, '="4.1"'

    out = written(edited(MASTER, meddle), [action(number) for number in (3, 2, 1)])
    assert shown(out) == expected(3, 2, 1)


def test_a_sorted_table_is_put_in_order_again() -> None:
    def sort(book: Any) -> None:
        page = book["系統動態"]
        rows = [[cell.value for cell in row] for row in page["A4:D6"]]
        for row, values in zip(page["A4:D6"], reversed(rows), strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.value = value

    turned = edited(MASTER, sort)
    assert shown(turned) == expected(1, 2, 3)
    assert shown(written(turned, [action(number) for number in (3, 2, 1)])) == expected(3, 2, 1)


def test_a_filter_stays_and_hides_the_rows_it_hid() -> None:
    def filtered(book: Any) -> None:
        page = book["系統動態"]
        page.tables["KesuActions"].autoFilter.add_filter_column(3, ["4.1"])
        page.row_dimensions[5].hidden = True

    out = written(edited(MASTER, filtered), [action(number) for number in (4, 3, 2, 1)])
    page = openpyxl.load_workbook(BytesIO(out))["系統動態"]
    assert shown(out) == expected(4, 3, 2, 1)
    assert page.row_dimensions[5].hidden
    assert page.tables["KesuActions"].autoFilter.filterColumn[0].filters.filter == ["4.1"]


def test_columns_that_managers_moved_removed_or_added_are_respected() -> None:
    def rearrange(book: Any) -> None:
        page = book["系統動態"]
        table = page.tables["KesuActions"]
        for row, values in zip(
            page["A3:D6"], [("動作", "我的", "時間", "案件編號"), *[("x", "記", None, None)] * 3], strict=True
        ):
            for cell, value in zip(row, values, strict=True):
                cell.value = value
        for (cell,) in page["C4:C6"]:
            cell.number_format = "yyyy-mm-dd hh:mm"
        table.tableColumns = [
            TableColumn(id=at, name=name)
            for at, name in enumerate(("動作", "我的", "時間", "案件編號"), start=1)
        ]

    out = written(edited(MASTER, rearrange), [action(number) for number in (4, 3, 2, 1)])
    assert shown(out) == [
        (text, mark, at, number)
        for (at, number, text, _), mark in zip(expected(4, 3, 2, 1), ["記", "記", "記", None], strict=True)
    ]


def test_a_feed_moved_to_another_place_is_found_there() -> None:
    """Cut and pasted beside other things; what stands there stays."""
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"remove_timezone": True})
    book.add_worksheet("前面").write("A1", "別的")
    page = book.add_worksheet("系統動態")
    page.write("B2", "總經理的版本")
    columns = [{"header": column.header.get(HANT)} for column in ACTIONS.columns]
    page.add_table(9, 5, 11, 8, {"name": "KesuActions", "columns": columns})
    page.write("A11", "旁邊")
    book.close()
    out = written(stream.getvalue(), [action(number) for number in (3, 2, 1)])
    cells = openpyxl.load_workbook(BytesIO(out))["系統動態"]
    assert [[cell.value for cell in row][1:] for row in cells["F11:I13"]] == [
        list(row[1:]) for row in expected(3, 2, 1)
    ]
    assert (cells["B2"].value, cells["A11"].value, cells.tables["KesuActions"].ref) == (
        "總經理的版本", "旁邊", "F10:I13",
    )  # fmt: skip


def rename(xml: bytes) -> bytes:
    return xml.replace(
        b'name="KesuActions" displayName="KesuActions"', b'name="Mine" displayName="Mine"'
    ).replace(b'displayName="KesuActions"', b'displayName="Mine"')


def delete(book: Any) -> None:
    del book["系統動態"]


def test_a_feed_that_managers_deleted_or_made_their_own_is_not_written() -> None:
    """A renamed table, or a copy of a deleted one, may be what a manager keeps: it would be written over."""
    for content in (edited(MASTER, delete), rezipped(MASTER, {FEED_TABLE: rename})):
        with pytest.raises(PatchRefused) as refused:
            written(content, [action(1)])
        assert "missing" in refused.value.reason.en


def test_a_copy_of_the_feed_stays_as_the_manager_keeps_it() -> None:
    def copy(book: Any) -> None:
        page = book.copy_worksheet(book["系統動態"])
        page.title = "系統動態 (2)"
        page.add_table(openpyxl.worksheet.table.Table(displayName="KesuActions2", ref="A3:D6"))

    out = written(edited(MASTER, copy), [action(9)])
    assert shown(out) == [*expected(9), BLANK, BLANK]
    kept = openpyxl.load_workbook(BytesIO(out))["系統動態 (2)"]
    assert [cell.value for cell in kept["C"]][3:] == ["第 3 件事", "第 2 件事", "第 1 件事"]


def test_something_below_the_feed_keeps_it_from_growing_and_not_from_changing() -> None:
    noted = edited(MASTER, lambda book: book["系統動態"].__setitem__("B7", "我的筆記"))
    assert shown(written(noted, [action(number) for number in (4, 3, 2)])) == expected(4, 3, 2)
    with pytest.raises(PatchRefused):
        written(noted, [action(number) for number in (4, 3, 2, 1)])


def test_a_charts_range_stays_right_because_the_rows_stay() -> None:
    def add_chart(book: Any) -> None:
        page = book["系統動態"]
        chart = BarChart()
        chart.add_data(Reference(page, min_col=1, min_row=4, max_row=6))
        page.add_chart(chart, "H3")

    charted = edited(MASTER, add_chart)
    before, after = parts(charted), parts(written(charted, [action(7)]))
    assert {name for name in before if before[name] != after[name]} == {FEED_SHEET}


def test_an_unknown_column_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="colour"):
        written(MASTER, [{"colour": "red"}])


def test_libreoffice_saves_a_feed_and_it_is_written_on(office: Any) -> None:
    saved = office({"feed": written(MASTER, [action(number) for number in (5, 4, 3)])}, "xlsx")["feed"]
    same = written(saved, [action(number) for number in (5, 4, 3)])
    assert same is saved
    assert shown(written(saved, [action(number) for number in (6, 5, 4, 3)])) == expected(6, 5, 4, 3)


# Against a model, with every kind of column -----------------------------------------------------------------------


def _column(key: str, kind: ColumnKind) -> Column:
    return Column(key, say(key, key, key), 10, kind, Owner.DAEMON, say(key, key, key))


ALL_KINDS = Sheet(
    key="kinds",
    title=say("各種", "各种", "Kinds"),
    table="KesuKinds",
    columns=(
        _column("text", ColumnKind.TEXT),
        _column("money", ColumnKind.MONEY),
        _column("count", ColumnKind.NUMBER),
        _column("hours", ColumnKind.HOURS),
        _column("day", ColumnKind.DATE),
        _column("moment", ColumnKind.DATETIME),
        _column("mark", ColumnKind.MARK),
    ),
)
KINDS = workbook_of((ALL_KINDS, [{}]))
NOON = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
MOMENTS = st.none() | st.integers(0, 10**6).map(lambda seconds: NOON + timedelta(seconds=seconds))
FEED_ROW = st.fixed_dictionaries(
    {},
    optional={
        "text": st.none() | st.text(max_size=20) | st.sampled_from(["=1+1", "@x", "_x0041_", "a\nb"]),
        "money": st.none() | st.decimals(0, 10**6, places=2),
        "count": st.none() | st.integers(0, 99),
        "hours": st.none() | st.decimals(0, 500, places=1),
        "day": MOMENTS,
        "moment": MOMENTS,
        "mark": st.booleans(),
    },
)


def as_shown(column: Column, value: Any) -> Any:
    """What openpyxl reads of a value."""
    match value:
        case None | False:
            return None
        case True:
            return "●"
        case Decimal():
            return float(value)
        case datetime() if column.kind is ColumnKind.DATE:
            return value.replace(hour=0, minute=0, second=0, tzinfo=None)
        case datetime():
            return value.replace(tzinfo=None)
        case str():
            return plain_text(value).strip() or None
    return value


def as_meant(value: Any) -> Any:
    """Undo the escape of what looks like one, which openpyxl leaves in a cell's own strings; blanks do not count."""
    return unescape(value).strip() or None if isinstance(value, str) else value


@settings(max_examples=25, deadline=None)
@given(rounds=st.lists(st.lists(FEED_ROW, max_size=6), max_size=5))
def test_any_sequence_of_writings_shows_the_last_one(rounds: list[list[dict[str, Any]]]) -> None:
    content, most = KINDS, 1
    for rows in rounds:
        content = written(content, rows, ALL_KINDS)
        assert written(content, rows, ALL_KINDS) is content
        most = max(most, len(rows))
        assert len(open_master(content, HANT, ALL_KINDS).data_rows) == most
        page = openpyxl.load_workbook(BytesIO(content))["各種"]
        found = [[as_meant(cell.value) for cell in row] for row in page[page.tables["KesuKinds"].ref]][1:]
        model = [[as_shown(c, row.get(c.key)) for c in ALL_KINDS.columns] for row in rows]
        assert found == [*model, *[[None] * len(ALL_KINDS.columns)] * (most - len(rows))]


def test_a_feed_in_an_archive_that_was_read_before_is_the_same() -> None:
    archive, rows = Archive(MASTER), [action(number) for number in (4, 3, 2, 1)]
    open_master(archive, HANT, ACTIONS)
    first = fed(archive, ACTIONS, rows, HANT, SHANGHAI)
    assert first.raw == written(MASTER, rows)
    assert fed(first, ACTIONS, rows, HANT, SHANGHAI) is first
    again = [action(number) for number in (5, 4, 3, 2, 1)]
    assert fed(first, ACTIONS, again, HANT, SHANGHAI).raw == written(first.raw, again)
