"""Files that mean harm, or that no office program writes: made here, and the good form they are compared with."""

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

ROWS = [
    ["銷售客戶抱怨單", ""],
    ["客戶姓名", "王小明"],
    ["電話", "0912345678"],
    ["抱怨類型", "價格"],
    ["抱怨內容", "貴"],
]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"


def relations(*entries: tuple[str, str, str]) -> str:
    """A relationships part: id, type and target of each."""
    inner = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE_RELATIONS}/{kind}" Target="{target}"/>'
        for name, kind, target in entries
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def cell(place: str, text: str) -> str:
    """An inline string."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_rows(rows: list[list[str]] = ROWS) -> str:
    """The rows of a sheet from A1 on."""
    return "".join(
        f'<row r="{number}">'
        + "".join(cell(f"{'ABCDEFGH'[index]}{number}", text) for index, text in enumerate(row) if text)
        + "</row>"
        for number, row in enumerate(rows, 1)
    )


def sheet_xml(inside: str = "", *, before: str = "", after: str = "", main: str = MAIN) -> str:
    """A worksheet part around rows."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{main}">{before}'
        f"<sheetData>{inside}</sheetData>{after}</worksheet>"
    )


def parts(sheet: str = "") -> dict[str, str]:
    """The parts of the least workbook that is one."""
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{SHEET}" ContentType="{TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE_RELATIONS}">'
        '<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(("r1", "worksheet", "worksheets/sheet1.xml")),
        SHEET: sheet or sheet_xml(sheet_rows()),
    }


def zipped(files: Mapping[str, str | bytes], method: int = ZIP_DEFLATED) -> bytes:
    """Pack parts."""
    stream = BytesIO()
    with ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def book(sheet: str = "", **more: str | bytes) -> bytes:
    """Pack the least workbook with this sheet, and further parts."""
    return zipped({**parts(sheet), **more})


def with_shared_strings(strings: str, rows: str) -> bytes:
    """A workbook whose cells point to shared strings."""
    files = parts(sheet_xml(rows))
    return _with_part(files, "sharedStrings", f'<sst xmlns="{MAIN}">{strings}</sst>')


def _with_part(files: dict[str, str], kind: str, content: str) -> bytes:
    """Add a part that the workbook names beside its sheet."""
    override = f'<Override PartName="/xl/{kind}.xml" ContentType="{TYPE}.{kind}+xml"/></Types>'
    files["[Content_Types].xml"] = files["[Content_Types].xml"].replace("</Types>", override)
    files["xl/_rels/workbook.xml.rels"] = relations(
        ("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", kind, f"{kind}.xml")
    )
    return zipped({**files, f"xl/{kind}.xml": content})


def good() -> bytes:
    """The form that must be read before and after."""
    return book()


# What follows means harm. ------------------------------------------------------------------------


def sheet_bomb(gigabytes: float, *, declared: int | None = None) -> bytes:
    """A sheet of that size, all but a few kilobytes of it repeated rows; `declared` is what the directory says."""
    row = b'<row><c t="inlineStr"><is><t>' + b"A" * 1000 + b"</t></is></c></row>"
    block = row * 1000
    times = int(gigabytes * 1e9 / len(block))
    head, tail = sheet_xml("\0").encode().split(b"\0")
    pieces = _deflated(head) + _deflated(block) * times + _deflated(tail) + b"\x03\x00"
    size = len(head) + times * len(block) + len(tail)
    return _with_raw_entry(parts(), SHEET, pieces, size if declared is None else declared)


def _deflated(part: bytes) -> bytes:
    """Deflate to a whole number of bytes without an end, so that pieces can be strung together."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(part) + squeeze.flush(zlib.Z_FULL_FLUSH)


def _with_raw_entry(files: Mapping[str, str], name: str, packed: bytes, size: int) -> bytes:
    """Store deflated bytes under a directory entry that says what they unpack to."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for part, text in files.items():
            if part != name:
                archive.writestr(part, text)
        archive.writestr(ZipInfo(name), packed)
    content = bytearray(stream.getvalue())
    local = content.index(b"PK\x03\x04", content.index(name.encode()) - 40)
    for start in (local + 8, content.rindex(b"PK\x01\x02") + 10):
        content[start : start + 2] = (8).to_bytes(2, "little")
    for start in (local + 14, content.rindex(b"PK\x01\x02") + 16):
        content[start : start + 12] = b"".join(n.to_bytes(4, "little") for n in (0, len(packed), size))
    return bytes(content)


def overlapping_bomb(entries: int = 1500) -> bytes:
    """Many entries that share one stretch of bytes (David Fifield, "A better zip bomb", 2019)."""
    kernel = zlib.compress(b"<a/>" * 1_000_000, 9)[2:-4]
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, text in parts().items():
            archive.writestr(name, text)
    content = stream.getvalue()
    end = content.rindex(b"PK\x05\x06")
    directory = struct.unpack_from("<I", content, end + 16)[0]
    name = b"xl/a.xml"
    crc, size = zlib.crc32(b"<a/>" * 1_000_000), 4_000_000
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(kernel), size, len(name), 0)
    entry = struct.pack(
        "<4s6H3I5H2I",
        b"PK\x01\x02",
        20,
        20,
        0,
        8,
        0,
        0,
        crc,
        len(kernel),
        size,
        len(name),
        0,
        0,
        0,
        0,
        0,
        directory,
    )
    body = content[:directory] + local + name + kernel
    central = content[directory:end] + (entry + name) * entries
    count = len(parts()) + entries
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(central), len(body), 0)
    return body + central + tail


def many_parts() -> bytes:
    """Sixty thousand entries."""
    return zipped({**parts(), **{str(number): b"" for number in range(60_000)}}, ZIP_STORED)


def nested_bomb() -> bytes:
    """Zip files in a zip file, five deep, and no workbook."""
    inner = zipped({"zeros": b"\0" * 10_000_000})
    for _ in range(5):
        inner = zipped({f"{number}.zip": inner for number in range(8)})
    return inner


def many_merges(count: int = 60_000) -> bytes:
    """A form with tens of thousands of merged areas."""
    merges = "".join(f'<mergeCell ref="D{n}:E{n}"/>' for n in range(1, count))
    return book(sheet_xml(sheet_rows(), after=f"<mergeCells>{merges}</mergeCells>"))


def endless_merge() -> bytes:
    """One merged area over the whole sheet."""
    return book(sheet_xml(sheet_rows(), after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'))


def string_flood() -> bytes:
    """Twelve thousand cells that share one string of a megabyte."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 12_001))
    return with_shared_strings(f"<si><t>{'A' * 1_000_000}</t></si>", rows)


def many_strings() -> bytes:
    """Two million shared strings nobody points to."""
    return with_shared_strings("<si><t>A</t></si>" * 2_000_000, sheet_rows())


def far_cells() -> bytes:
    """A cell at either end of the sheet."""
    return book(
        sheet_xml(f'<row r="1">{cell("A1", "x")}</row><row r="1048576">{cell("XFD1048576", "y")}</row>')
    )


def huge_styles() -> bytes:
    """Sixty-four thousand cell formats and as many number formats."""
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="0.{n}"/>' for n in range(200, 64_000))
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="63800">{formats}</numFmts><cellXfs count="64000">'
        + '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>' * 64_000
        + "</cellXfs></styleSheet>"
    )
    return _with_part(parts(), "styles", styles)


def deep_xml(depth: int = 1_000_000) -> bytes:
    """Elements within elements."""
    return book(sheet_xml(sheet_rows(), after="<a>" * depth + "</a>" * depth))


def long_attribute() -> bytes:
    """A cell whose reference is eight million letters long."""
    return book(sheet_xml(f'<row r="1"><c r="{"A" * 8_000_000}1"><v>1</v></c></row>'))


def with_entities() -> bytes:
    """The billion laughs."""
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = sheet_xml(f'<row r="1">{cell("A1", "&l9;")}</row>')
    return book(text.replace("?>", f'?><!DOCTYPE x [<!ENTITY l0 "lol">{lines}]>', 1))


def with_late_entities() -> bytes:
    """A document type definition behind seventy thousand spaces."""
    text = sheet_xml(f'<row r="1">{cell("A1", "&l;")}</row>')
    return book(
        text.replace("?>", "?>" + " " * 70_000 + '<!DOCTYPE x [<!ENTITY l SYSTEM "file:///etc/passwd">]>', 1)
    )


def deep_html(depth: int = 200_000) -> bytes:
    """Tables within tables."""
    return ("<html>" + "<table><tr><td>" * depth + "x").encode()


def wide_csv() -> bytes:
    """A line of a million fields, a hundred times."""
    return (("a," * 1_000_000 + "\n") * 3).encode()


def quoted_csv() -> bytes:
    """A quotation that never ends."""
    return b'a,b\n"' + b"c,d\n" * 2_000_000


def deep_archive() -> bytes:
    """Parts within parts, each with a boundary of its own."""
    head = b"MIME-Version: 1.0\n"
    levels = (b'Content-Type: multipart/related; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(5_000))
    return head + b"".join(levels)


def deep_spreadsheet_xml(depth: int = 500_000) -> bytes:
    """Excel's XML of 2003, with elements within elements."""
    return (spreadsheet_xml().decode().replace("</Workbook>", "<a>" * depth)).encode()


def spinning_key() -> bytes:
    """An encrypted workbook that asks for ten million rounds of hashing."""
    locked = encrypted(good(), "VelvetSweatshop")
    place = locked.index(b'spinCount="')
    end = locked.index(b'"', place + 11)
    rounds = b"9" * (end - place - 11)
    return locked[: place + 11] + rounds + locked[end:]


def encrypted(content: bytes, password: str) -> bytes:
    """Encrypt a workbook as Excel does. The library writes no streams under 4,096 bytes rightly: those are padded."""
    from msoffcrypto.format.ooxml import OOXMLFile

    padded = BytesIO(content)
    with ZipFile(padded, "a", ZIP_STORED) as archive:
        archive.writestr("docProps/padding.txt", "x" * 8_192)
    stream = BytesIO()
    OOXMLFile(padded).encrypt(password, stream)
    return stream.getvalue()


# What follows only is no workbook, though it says so. ---------------------------------------------


def html_table(rows: list[list[str]] = ROWS, charset: str = "utf-8") -> bytes:
    """A web page as systems export it under the name .xls."""
    lines = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
    head = f'<head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head>'
    return f"<html>{head}<body><table border=1>{lines}</table></body></html>".encode(charset)


def web_archive(rows: list[list[str]] = ROWS) -> bytes:
    """A single-file web page as Excel saves it."""
    page = base64.encodebytes(html_table(rows, "gb18030")).decode()
    return (
        "MIME-Version: 1.0\nX-Document-Type: Workbook\n"
        'Content-Type: multipart/related; boundary="----=_b"\n\n'
        "This document is a Single File Web Page.\n\n------=_b\n"
        "Content-Location: file:///C:/a/sheet001.htm\nContent-Transfer-Encoding: base64\n"
        f'Content-Type: text/html; charset="gb2312"\n\n{page}\n------=_b--\n'
    ).encode()


def separated(separator: str, charset: str, rows: list[list[str]] = ROWS) -> bytes:
    """Separated values."""
    return "\r\n".join(separator.join(row) for row in rows).encode(charset)


def spreadsheet_xml(rows: list[list[str]] = ROWS) -> bytes:
    """Excel's XML of 2003."""
    lines = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in row) + "</Row>"
        for row in rows
    )
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="抱怨單"><Table>{lines}</Table></Worksheet></Workbook>'
    ).encode()


def everything() -> Iterator[tuple[str, bytes]]:
    """Yield each hostile file with its name: what a flood is made of."""
    for make in (
        overlapping_bomb,
        many_parts,
        many_merges,
        endless_merge,
        string_flood,
        many_strings,
        far_cells,
        huge_styles,
        deep_xml,
        long_attribute,
        with_entities,
        with_late_entities,
        deep_html,
        wide_csv,
        quoted_csv,
        deep_archive,
        deep_spreadsheet_xml,
        spinning_key,
    ):
        yield make.__name__, make()
    yield "sheet_bomb", sheet_bomb(1.5)
    yield "lying_bomb", sheet_bomb(0.4, declared=50_000)
    yield "locked", encrypted(good(), "secret")
