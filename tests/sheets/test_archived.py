"""The archive workbook of a month: closed cases for reading, to which later ones are added in place."""

from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from rules.locales import Locale
from sheets.archived import create_archive
from sheets.columns import Owner, Row
from sheets.generation import stamp_of
from sheets.patch import MasterPlan, carry_out
from sheets.reading import read_master
from sheets.registry import ARCHIVED, CLOSED
from tests.sheets.cases import LAST_CLOSED, SHANGHAI, labels

HANT = Locale.ZH_HANT


def closed(number: int, **values: Any) -> Row:
    shown = {
        "grade": "一級",
        "status": "已解決",
        "took": Decimal(number),
        "resolved_at": datetime(2026, 10, number, 9, 0, tzinfo=SHANGHAI),
        "remarks": "主管的話",
        **values,
    }
    return Row(f"K202610{number:02d}-001", shown)


def archive(rows: list[Row], locale: Locale = HANT) -> bytes:
    return create_archive(rows, "2026-10", locale, labels=labels(locale), zone=SHANGHAI)


def only_sheet(content: bytes, *, values: bool = False) -> Any:
    (sheet,) = openpyxl.load_workbook(BytesIO(content), data_only=values).worksheets
    return sheet


@pytest.mark.parametrize("locale", list(Locale))
def test_an_archive_has_one_table_with_the_columns_of_closed_cases(locale: Locale) -> None:
    sheet = only_sheet(archive([closed(1), closed(2)], locale))
    table = sheet.tables["KesuArchive"]
    assert [each.name for each in table.tableColumns] == [each.header.get(locale) for each in CLOSED.columns]
    assert table.ref == f"A3:{LAST_CLOSED}5"
    assert "2026-10" in sheet["A1"].value
    assert "台中店" in sheet["A1"].value


def test_nothing_in_an_archive_is_for_managers_to_fill_in() -> None:
    assert {column.owner for column in ARCHIVED.columns} == {Owner.DAEMON}
    sheet = only_sheet(archive([closed(1)]))
    assert len({cell.fill.fgColor.rgb for cell in sheet[3]}) == 1
    assert len({cell.fill.fgColor.rgb for cell in sheet[4]}) == 1
    assert not [rule for rule in sheet.data_validations.dataValidation if rule.type in ("list", "date")]


@pytest.mark.parametrize("rows", [[], [closed(1)]], ids=["empty", "one"])
def test_later_cases_are_added_in_place(rows: list[Row]) -> None:
    plan = MasterPlan([closed(2, concession="=1+1")])
    read = read_master(
        carry_out(archive(rows), plan, HANT, SHANGHAI, ARCHIVED).content, HANT, SHANGHAI, sheet=ARCHIVED
    )
    assert [row.key for row in read.rows] == [*(row.key for row in rows), "K20261002-001"]
    assert read.rows[-1].values["concession"] == "=1+1"
    assert read.rows[-1].values["remarks"] == "主管的話"


def test_an_archive_tells_its_site() -> None:
    assert stamp_of(archive([])).site == "台中店"


def test_libreoffice_counts_cases_and_finds_the_median(office: Any) -> None:
    more = carry_out(archive([closed(1), closed(2)]), MasterPlan([closed(9)]), HANT, SHANGHAI, ARCHIVED)
    calculated = office({"more": more.content, "empty": archive([])}, "xlsx")
    shown = {
        name: [cell.value for cell in only_sheet(content, values=True)[2] if cell.value is not None]
        for name, content in calculated.items()
    }
    assert shown == {"more": [3, 2], "empty": [0, "–"]}
