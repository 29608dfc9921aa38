"""Files of strangers stay in their case's folder, and links of strangers lead the daemon nowhere (CWE-22, CWE-59)."""

import os
from pathlib import Path

import pytest

from daemon.attachments.filing import Filing
from sheets.files import replace_file
from tests.daemon.office import Office, complaint, mail

PNG = b"\x89PNG\r\n\x1a\n"
NAMES = [
    "../../../../etc/cron.d/evil",
    "..\\..\\Windows\\evil.exe",
    "/etc/passwd",
    "C:\\Windows\\System32\\drivers\\etc\\hosts",
    "\\\\server\\share\\evil.lnk",
    "CON",
    "con.png",
    "LPT1.txt",
    "...",
    ".bashrc",
    "evil.png. . .",
    "a" * 400 + ".png",
    "客" * 200 + ".png",
    "nul\x00.png",
    "line\nbreak.png",
    "\u202egnp.exe",
    "harmless.png:evil.exe",
    "~/.ssh/authorized_keys",
    "$(reboot).png",
    "-rf",
    "%2e%2e%2fevil.png",
    "desktop.ini",
    "report.xlsm",
]


def plant(target: Path, link: Path) -> None:
    """Put a link there as another account would."""
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    os.lchown(link, 4242, 4242)


planting = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can make links of another account's"
)


def test_no_name_of_a_stranger_leads_out_of_the_folder_of_its_case(office: Office) -> None:
    message = mail(files={"form.xlsx": complaint()})
    for number, name in enumerate(NAMES[:19]):
        message.add_attachment(PNG + bytes([number]), maintype="image", subtype="png", filename="X")
        part = list(message.iter_attachments())[-1]
        quoted = name.replace("\\", "\\\\").replace("\n", " ").replace("\x00", "")
        part.replace_header("Content-Disposition", "attachment")
        part.set_param("filename", quoted, header="Content-Disposition", charset="utf-8")
    office.receive(message)
    before = set(office.folder.parent.rglob("*"))
    assert Filing(office.docket, office.clock).round()
    (case,) = office.cases()
    folder = office.folder / "attachments" / case.number
    new = set(office.folder.parent.rglob("*")) - before - {folder, folder.parent}
    assert len(new) == 19
    assert {path.parent for path in new} == {folder}
    for path in new:
        assert path.name.isprintable()
        assert len(path.name.encode()) <= 210
        assert not path.name.lower().endswith((".exe", ".lnk", ".ini", ".xlsm"))
        assert not path.name.startswith(".")
        assert path.name == path.name.rstrip(". ")


def test_a_link_in_place_of_a_file_is_neither_followed_nor_written_through(
    office: Office, tmp_path: Path
) -> None:
    secret = tmp_path / "elsewhere.txt"
    secret.write_text("untouched", encoding="utf-8")
    office.receive(mail(files={"form.xlsx": complaint(), "a.png": PNG}))
    (case,) = office.cases()
    folder = office.folder / "attachments" / case.number
    folder.mkdir(parents=True)
    (folder / "a.png").symlink_to(secret)
    Filing(office.docket, office.clock).round()
    assert secret.read_text(encoding="utf-8") == "untouched"


@planting
@pytest.mark.parametrize("name", ["master.html", "master-live.xlsx", "master.xlsx"])
def test_a_planted_link_beside_the_workbook_costs_no_file_of_the_daemon(office: Office, name: str) -> None:
    """Whoever can write the share could otherwise have the ledger overwritten with the board."""
    office.opened()
    office.workbook.round()
    ledger = office.folder / "kesu.db"
    ledger_before, config = ledger.read_bytes()[:16], office.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    plant(config, office.folder / name)
    office.opened(customer_phone="0911-111-222")
    for _ in range(3):
        office.clock.forward(minutes=2)
        office.workbook.round()
    assert config.read_text(encoding="utf-8") == text
    assert ledger.read_bytes()[:16] == ledger_before


@planting
def test_a_link_of_another_account_is_refused_and_one_of_our_own_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    plant(target, link)
    with pytest.raises(OSError, match="somebody else's link"):
        replace_file(link, b"new")
    assert target.read_bytes() == b"old"
    os.lchown(link, os.geteuid(), -1)
    replace_file(link, b"new")
    assert target.read_bytes() == b"new"
    assert link.is_symlink()
