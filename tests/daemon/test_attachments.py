"""Files that come with mails: kept with their case within bounds, written out beside the workbook, sent on by mail."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.attachments.filing import LOOK_AGAIN, Filing
from daemon.attachments.names import BLOCKED, LONGEST_BYTES, file_names, safe_name
from daemon.attachments.sending import is_what_it_says
from daemon.site import load_site
from tests.daemon.office import (
    AFTER_SALES,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    mail,
)

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"
MEGABYTE = 10**6


def with_files(**files: bytes) -> dict[str, bytes]:
    """A form and files beside it; `__` in a name stands for its dot."""
    return {"form.xlsx": complaint(), **{name.replace("__", "."): content for name, content in files.items()}}


def limited(office: Office, **limits: object) -> None:
    """Configure [attachments]."""
    path = office.folder / "config.toml"
    lines = "\n".join(f"{key} = {value!r}".replace("'", '"') for key, value in limits.items())
    path.write_text(path.read_text(encoding="utf-8") + f"\n[attachments]\n{lines}\n", encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)


def assignment(posted: list[Posted]) -> Posted:
    return next(one for one in posted if one.template == "assignment" and one.to == SERVICE_MANAGER)


def filing(office: Office) -> Filing:
    return Filing(office.docket, office.clock)


def folder(office: Office) -> Path:
    return office.folder / "attachments" / office.case().number


# ---------------------------------------------------------------- what is kept


def test_a_form_is_not_kept_a_second_time_as_a_file(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    assert [file.name for file in office.ledger.attachments(office.case().number)] == ["door.png"]


def test_more_than_a_mail_may_bring_stays_in_the_mail_and_is_said(office: Office) -> None:
    limited(office, per_mail=2)
    stored = office.receive(mail(files=with_files(a__png=PNG + b"a", b__png=PNG + b"b", c__png=PNG + b"c")))
    files = office.ledger.attachments(office.case().number)
    assert [(file.name, file.over) for file in files] == [("a.png", False), ("b.png", False), ("c.png", True)]
    assert files[2].sha256 == stored.sha256
    assert PNG[:4] not in office.ledger.raw(files[2].sha256)[:100]
    text = assignment(office.post()).text
    assert "c.png：1 KB，超過保存上限，只留在原始郵件中" in text


def test_a_case_takes_no_more_than_it_may_hold_however_many_mails_come(office: Office) -> None:
    limited(office, per_case=3)
    office.receive(mail(files=with_files(a__png=PNG + b"a", b__png=PNG + b"b")))
    (answer,) = [one for one in office.post() if one.to == STAFF]
    for number in range(3):
        files = {f"later-{number}.png": PNG + bytes([number])}
        office.receive(mail(text="補照片", files=files, answers=answer))
    kept = [file.name for file in office.ledger.attachments(office.case().number) if not file.over]
    assert kept == ["a.png", "b.png", "later-0.png"]


def test_a_large_file_is_left_out_and_a_small_one_after_it_kept(office: Office) -> None:
    limited(office, per_mail_megabytes=1)
    office.receive(mail(files=with_files(film__png=PNG + bytes(2 * MEGABYTE), photo__png=PNG)))
    files = {file.name: file.over for file in office.ledger.attachments(office.case().number)}
    assert files == {"film.png": True, "photo.png": False}


def test_a_file_is_known_from_the_event_on_that_it_came_with(office: Office) -> None:
    office.receive(mail(files=with_files(a__png=PNG + b"a")))
    number = office.case().number
    opened = office.ledger.last_seq()
    (answer,) = [one for one in office.post() if one.to == STAFF]
    office.receive(mail(text="補照片", files={"b.png": PNG + b"b"}, answers=answer))
    assert [file.name for file in office.ledger.attachments(number, as_of=opened)] == ["a.png"]
    assert [file.name for file in office.ledger.attachments(number)] == ["a.png", "b.png"]
    office.clock.forward(hours=3)
    office.lapses.run_due()
    escalation = next(one for one in office.post() if one.to == AFTER_SALES)
    assert {"a.png", "b.png"} <= set(escalation.enclosures)


# ---------------------------------------------------------------- what goes out by mail


def test_pictures_and_pdfs_go_with_the_assignment_up_to_the_limit_the_biggest_are_named(
    office: Office,
) -> None:
    limited(office, mail_megabytes=1)
    invoice, film = PDF + bytes(500_000), PNG + bytes(600_000)
    office.receive(mail(files=with_files(film__png=film, invoice__pdf=invoice, note__png=PNG)))
    posted = assignment(office.post())
    assert set(posted.enclosures) == {"客戶抱怨回覆單.xlsx", "invoice.pdf", "note.png"}
    assert posted.enclosures["invoice.pdf"] == invoice
    assert "film.png：600 KB，請見案件資料夾" in posted.text
    assert "invoice.pdf：500 KB，附於本信" in posted.text
    assert f"總表旁的 attachments/{office.case().number}" in posted.text


def test_a_program_that_calls_itself_a_picture_is_not_sent_on(office: Office) -> None:
    office.receive(mail(files=with_files(holiday__png=b"MZ\x90\x00 this is a program")))
    posted = assignment(office.post())
    assert "holiday.png" not in posted.enclosures
    assert "holiday.png：1 KB，請見案件資料夾" in posted.text


def test_mails_link_to_the_folder_where_its_address_is_configured(office: Office) -> None:
    limited(office, link_base="file://server/share/附件/")
    office.receive(mail(files=with_files(a__png=PNG)))
    posted = assignment(office.post())
    link = f"file://server/share/附件/{office.case().number}"
    html = posted.message.get_body(("html",))
    assert link in posted.text
    assert html is not None
    assert f'href="{link}"' in str(html.get_content())


@pytest.mark.parametrize("link", ["javascript:alert(1)", "server/share", "file://server/a<b", "file://a b"])
def test_a_link_that_is_no_address_stops_the_start(office: Office, link: str) -> None:
    with pytest.raises(Exception, match=r"attachments\.link_base"):
        limited(office, link_base=link)


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.JPEG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "image/heic"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        ("a.pdf", b"%PDF-1.4", "application/pdf"),
        ("a.pdf", b"\xff\xd8\xff\xe0", ""),
        ("a.exe", b"%PDF-1.4", ""),
        ("a.html", b"<html>", ""),
        ("a.png", b"", ""),
    ],
)
def test_a_file_is_sent_only_if_its_name_and_its_bytes_agree(name: str, content: bytes, wanted: str) -> None:
    assert is_what_it_says(name, content) == wanted


# ---------------------------------------------------------------- what is written out


def test_files_are_written_out_once_to_a_folder_of_their_case(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    keeper = filing(office)
    assert keeper.round()
    written = folder(office) / "door.png"
    assert written.read_bytes() == PNG
    assert not written.stat().st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    before = written.stat().st_mtime_ns
    assert keeper.round()
    assert filing(office).round()  # after a restart too
    assert written.stat().st_mtime_ns == before
    assert [path.name for path in folder(office).iterdir()] == ["door.png"]


def test_a_file_that_came_later_is_written_beside_the_others(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    keeper = filing(office)
    keeper.round()
    (answer,) = [one for one in office.post() if one.to == STAFF]
    office.receive(mail(text="補照片", files={"door.png": PNG + b"2"}, answers=answer))
    assert keeper.round()
    assert sorted(path.name for path in folder(office).iterdir()) == ["door (2).png", "door.png"]
    assert (folder(office) / "door (2).png").read_bytes() == PNG + b"2"


def test_a_file_that_was_taken_away_comes_back_and_what_people_put_there_stays(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    keeper = filing(office)
    keeper.round()
    (folder(office) / "door.png").unlink()
    (folder(office) / "我的筆記.txt").write_text("x", encoding="utf-8")
    keeper.round()
    assert not (folder(office) / "door.png").exists()
    office.clock.forward(seconds=LOOK_AGAIN.total_seconds())
    assert keeper.round()
    assert sorted(path.name for path in folder(office).iterdir()) == ["door.png", "我的筆記.txt"]


def test_a_share_that_is_away_delays_the_files_and_loses_none(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    blocked = office.folder / "attachments"
    blocked.write_text("a file stands where the folder should be", encoding="utf-8")
    keeper = filing(office)
    assert not keeper.round()
    blocked.unlink()
    assert keeper.round()
    assert (folder(office) / "door.png").read_bytes() == PNG


def test_a_crash_in_the_middle_of_writing_leaves_no_half_of_a_file(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    folder(office).mkdir(parents=True)
    (folder(office) / ".kesu-partial-abc").write_bytes(PNG[:3])
    assert filing(office).round()
    assert [path.name for path in folder(office).iterdir()] == ["door.png"]


@pytest.mark.skipif(os.name == "nt", reason="making links needs rights on Windows")
def test_a_link_in_place_of_a_cases_folder_is_not_followed(office: Office) -> None:
    office.receive(mail(files=with_files(door__png=PNG)))
    elsewhere = office.folder / "elsewhere"
    elsewhere.mkdir()
    folder(office).parent.mkdir()
    folder(office).symlink_to(elsewhere)
    assert not filing(office).round()
    assert list(elsewhere.iterdir()) == []


# ---------------------------------------------------------------- safe names


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("車門 刮傷.jpg", "車門 刮傷.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("C:\\Windows\\notepad.exe", f"C__Windows_notepad.exe{BLOCKED}"),
        ("photo.exe:stream.jpg", "photo.exe_stream.jpg"),
        ("photo\u202egpj.exe", f"photogpj.exe{BLOCKED}"),
        ("setup.exe ", f"setup.exe{BLOCKED}"),
        ("setup.exe.", f"setup.exe{BLOCKED}"),
        ("setup.e\u200bxe", f"setup.exe{BLOCKED}"),
        ("setup.ｅｘｅ", f"setup.ｅｘｅ{BLOCKED}"),
        ("Invoice.PDF.LNK", f"Invoice.PDF.LNK{BLOCKED}"),
        (
            "folder.{645FF040-5081-101B-9F08-00AA002F954E}",
            f"folder.{{645FF040-5081-101B-9F08-00AA002F954E}}{BLOCKED}",
        ),
        ("desktop.ini", f"desktop.ini{BLOCKED}"),
        ("page.html", f"page.html{BLOCKED}"),
        ("drawing.svg", f"drawing.svg{BLOCKED}"),
        ("CON", "_CON"),
        ("con.jpg", "_con.jpg"),
        ("com¹.txt", "_com¹.txt"),
        ("", "file"),
        ("...", "file"),
        (".htaccess", "htaccess"),
        ("line\nbreak\x00.jpg", "line break .jpg"),
        ("e\u0301.jpg", "é.jpg"),
    ],
)
def test_a_name_becomes_one_file_that_nothing_runs(name: str, wanted: str) -> None:
    assert safe_name(name) == wanted


def test_a_long_name_keeps_its_ending() -> None:
    safe = safe_name("長" * 300 + ".jpeg")
    assert safe.endswith(".jpeg")
    assert len(safe.encode()) <= LONGEST_BYTES


@given(
    st.lists(
        st.text(max_size=40) | st.sampled_from(["a.jpg", "A.JPG", "a.exe", "NUL", "..", "a/b"]), max_size=8
    )
)
def test_any_names_become_different_files_of_one_folder(names: list[str]) -> None:
    safe = file_names(names)
    assert len({name.casefold() for name in safe}) == len(names)
    for name in safe:
        assert Path(name).name == name
        assert "\\" not in name
        assert name not in (".", "..")
        assert len(name.encode()) <= 255


@given(st.lists(st.text(max_size=20), max_size=6), st.text(max_size=20))
def test_a_further_file_changes_no_name_given_before(names: list[str], another: str) -> None:
    assert file_names([*names, another])[:-1] == file_names(names)
