"""Replacing a file whole or not at all, and not under the hands of somebody who has it open."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

UNKNOWN_HOLDER = "?"
_OWNER_FILE_LIMIT = 4096


class WorkbookBusy(Exception):
    """Somebody has the file open; `holder` is his name as the office program wrote it, `?` if it wrote none."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"open by {holder}")
        self.holder = holder


class WorkbookChanged(Exception):
    """The file is not the one that was read any more; `path` is its name."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed since it was read")
        self.path = path


@dataclass(frozen=True)
class Fingerprint:
    """What tells one state of a file from another without reading it."""

    size: int
    mtime_ns: int
    inode: int


def fingerprint(path: Path) -> Fingerprint | None:
    """Return the file's fingerprint, None if there is no such file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_ino)


def write_if_unchanged(path: Path, content: bytes, expected: Fingerprint | None) -> Fingerprint:
    """Replace the file if nobody has it open and it is still as `expected`; return its new fingerprint.

    WorkbookBusy or WorkbookChanged otherwise, the file untouched. `expected` None: there must be no file yet.
    """

    def check() -> None:
        if (holder := lock_holder(path)) is not None:
            raise WorkbookBusy(holder)
        if fingerprint(path) != expected:
            raise WorkbookChanged(path)

    check()
    replace_file(
        path, content, check
    )  # on a share it takes a while, in which somebody may open or save the file
    written = fingerprint(path)
    if written is None:
        raise WorkbookChanged(path)
    return written


def replace_file(path: Path, content: bytes, check: Callable[[], None] = lambda: None) -> None:
    """Put `content` in the file's place in one step, keeping its mode; a crash leaves the old file whole.

    `check` is called right before that step; what it raises leaves the old file too. WorkbookBusy where the system
    forbids it because the file is open (Windows, network shares); OSError where a link of somebody else stands there.
    """
    _refuse_planted(path)
    target = path.resolve()  # a link stays a link: what it points to is replaced
    draft = _draft_of(target)
    draft.unlink(missing_ok=True)  # left over from a crash
    try:
        _write_draft(draft, content, _mode_of(target))
        check()
        try:
            draft.replace(target)
        except PermissionError:
            raise WorkbookBusy(lock_holder(target) or UNKNOWN_HOLDER) from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _refuse_planted(path: Path) -> None:
    """Refuse a link that somebody else put there: he would choose which file of ours is overwritten (CWE-59)."""
    if os.name == "posix" and path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, "somebody else's link stands in its place", str(path))


def remove_leftover(path: Path) -> bool:
    """Remove what a crash in the middle of `replace_file` left beside the file; tell whether there was something."""
    draft = _draft_of(path.resolve())
    found = draft.exists()
    draft.unlink(missing_ok=True)
    return found


def _draft_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.kesu-draft")


def _mode_of(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return None


def _write_draft(draft: Path, content: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(draft, flags, 0o666), "wb") as stream:
        if mode is not None:
            draft.chmod(mode)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last; Windows cannot open folders and does not need it."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def lock_holder(path: Path) -> str | None:
    """Return who has the workbook open, by the lock files of Excel, WPS and LibreOffice; None if nobody has."""
    excel = path.with_name(f"~${path.name}")
    libre = path.with_name(f".~lock.{path.name}#")
    for lock, name_in in ((excel, _name_in_owner_file), (libre, _name_in_lock_file)):
        try:
            with lock.open("rb") as stream:
                return name_in(stream.read(_OWNER_FILE_LIMIT)) or UNKNOWN_HOLDER
        except FileNotFoundError:
            continue
        except PermissionError:
            return UNKNOWN_HOLDER
    return None


def _name_in_owner_file(raw: bytes) -> str:
    """Read Excel's owner file: the name in the local code page in 54 bytes, then its length and the name in UTF-16."""
    if len(raw) > 57 and raw[55]:
        name = raw[57 : 57 + 2 * raw[55]].decode("utf-16-le", errors="replace")
        return name.rstrip("\x00 ").strip()
    return raw[1 : 1 + raw[0]].decode("ascii", errors="replace").strip() if raw else ""


def _name_in_lock_file(raw: bytes) -> str:
    """Read LibreOffice's lock file: name, login, host, time, profile, with commas between."""
    fields = [field.strip() for field in raw.decode("utf-8", errors="replace").split(",")]
    return next((field for field in fields[:3] if field), "")
