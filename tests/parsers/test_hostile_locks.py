"""Encrypted workbooks: the default password is tried, every other lock is refused with the way to take it off."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parsers import refusals
from parsers.results import ParsedFile
from tests.parsers import hostile_files as made

Parse = Callable[[bytes], ParsedFile]


def test_excels_own_password_is_opened_unasked(parse: Parse) -> None:
    parsed = parse(made.encrypted(made.good(), "VelvetSweatshop"))
    assert parsed.error is None
    assert parsed.forms[0].facts["customer_name"] == "王小明"


def test_another_password_is_refused_with_where_to_clear_it(parse: Parse) -> None:
    parsed = parse(made.encrypted(made.good(), "secret"))
    assert parsed.error == refusals.PASSWORD
    for language in (refusals.PASSWORD.zh_hant, refusals.PASSWORD.zh_hans, refusals.PASSWORD.en):
        assert "Excel" in language


def test_what_is_no_workbook_behind_the_lock_is_refused_as_what_it_is(parse: Parse) -> None:
    types = made.parts()["[Content_Types].xml"]
    word = made.zipped({"word/document.xml": "<w/>", "[Content_Types].xml": types})
    assert parse(made.encrypted(word, "VelvetSweatshop")).error == refusals.OTHER_DOCUMENT
    bomb = made.encrypted(made.sheet_bomb(0.2), "VelvetSweatshop")
    assert parse(bomb).error == refusals.TOO_LARGE


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("poi__00227789__50833.xls", refusals.NO_FORM),  # RC4, the default password
        ("poi__1767b143__protect.xlsx", refusals.NO_FORM),  # agile, the default password
        ("test_files__21dc7ba8__password_2002_128_enhanced.xls", refusals.PASSWORD),
        ("test_files__93e0aafc__password_2002_40_dss.xls", refusals.PASSWORD),
        ("poi__7e0f9fb8__60284.xls", refusals.PASSWORD),  # Excel 95
        ("excelize__27a595ad__encryptAES.xlsx", refusals.PASSWORD),
        ("poi__1f0ea828__protected_sha512.xlsx", refusals.PASSWORD),
        ("test_files__dca73dd8__apachepoi_password.xls.xlsb", refusals.PASSWORD),
        ("calamine__f5517ea6__pass_protected.ods", refusals.PASSWORD),
        ("poi__a7de3ebe__protected_agile.docx", refusals.OTHER_DOCUMENT),
    ],
)
def test_each_way_to_lock_a_file_is_told(parse: Parse, corpus: Path, name: str, reason: object) -> None:
    assert parse((corpus / "sheets" / name).read_bytes()).error == reason
