"""335 odd mails from the tests of other mail projects: each ends in files, in words, or in a named reason."""

import csv
import email
import os
from email import policy
from pathlib import Path

import pytest

from mailer.message import Message, read_message
from mailer.message_names import file_name
from tests.guards import no_endless_work

CORPUS = Path(os.environ.get("KESU_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "mails"
INDEX = CORPUS / "INDEX.tsv"
KINDS: dict[str, set[str]] = {}
if INDEX.is_file():
    with INDEX.open(encoding="utf-8", newline="") as rows:
        KINDS = {row["file"]: set(row["kind"].split(",")) for row in csv.DictReader(rows, delimiter="\t")}

pytestmark = pytest.mark.skipif(not KINDS, reason="the corpus of mails is not here (KESU_CORPUS)")

# Where Python's own reader finds another name than this one does, and why.
OTHERWISE_NAMED = {
    "This": "the name has spaces and no quotes; Python stops at the first",
    "01 Quien Te Dij\ufffdat. Pitbull.mp3": "said to be ISO-2022-JP, which it is not; Python replaces the character",
    "earrings.jpg": "the first third of a mail in three (message/partial), which is kept as it is",
    "REQUEST FOR QUOTE.zip": "opened",
    "ФНС_РФ558.zip": "opened",
    "google.com!yyy.cz!1423872000!1423958399.zip": "opened",
    "winmail.dat": "opened; it holds a calendar entry and no file",
    "☆第132号\u3000「ガーデン&エクステリア」専門店のためのＱ&Ａサロン\u3000【月刊エクステリア・ワーク】": (
        "its wide spaces become plain ones"
    ),
}


def read(name: str) -> Message:
    return read_message((CORPUS / name).read_bytes())


def outcome(message: Message) -> str:
    """How a mail ends, as the one who looks it up would be told."""
    if any(file.unopened for file in message.attachments):
        return "unopened: " + ", ".join(reason for file in message.attachments for _, reason in file.unopened)
    if message.attachments:
        return "files"
    return "words only" if message.text.strip() else "; ".join(message.defects)


@pytest.mark.parametrize("name", KINDS)
def test_every_mail_ends_in_files_or_a_named_reason_in_no_time(name: str) -> None:
    with no_endless_work():
        message = read(name)
    assert outcome(message)
    assert not any(defect.startswith("unreadable") for defect in message.defects), message.defects
    for text in (
        message.subject,
        message.text,
        message.sender.name,
        *(file.name for file in message.attachments),
    ):
        text.encode()


def test_the_whole_corpus_is_there_and_ends_as_it_should() -> None:
    ends = {name: outcome(read(name)) for name in KINDS}
    assert len(ends) == 335
    assert sum(end == "files" for end in ends.values()) >= 130
    assert {end for end in ends.values() if end.startswith("unopened")} == {
        "unopened: other-kind",
        "unopened: damaged",
    }
    nothing = [
        name
        for name, end in ends.items()
        if end.startswith(("nothing", "multipart without its boundary", "no sender"))
    ]
    assert len(nothing) <= 15, nothing  # fixtures of other projects that are a header and no more


@pytest.mark.parametrize("name", KINDS)
def test_every_name_that_pythons_own_reader_finds_is_found_or_differs_for_a_reason(name: str) -> None:
    ours = {file.name for file in read(name).attachments}
    for part in email.message_from_bytes((CORPUS / name).read_bytes(), policy=policy.default).walk():
        given = None if part.is_multipart() else part.get_filename()
        if given and given not in OTHERWISE_NAMED:
            assert file_name(given, "", b"", 1) in ours


def test_every_difference_to_pythons_own_reader_is_still_one() -> None:
    found = set()
    for name in KINDS:
        ours = {file.name for file in read(name).attachments}
        parts = email.message_from_bytes((CORPUS / name).read_bytes(), policy=policy.default).walk()
        theirs = {part.get_filename() for part in parts if not part.is_multipart()}
        found |= {given for given in theirs if given and file_name(given, "", b"", 1) not in ours}
    assert found == set(OTHERWISE_NAMED)


@pytest.mark.parametrize("name", [name for name, kinds in KINDS.items() if "spreadsheet-attach" in kinds])
def test_mails_with_spreadsheets_yield_them(name: str) -> None:
    if name.startswith("mail-parser__dfe090f1"):
        assert read(name).attachments == ()  # it only says that it carries one
        return
    names = [file.name.lower() for file in read(name).attachments]
    if name.startswith("mail-parser__fd35520f"):
        assert names  # pictures of a newsletter; a stylesheet is what was taken for a sheet
        return
    assert any(each.endswith((".xls", ".xlsx")) for each in names)


@pytest.mark.parametrize("name", [name for name, kinds in KINDS.items() if "rfc2231-name" in kinds])
def test_long_names_leave_no_marks_of_their_encoding(name: str) -> None:
    for file in read(name).attachments:
        assert "%" not in file.name
        assert "=?" not in file.name
        assert "''" not in file.name
        assert "*" not in file.name


@pytest.mark.parametrize(
    "name",
    [name for name, kinds in KINDS.items() if kinds & {"zh:gb2312", "cs:ks_c_5601", "cs:iso-2022-jp"}],
)
def test_mails_of_the_east_are_read_without_losses(name: str) -> None:
    message = read(name)
    said = message.subject + message.text + "".join(file.name for file in message.attachments)
    assert "\ufffd" not in said
    assert any(ord(letter) > 0x2E80 for letter in said) or "cs:iso-2022-jp" in KINDS[name]


@pytest.mark.parametrize(
    ("start", "sender", "names"),
    [
        ("php-imap__d83a4c02", "support@part-kom.ru", ["Price4VladDaKar.xlsx"]),
        ("php-imap__b08c6a0a", "", ["Prostřeno_2014_poslední volné termíny.xls"]),
        ("php-imap__05e2f753", "demo@cerstor.cz", ["file.jpg", "file1.xlsx", "file2.xlsx", "file3.xlsx", "file4.zip"]),
        ("imap_tools__f9305418", "foo@example.com", ["ciële.txt"]),
        ("imap_tools__a670fe38", "lpeters@PACIFIER.COM", ["PGP_Cmts_on_12-14-01_Pkg.doc"]),
        ("mail__bda335f6", "raasdnil@gmail.com", ["てすと.txt"]),
        ("mail__dfff9055", "xxx@xxx.xxx", []),
        ("mail__affb07f3", "bb@bug.com", []),
        ("mail-parser__87625abf", "do-not-reply@ncs.gov.ng", ["REQUEST FOR QUOTE.zip › REQUEST FOR QUOTE.exe"]),
        ("php-imap__3606b633", "xxx@yyy.cz", [
            "google.com!yyy.cz!1423872000!1423958399.zip › google.com!sunfox.cz!1423872000!1423958399.xml"
        ]),
    ],
)  # fmt: skip
def test_what_other_projects_expect_of_their_mails_holds(start: str, sender: str, names: list[str]) -> None:
    (name,) = [each for each in KINDS if each.startswith(start)]
    message = read(name)
    assert message.sender.email == sender
    assert [file.name for file in message.attachments] == names
