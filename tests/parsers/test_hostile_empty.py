"""No reading is empty, or much less than the file holds, in silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parsers import grid_readers, refusals
from parsers.archive import Container
from parsers.census import census
from parsers.results import ParsedFile
from parsers.wordings import formulas_without_values, partly_unread
from tests.parsers import hostile_files as made

Parse = Callable[[bytes], ParsedFile]


def changed(part: str, old: str, new: str) -> bytes:
    """The good form with one part changed."""
    files = made.parts()
    assert old in files[part]
    files[part] = files[part].replace(old, new)
    return made.zipped(files)


def moved(old: str, new: str) -> bytes:
    files = made.parts()
    files[new] = files.pop(old)
    return made.zipped(files)


def prefixed() -> bytes:
    """Every element of the sheet with a namespace prefix, as some exporters write them."""
    rows = made.sheet_rows().replace("<", "<x:").replace("<x:/", "</x:")
    return made.book(f'<x:worksheet xmlns:x="{made.MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>')


def strict() -> bytes:
    files = {name: text.replace(made.MAIN, made.STRICT) for name, text in made.parts().items()}
    return made.zipped(
        {
            name: text.replace(
                made.OFFICE_RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
            )
            for name, text in files.items()
        }
    )


def without_references() -> bytes:
    import re

    return made.book(made.sheet_xml(re.sub(r' r="[A-Z]*\d+"', "", made.sheet_rows())))


WORKBOOK_RELATIONS = "xl/_rels/workbook.xml.rels"
ODD = {
    "prefixed elements": prefixed,
    "strict": strict,
    "no cell references": without_references,
    "wrong dimension": lambda: made.book(made.sheet_xml(made.sheet_rows(), before='<dimension ref="A1"/>')),
    "absolute target": lambda: changed(WORKBOOK_RELATIONS, 'Target="work', 'Target="/xl/work'),
    "dotted target": lambda: changed(WORKBOOK_RELATIONS, 'Target="work', 'Target="./work'),
    "back and forth": lambda: changed(WORKBOOK_RELATIONS, 'Target="work', 'Target="../xl/work'),
    "wrong content type": lambda: changed(
        "[Content_Types].xml", "spreadsheetml.worksheet+xml", "spreadsheetml.chartsheet+xml"
    ),
    "no content type of the sheet": lambda: changed(
        "[Content_Types].xml", f'PartName="/{made.SHEET}"', 'PartName="/elsewhere.xml"'
    ),
    "relation of another type": lambda: changed(WORKBOOK_RELATIONS, "/worksheet", "/chartsheet"),
    "names in capitals": lambda: moved(made.SHEET, made.SHEET.upper()),
    "backslashes": lambda: moved(made.SHEET, made.SHEET.replace("/", "\\")),
    "sheet elsewhere": lambda: moved(made.SHEET, "xl/sheet1.xml"),
    "no relations": lambda: made.zipped(
        {name: text for name, text in made.parts().items() if name != WORKBOOK_RELATIONS}
    ),
    "sheet not named in the workbook": lambda: changed("xl/workbook.xml", ' r:id="r1"', ' r:id="r9"'),
    "no sheets in the workbook": lambda: changed(
        "xl/workbook.xml", '<sheet name="s" sheetId="1" r:id="r1"/>', ""
    ),
    "UTF-16": lambda: made.zipped(
        {**made.parts(), made.SHEET: made.parts()[made.SHEET].replace("UTF-8", "UTF-16").encode("utf-16")}
    ),
    "numbers of the readers' own": lambda: made.book(
        made.sheet_xml('<row r="1"><c r="A1" t="n"><v>1_000</v></c></row>')
    ),
}


@pytest.mark.parametrize("odd", sorted(ODD))
def test_an_odd_file_is_read_or_said_to_be_unreadable_and_never_said_to_be_empty(
    parse: Parse, odd: str
) -> None:
    parsed = parse(ODD[odd]())
    if parsed.forms:
        assert parsed.forms[0].facts["description"] == "貴"
    else:
        assert parsed.error in (refusals.CELLS_UNREAD, refusals.DAMAGED, refusals.NO_FORM)
        assert parsed.error != refusals.NO_FORM or odd.startswith("numbers")


@pytest.mark.parametrize(
    "odd",
    ["prefixed elements", "strict", "no cell references", "wrong dimension", "absolute target", "UTF-16"],
)
def test_what_office_programs_do_write_is_read(parse: Parse, odd: str) -> None:
    assert parse(ODD[odd]()).error is None


def test_the_fuller_reading_counts_where_the_first_reader_drops_cells(
    parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    import parsers.workbook

    monkeypatch.setattr(parsers.workbook, "read_with_calamine", _half)
    assert parse(made.good()).forms[0].facts["description"] == "貴"


def _half(content: bytes) -> tuple[grid_readers.Grid, ...]:
    """A reader that loses what stands below the third row."""
    (grid,) = grid_readers.read_with_calamine(content)
    kept = {place: value for place, value in grid.cells.items() if place[0] < 3}
    return (grid_readers.Grid(grid.name, kept),)


def test_what_neither_reader_finds_is_warned_of(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    import parsers.workbook

    def damaged(_content: bytes) -> tuple[grid_readers.Grid, ...]:
        raise ValueError

    monkeypatch.setattr(parsers.workbook, "read_with_calamine", _half)
    monkeypatch.setattr(parsers.workbook, "read_with_openpyxl", damaged)
    problems = parse(made.good()).forms[0].problems
    assert partly_unread() in [problem.message for problem in problems]


def test_formulas_without_results_are_named(parse: Parse) -> None:
    row = '<row r="6"><c r="A6" t="inlineStr"><is><t>維修金額</t></is></c><c r="B6"><f>1+1</f></c></row>'
    parsed = parse(made.book(made.sheet_xml(made.sheet_rows() + row)))
    assert formulas_without_values("B6") in [problem.message for problem in parsed.forms[0].problems]
    alone = made.book(made.sheet_xml('<row r="1"><c r="A1"><f>1+1</f></c><c r="B1"><f>A1</f><v/></c></row>'))
    assert parse(alone).error == refusals.FORMULAS_ONLY


def test_a_formula_whose_result_is_an_empty_text_is_no_matter(parse: Parse) -> None:
    row = '<row r="6"><c r="B6" t="str"><f>IF(1,"","")</f><v></v></c></row>'
    problems = parse(made.book(made.sheet_xml(made.sheet_rows() + row))).forms[0].problems
    assert formulas_without_values("B6") not in [problem.message for problem in problems]


def test_cells_that_hold_an_error_are_named_once(parse: Parse) -> None:
    row = '<row r="6"><c r="B6" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="C6" t="e"><f>A1</f></c></row>'
    problems = parse(made.book(made.sheet_xml(made.sheet_rows() + row))).forms[0].problems
    assert formulas_without_values("C6、B6") in [problem.message for problem in problems]


def test_an_empty_workbook_is_still_said_to_be_empty(parse: Parse) -> None:
    assert parse(made.book(made.sheet_xml())).error == refusals.EMPTY_WORKBOOK
    blank = made.with_shared_strings("<si><t></t></si><si/>", '<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    assert parse(blank).error == refusals.EMPTY_WORKBOOK
    errors = made.book(made.sheet_xml('<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row>'))
    assert parse(errors).error == refusals.EMPTY_WORKBOOK


def test_macros_links_and_dde_are_neither_run_nor_followed_nor_shown(parse: Parse) -> None:
    linked = made.book(
        made.sheet_xml(
            made.sheet_rows()
            + '<row r="6"><c r="A6"><f>[1]Sheet1!A1</f></c><c r="B6"><f>cmd|\'/C calc\'!A0</f></c>'
            '<c r="C6" t="str"><f>HYPERLINK("http://127.0.0.1:9/")</f><v>見網站</v></c></row>'
        ),
        **{
            "xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="{made.MAIN}"><externalBook>'
            '<sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1"><v>SECRET</v></cell></row></sheetData>'
            "</sheetDataSet></externalBook></externalLink>",
            "xl/vbaProject.bin": bytes(5_000),
            "xl/macrosheets/sheet1.xml": made.sheet_xml(f'<row r="1">{made.cell("A1", "=EXEC()")}</row>'),
        },
    )
    parsed = parse(linked)
    assert parsed.forms[0].facts["customer_name"] == "王小明"
    assert not any(word in parsed.model_dump_json() for word in ("SECRET", "calc", "EXEC", "127.0.0.1"))


def test_the_count_agrees_with_the_reader_over_the_corpus(corpus: Path) -> None:
    """A count that is often wrong would cry wolf; one that is always nothing would never cry."""
    agreed = looked_at = 0
    for file in sorted((corpus / "forms").iterdir()):
        content = file.read_bytes()
        if content[:2] not in (b"PK", b"\xd0\xcf"):
            continue
        container = Container.ZIP if content.startswith(b"PK") else Container.OLE
        counted = census(content, container)
        assert counted.cells, file.name
        looked_at += 1
        agreed += counted.is_met_by(grid_readers.read_with_calamine(content))
    assert agreed >= 0.95 * looked_at
