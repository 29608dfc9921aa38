"""The limited child: whatever a file does, the answer comes in time and the next file is read."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from parsers import refusals
from parsers.reader import FileToRead, FormReader, ReaderUnavailable
from parsers.reading_process import Child, Limits
from parsers.results import ParsedFile
from rules.fields import Catalogue
from rules.locales import Locale
from tests.guards import eventually, no_endless_wait

ROWS = [
    ["銷售客戶抱怨單"],
    ["客戶姓名", "王"],
    ["電話", "0912345678"],
    ["抱怨類型", "價格"],
    ["抱怨內容", "貴"],
]
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = f'<worksheet xmlns="{NAMESPACE}"><sheetData>'
TAIL = "</sheetData></worksheet>"


def relation(kind: str, target: str) -> str:
    """A relationships part with one entry."""
    entry = f'<Relationship Id="r1" Type="{RELATIONS}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{entry}</Relationships>'


PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{OFFICE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{OFFICE}.worksheet+xml"/></Types>',
    "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
    "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}">'
    '<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
}


def package(sheet: str, **more: bytes) -> bytes:
    """Make a workbook by hand around one sheet's XML."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in more.items():
            archive.writestr(name, content)
    return stream.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_bomb(gigabytes: float) -> bytes:
    """A sheet of that size, all but a few kilobytes of it repeated rows."""
    row = b'<row><c t="inlineStr"><is><t>' + b"A" * 1000 + b"</t></is></c></row>"
    block = row * 1000
    times = int(gigabytes * 1e9 / len(block))
    head, body, tail = (_deflated(part) for part in (HEAD.encode(), block, TAIL.encode()))
    size = len(HEAD) + times * len(block) + len(TAIL)
    return _with_raw_sheet(head + body * times + tail + b"\x03\x00", size)


def _deflated(part: bytes) -> bytes:
    """Deflate to a whole number of bytes without an end, so that pieces can be strung together."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(part) + squeeze.flush(zlib.Z_FULL_FLUSH)


def _with_raw_sheet(packed: bytes, size: int) -> bytes:
    """Store deflated bytes under a directory entry that says what they unpack to."""
    name = "xl/worksheets/sheet1.xml"
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for part, text in PARTS.items():
            archive.writestr(part, text)
        archive.writestr(ZipInfo(name), packed)
    content = bytearray(stream.getvalue())
    local, central = (
        content.index(b"PK\x03\x04", content.index(name.encode()) - 40),
        content.rindex(b"PK\x01\x02"),
    )
    for start in (local + 8, central + 10):
        content[start : start + 2] = (8).to_bytes(2, "little")
    for start in (local + 14, central + 16):
        content[start : start + 12] = b"".join(n.to_bytes(4, "little") for n in (0, len(packed), size))
    return bytes(content)


Ask = Callable[..., ParsedFile]


@pytest.fixture
def ask(reader: FormReader, clock: dict[str, Any]) -> Iterator[Ask]:
    """Read bytes in the child, and prove afterwards that the next file is read."""

    def run(content: bytes, name: str = "form.xlsx") -> ParsedFile:
        return reader.read(content, name, **clock)

    yield run
    form = run(GOOD[0])
    assert form.error is None
    assert form.forms[0].facts["customer_name"] == "王"


GOOD: list[bytes] = []


@pytest.fixture(scope="module", autouse=True)
def _good(make_xlsx: Callable[..., bytes]) -> None:
    GOOD[:] = [make_xlsx({"s": ROWS})]


@pytest.fixture(scope="module")
def clock() -> dict[str, Any]:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Shanghai")
    return {"zone": zone, "now": datetime(2026, 11, 21, 16, tzinfo=zone), "locale": Locale.ZH_HANT}


def read_all(reader: FormReader, files: Sequence[FileToRead]) -> list[ParsedFile]:
    asked = [reader.submit(file) for file in files]
    return [reader.result(one) for one in asked]


def pid(reader: FormReader) -> int:
    assert reader._child is not None
    return reader._child.pid


def test_the_child_reads_what_the_process_reads(ask: Ask, parse: Callable[..., ParsedFile]) -> None:
    assert ask(GOOD[0]) == parse(GOOD[0])


def test_one_child_serves_many_files_and_threads(ask: Ask, reader: FormReader, clock: dict[str, Any]) -> None:
    ask(GOOD[0])
    before, results = pid(reader), []
    workers = [
        threading.Thread(target=lambda n=n: results.append((n, reader.read(GOOD[0], f"{n}.xlsx", **clock))))
        for n in range(20)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {(n, parsed.file) for n, parsed in results} == {(n, f"{n}.xlsx") for n in range(20)}
    assert pid(reader) == before


def test_a_killed_child_is_replaced(ask: Ask, reader: FormReader) -> None:
    ask(GOOD[0])
    os.kill(pid(reader), signal.SIGKILL)
    assert ask(GOOD[0]).error is None


@pytest.fixture
def hanging(catalogue: Catalogue, clock: dict[str, Any]) -> Iterator[FormReader]:
    """A reader whose child has stopped working. A good form needs a hundredth of what a file may take here."""
    with FormReader(catalogue, Limits(seconds=3.0)) as reader, no_endless_wait():
        assert reader.read(GOOD[0], "a", **clock).error is None
        os.kill(pid(reader), signal.SIGSTOP)
        yield reader


def test_a_file_may_take_five_seconds() -> None:
    assert Limits().seconds == 5


def test_a_hanging_child_is_ended_and_said_to_be_too_slow(hanging: FormReader, clock: dict[str, Any]) -> None:
    assert hanging.read(GOOD[0], "a", **clock).error == refusals.TOO_SLOW
    assert hanging.read(GOOD[0], "a", **clock).error is None


def test_files_read_together_come_in_order_and_one_that_breaks_the_child_costs_the_others_nothing(
    reader: FormReader, clock: dict[str, Any]
) -> None:
    bomb = bytearray(sheet_bomb(0.4))
    for marker, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = bomb.rindex(marker) + offset
        bomb[start : start + 4] = (50_000).to_bytes(4, "little")
    contents = [GOOD[0], bytes(bomb), GOOD[0], b"nothing", GOOD[0]]
    files = [FileToRead(content, f"{n}.xlsx", **clock) for n, content in enumerate(contents)]
    read = read_all(reader, files)
    assert [file.file for file in read] == [file.name for file in files]
    assert [file.error is None for file in read] == [True, False, True, False, True]


def test_of_files_read_together_only_the_one_that_hangs_is_too_slow(
    hanging: FormReader, clock: dict[str, Any]
) -> None:
    read = read_all(hanging, [FileToRead(GOOD[0], str(n), **clock) for n in range(3)])
    assert [file.error for file in read] == [refusals.TOO_SLOW, None, None]


def test_an_answer_counts_however_late_it_is_asked_for(catalogue: Catalogue, clock: dict[str, Any]) -> None:
    with FormReader(catalogue, Limits(seconds=3.0)) as reader:
        asked = [reader.submit(FileToRead(GOOD[0], str(n), **clock)) for n in range(3)]
        reader.result(asked[0])
        time.sleep(4)  # busy elsewhere, for longer than a file may take
        assert [reader.result(one).error for one in asked[1:]] == [None, None]


def test_a_child_killed_with_files_in_line_costs_none_of_them(
    reader: FormReader, clock: dict[str, Any]
) -> None:
    asked = [reader.submit(FileToRead(GOOD[0], str(n), **clock)) for n in range(30)]
    os.kill(pid(reader), signal.SIGKILL)
    asked.append(reader.submit(FileToRead(GOOD[0], "later", **clock)))
    assert [reader.result(one).error for one in asked] == [None] * 31


def test_whether_a_file_is_read_is_told_without_waiting(reader: FormReader, clock: dict[str, Any]) -> None:
    reader.read(GOOD[0], "a", **clock)
    os.kill(pid(reader), signal.SIGSTOP)
    asked = [reader.submit(FileToRead(GOOD[0], name, **clock)) for name in "ab"]
    assert not reader.is_settled(asked[1])
    os.kill(pid(reader), signal.SIGCONT)
    eventually(lambda: reader.is_settled(asked[1]))
    assert [reader.result(one).error for one in asked] == [None, None]


def test_a_child_that_died_keeps_nobody_waiting(reader: FormReader, clock: dict[str, Any]) -> None:
    asked = reader.submit(FileToRead(GOOD[0], "a", **clock))
    os.kill(pid(reader), signal.SIGKILL)
    eventually(lambda: reader.is_settled(asked))
    assert reader.result(asked).error is None


def test_files_that_nobody_asks_for_any_more_do_not_shift_the_answers(
    reader: FormReader, clock: dict[str, Any]
) -> None:
    for name in "ab":
        reader.submit(FileToRead(b"nothing", name, **clock))
    parsed = reader.read(GOOD[0], "c", **clock)
    assert (parsed.file, parsed.error) == ("c", None)


def test_a_child_made_ready_ahead_knows_what_is_still_in_line(
    reader: FormReader, clock: dict[str, Any]
) -> None:
    files = [FileToRead(GOOD[0], str(n), **clock) for n in range(5)]
    asked = [reader.submit(file) for file in files[:3]]
    os.kill(pid(reader), signal.SIGKILL)
    eventually(lambda: not _runs(pid(reader)), "the end of the child")
    reader.warm_up()
    asked += [reader.submit(file) for file in files[3:]]
    assert [reader.result(one).file for one in asked] == [file.name for file in files]
    assert [reader.result(one).error for one in asked] == [None] * 5


def test_a_child_that_dies_while_it_is_given_the_line_shifts_no_answers(
    reader: FormReader, clock: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [FileToRead(GOOD[0], str(n), **clock) for n in range(5)]
    asked = [reader.submit(file) for file in files]
    os.kill(pid(reader), signal.SIGKILL)
    eventually(lambda: not _runs(pid(reader)), "the end of the child")
    whole, sent = Child.send, count(1)

    def deadly(child: Child, request: bytes) -> None:
        whole(child, request)
        if next(sent) == 3:  # its catalogue, the first of the line again, and the next
            child.wait_until_ready()
            os.kill(child.pid, signal.SIGKILL)
            eventually(lambda: not child.is_alive(), "the end of the child")

    monkeypatch.setattr(Child, "send", deadly)
    read = [reader.result(one) for one in asked]
    assert [file.file for file in read] == [file.name for file in files]
    assert len([file for file in read if file.error is not None]) <= 1, "only one saw two children die"


def test_a_file_that_waits_to_be_sent_while_its_sender_is_busy_is_not_too_slow(
    catalogue: Catalogue, clock: dict[str, Any]
) -> None:
    stream = BytesIO(GOOD[0])
    with ZipFile(stream, "a", ZIP_STORED) as archive:
        archive.writestr("docProps/more.bin", bytes(8 * 2**20))
    with FormReader(catalogue, Limits(seconds=3.0)) as reader:
        reader.read(GOOD[0], "a", **clock)
        os.kill(pid(reader), signal.SIGSTOP)
        asked = reader.submit(FileToRead(stream.getvalue(), "large", **clock))
        os.kill(pid(reader), signal.SIGCONT)
        time.sleep(4)  # busy elsewhere, for longer than a file may take
        assert reader.result(asked).error is None


LYING = """#!{python}
import sys
from parsers import child

sys.argv[1:] = sys.argv[4:]
answer, send = child._answer, child._send
done = 0

def lie(sink, document):
    global done
    if "ready" in document:
        return send(sink, document)
    done += 1
    if done == 2:
        {lie}
    send(sink, document)

child._send = lie
child.main()
"""


@pytest.mark.parametrize(
    "lie",
    [
        "send(sink, document)",
        "return",
        "document['number'] += 1",
        "sink.write(child.HEADER.pack(5) + b'[[[[[')",
        "sink.write(child.HEADER.pack(200_000) + b'[' * 100_000 + b']' * 100_000)",
        "sink.write(child.HEADER.pack(2**32 - 1))",
        "document = []",
        "document['parsed'] = {{'forms': [{{}}]}}",
    ],
    ids=["twice", "not at all", "another", "no JSON", "depths", "endless", "a list", "no form"],
)
def test_no_answer_of_a_child_that_lies_goes_to_another_file(
    catalogue: Catalogue, clock: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    liar = tmp_path / "liar"
    liar.write_text(LYING.format(python=sys.executable, lie=lie.format()), encoding="utf-8")
    liar.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(liar))
    files = [FileToRead(GOOD[0], str(n), **clock) for n in range(5)]
    with FormReader(catalogue, Limits(seconds=3.0)) as reader:
        read = read_all(reader, files)
    assert [file.file for file in read] == [file.name for file in files]


def test_a_reader_closed_meanwhile_blames_no_file(reader: FormReader, clock: dict[str, Any]) -> None:
    asked = reader.submit(FileToRead(GOOD[0], "a", **clock))
    reader.close()
    with pytest.raises(ReaderUnavailable):
        reader.result(asked)


def test_the_child_ends_when_its_parent_does(catalogue: Catalogue) -> None:
    script = (
        "import os, sys; from pathlib import Path; from parsers.reading_process import Child, Limits\n"
        "child = Child(sys.stdin.buffer.read(), Limits()); print(child.pid, flush=True); os._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=catalogue.model_dump_json(by_alias=True).encode(),
        capture_output=True,
        check=False,
    )
    orphan = int(done.stdout)
    eventually(lambda: not _runs(orphan), "the end of the child")


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as stat:  # noqa: PTH123 a kernel file, not a path of ours
            return stat.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_the_child_knows_none_of_the_daemons_secrets(reader: FormReader, ask: Ask) -> None:
    ask(GOOD[0])
    with open(f"/proc/{pid(reader)}/environ", "rb") as environment:  # noqa: PTH123 a kernel file, not a path of ours
        names = {entry.split(b"=")[0] for entry in environment.read().split(b"\0") if entry}
    assert names <= {b"PYTHONPATH", b"PATH", b"PYTHONUTF8", b"LC_CTYPE"}


def test_a_sheet_of_a_gigabyte_and_a_half_is_refused_unopened(ask: Ask) -> None:
    assert ask(sheet_bomb(1.5)).error == refusals.TOO_LARGE


def test_a_bomb_that_lies_about_its_size_is_stopped_by_the_limits(ask: Ask) -> None:
    bomb = bytearray(sheet_bomb(0.4))
    for marker, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = bomb.rindex(marker) + offset
        bomb[start : start + 4] = (50_000).to_bytes(4, "little")
    assert ask(bytes(bomb)).error is not None


def test_a_memory_blow_up_costs_one_file(ask: Ask) -> None:
    rows = "".join(
        f'<row r="{n * 1000}">{cell(f"A{n * 1000}", "x")}{cell(f"XFD{n * 1000}", "y")}</row>'
        for n in range(1, 1000)
    )
    assert ask(package(HEAD + rows + TAIL)).error is not None


def test_cells_at_both_ends_of_a_sheet_do_not_hide_the_form(ask: Ask) -> None:
    rows = [
        f'<row r="{n}">' + "".join(cell(f"{'AB'[i]}{n}", t) for i, t in enumerate(row)) + "</row>"
        for n, row in enumerate(ROWS, 1)
    ]
    far = f'<row r="1048576">{cell("XFD1048576", "stray")}</row>'
    parsed = ask(package(HEAD + "".join(rows) + far + TAIL))
    assert parsed.error is None
    (form,) = parsed.forms
    assert form.facts["customer_phone"] == "0912345678"
    assert [problem.key for problem in form.problems] == [""]  # that not all of the sheet was read


def test_sixty_thousand_parts_are_refused(ask: Ask) -> None:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        for number in range(60_000):
            archive.writestr(str(number), b"")
    assert ask(stream.getvalue()).error == refusals.TOO_MANY_PARTS


def test_a_document_type_definition_is_refused(ask: Ask) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + HEAD + TAIL
    assert ask(package(bomb)).error == refusals.UNSAFE_XML
    wide = bomb.replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16")
    assert ask(package(HEAD + TAIL, **{"xl/a.xml": wide})).error == refusals.UNSAFE_XML


def test_a_broken_part_hides_no_document_type_definition_behind_it(ask: Ask) -> None:
    harmful = package(HEAD + TAIL, **{"xl/a.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'})
    content = bytearray(harmful)
    packed = content.index(b"[Content_Types].xml") + len("[Content_Types].xml")
    content[packed : packed + 8] = b"\xff" * 8  # the first part of the file does not inflate
    assert ask(bytes(content)).error == refusals.UNSAFE_XML


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", refusals.EMPTY_FILE),
        (b"%PDF-1.7\n\0\1", refusals.NOT_A_WORKBOOK),
        (b"<html><p>x</p></html>", refusals.WEB_PAGE),
        ("客戶姓名".encode(), refusals.WEB_PAGE),
        ("客戶姓名,電話\n王,1\n".encode(), refusals.NO_FORM),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            refusals.PASSWORD,
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 8, refusals.DAMAGED),
        (b"PK\x03\x04 nothing more", refusals.DAMAGED),
    ],
)
def test_what_is_no_workbook_is_refused_by_its_reason(ask: Ask, content: bytes, reason: object) -> None:
    assert ask(content).error == reason


def test_a_word_document_is_refused_as_such(ask: Ask) -> None:
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert ask(stream.getvalue()).error == refusals.OTHER_DOCUMENT


def test_truncated_and_scrambled_workbooks_are_refused_or_read(ask: Ask) -> None:
    chance = random.Random(7)
    for length in range(0, len(GOOD[0]), 397):
        assert ask(GOOD[0][:length]).error is not None
    for _ in range(60):
        scrambled = bytearray(GOOD[0])
        for _ in range(5):
            scrambled[chance.randrange(len(scrambled))] = chance.randrange(256)
        parsed = ask(bytes(scrambled))
        assert parsed.error is not None or parsed.forms


def test_random_bytes_are_refused(ask: Ask) -> None:
    chance = random.Random(11)
    for prefix in (b"", b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        for _ in range(10):
            assert ask(prefix + chance.randbytes(4000)).error is not None


def test_a_wrong_dimension_hides_nothing(ask: Ask) -> None:
    rows = [
        f'<row r="{n}">' + "".join(cell(f"{'AB'[i]}{n}", t) for i, t in enumerate(row)) + "</row>"
        for n, row in enumerate(ROWS, 1)
    ]
    sheet = f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1"/><sheetData>' + "".join(rows) + TAIL
    assert ask(package(sheet)).forms[0].facts["description"] == "貴"


def test_an_xls_named_xlsx_is_read_by_its_bytes(ask: Ask, to_xls: Callable[[bytes], bytes]) -> None:
    assert ask(to_xls(GOOD[0]), "form.xlsx").forms[0].facts["customer_name"] == "王"


def test_a_child_that_cannot_start_is_not_the_files_fault(
    catalogue: Catalogue, clock: dict[str, Any]
) -> None:
    with FormReader(catalogue, Limits(start_seconds=0.0)) as reader, pytest.raises(ReaderUnavailable):
        reader.read(GOOD[0], "a", **clock)
