"""Replacing the workbook: whole or not at all, and never while somebody has it open."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sheets.files import (
    UNKNOWN_HOLDER,
    WorkbookBusy,
    WorkbookChanged,
    fingerprint,
    lock_holder,
    remove_leftover,
    replace_file,
    write_if_unchanged,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "總表.xlsx"
    target.write_bytes(b"old")
    return target


def owner_file(name: str) -> bytes:
    """Write the lock file that Excel puts beside an open workbook."""
    ansi = name.encode("gbk")
    wide = (name.encode("utf-16-le") + b" \x00" * 54)[:108]
    return bytes([len(ansi)]) + ansi.ljust(54, b" ") + len(name).to_bytes(2, "little") + wide


def test_a_file_is_replaced_and_nothing_is_left_beside_it(path: Path) -> None:
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_is_written(tmp_path: Path) -> None:
    replace_file(tmp_path / "new.xlsx", b"new")
    assert (tmp_path / "new.xlsx").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_mode_is_kept(path: Path) -> None:
    path.chmod(0o640)
    replace_file(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.xlsx"
    link.symlink_to(path)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_leftover_of_a_crash_is_in_nobodys_way_and_goes(path: Path) -> None:
    (path.parent / f".{path.name}.kesu-draft").write_bytes(b"half")
    replace_file(path, b"new")
    assert list(path.parent.iterdir()) == [path]
    (path.parent / f".{path.name}.kesu-draft").write_bytes(b"half")
    assert remove_leftover(path)
    assert not remove_leftover(path)
    assert path.read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_file_and_no_draft(path: Path) -> None:
    with pytest.raises(TypeError):
        replace_file(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_process_killed_at_any_moment_leaves_a_whole_file(path: Path) -> None:
    """A child replaces the file over and over until it is killed; what is found is one of its whole versions."""
    size = 400_000
    program = (
        "import sys\nfrom pathlib import Path\nfrom sheets.files import replace_file\n"
        "n = 0\nwhile True:\n    n = (n + 1) % 200\n"
        f"    replace_file(Path(sys.argv[1]), bytes([n]) * {size})\n"
        "    print(n, flush=True)\n"
    )
    path.write_bytes(bytes([255]) * size)
    for delay in (0.0, 0.003, 0.01, 0.02, 0.035):
        child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        child.kill()
        child.wait()
        child.stdout.close()
        content = path.read_bytes()
        assert len(content) == size
        assert len(set(content)) == 1
    remove_leftover(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_crash_before_the_last_step_leaves_the_old_file_and_a_draft_that_the_next_write_removes(
    path: Path,
) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom sheets.files import replace_file\n"
        "Path.replace = os.replace = os.rename = lambda *_: os._exit(9)\n"
        "replace_file(Path(sys.argv[1]), b'new')\n"
    )
    crashed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert crashed.returncode == 9
    assert path.read_bytes() == b"old"
    assert len(list(path.parent.iterdir())) == 2
    replace_file(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert list(path.parent.iterdir()) == [path]


def test_nobody_holds_a_file_without_lock_files(path: Path) -> None:
    assert lock_holder(path) is None


@pytest.mark.parametrize("name", ["Wang", "王小明", "陳 美玲 (總經理)"])
def test_excels_lock_file_names_its_user(path: Path, name: str) -> None:
    path.with_name(f"~${path.name}").write_bytes(owner_file(name))
    assert lock_holder(path) == name


@pytest.mark.parametrize(
    ("content", "holder"),
    [
        (",boss,PC7,21.11.2026 09:00,file:///home/boss;", "boss"),
        ("王 總,boss,PC7,21.11.2026 09:00,file:///x;", "王 總"),
        ("", UNKNOWN_HOLDER),
    ],
)
def test_libreoffices_lock_file_names_its_user(path: Path, content: str, holder: str) -> None:
    path.with_name(f".~lock.{path.name}#").write_text(content, encoding="utf-8")
    assert lock_holder(path) == holder


def test_an_open_workbook_is_not_replaced(path: Path) -> None:
    before = fingerprint(path)
    path.with_name(f"~${path.name}").write_bytes(owner_file("王小明"))
    with pytest.raises(WorkbookBusy) as busy:
        write_if_unchanged(path, b"new", before)
    assert busy.value.holder == "王小明"
    assert path.read_bytes() == b"old"


def test_a_workbook_changed_since_it_was_read_is_not_replaced(path: Path) -> None:
    before = fingerprint(path)
    path.write_bytes(b"saved by a manager")
    with pytest.raises(WorkbookChanged):
        write_if_unchanged(path, b"new", before)
    assert path.read_bytes() == b"saved by a manager"


def test_a_save_of_the_same_size_at_the_same_time_is_seen_by_its_inode(path: Path) -> None:
    before = fingerprint(path)
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"OLD")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    with pytest.raises(WorkbookChanged):
        write_if_unchanged(path, b"new", before)


def test_an_unchanged_workbook_is_replaced_and_its_new_state_returned(path: Path) -> None:
    after = write_if_unchanged(path, b"newer", fingerprint(path))
    assert path.read_bytes() == b"newer"
    assert after == fingerprint(path)


def test_a_workbook_that_should_not_exist_yet_is_not_overwritten(path: Path) -> None:
    with pytest.raises(WorkbookChanged):
        write_if_unchanged(path, b"new", None)
    path.unlink()
    assert fingerprint(path) is None
    write_if_unchanged(path, b"new", None)
    assert path.read_bytes() == b"new"


def while_written(monkeypatch: pytest.MonkeyPatch, happening: Callable[[], object]) -> None:
    """Let something happen after the draft was written and before it takes the file's place."""
    real = os.fsync

    def slow(descriptor: int) -> None:
        real(descriptor)
        happening()

    monkeypatch.setattr(os, "fsync", slow)


def test_what_is_saved_while_the_new_file_is_written_is_not_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(path)
    while_written(monkeypatch, lambda: path.write_bytes(b"saved by a manager"))
    with pytest.raises(WorkbookChanged):
        write_if_unchanged(path, b"new", before)
    assert path.read_bytes() == b"saved by a manager"
    assert list(path.parent.iterdir()) == [path]


def test_a_workbook_opened_while_the_new_file_is_written_is_not_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(path)
    while_written(monkeypatch, lambda: path.with_name(f"~${path.name}").write_bytes(owner_file("王小明")))
    with pytest.raises(WorkbookBusy) as busy:
        write_if_unchanged(path, b"new", before)
    assert busy.value.holder == "王小明"
    assert path.read_bytes() == b"old"
