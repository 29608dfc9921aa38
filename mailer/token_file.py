"""Where a refresh token stands between two runs: a file of its owner's alone, replaced whole, under a lock.

A refresh token may change with every use (RFC 6749, 6), so whoever uses it holds the lock from reading the old one to
having stored the new one: the daemon and a `kesu doctor` beside it do not overwrite each other.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mailer.oauth import TokenUnavailable

_LONGEST_WAIT = 90.0  # seconds; another process asks the provider meanwhile
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class TokenFile:
    """One file; read and write it inside `locked` only. Every method raises TokenUnavailable."""

    def __init__(self, path: Path, *, wait: float = _LONGEST_WAIT) -> None:
        self.path = path
        self._wait = wait

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from the file; the system lets go however this one ends."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{self.path}.lock", timeout=self._wait, mode=0o600)
            lock.acquire()
            self._give_to_owner(Path(lock.lock_file))
        except Timeout:
            raise TokenUnavailable(f"{self.path} is being used by another process", permanent=False) from None
        except OSError as error:
            raise TokenUnavailable(f"{self.path} cannot be locked: {error}", permanent=True) from error
        try:
            yield
        finally:
            lock.release()

    def read(self) -> str | None:
        """Return what was stored, None if nothing was."""
        try:
            with self.path.open(encoding="utf-8") as file:
                if open_to_others(os.fstat(file.fileno()).st_mode):
                    raise TokenUnavailable(
                        f"{self.path} is open to others",
                        permanent=True,
                        advice="chmod 600 it; if somebody may have read it, sign in anew with `kesu mailbox login` "
                        "after ending the account's sessions",
                    )
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnavailable(f"{self.path} cannot be read: {error}", permanent=True) from error

    def write(self, text: str) -> None:
        """Store `text` in the old one's place in one step; once this returns it survives a power cut."""
        try:
            draft = self._draft(text)
            self._give_to_owner(draft)
            draft.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise TokenUnavailable(f"{self.path} cannot be written: {error}", permanent=True) from error

    def prove_writable(self, text: str) -> None:
        """Find out whether something like `text` could be stored, before it is too late to ask."""
        try:
            self._draft(text).unlink()
        except OSError as error:
            raise TokenUnavailable(f"{self.path} cannot be written: {error}", permanent=True) from error

    def _draft(self, text: str) -> Path:
        draft = self.path.with_name(f"{self.path.name}.new")  # nobody else's: the lock is ours
        draft.unlink(missing_ok=True)  # left over from a crash
        _write_private(draft, text.encode())
        return draft

    def _give_to_owner(self, path: Path) -> None:
        """Root, who runs a command now and then, leaves nothing behind that the daemon's user cannot open."""
        if os.name == "posix" and os.geteuid() == 0:
            owner = (self.path if self.path.exists() else self.path.parent).stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def open_to_others(mode: int) -> bool:
    """Tell whether a file of this mode can be read or written by anybody but its owner; Windows has no such modes."""
    return os.name == "posix" and bool(mode & _OTHERS)


def _write_private(path: Path, content: bytes) -> None:
    # Made with its mode, not given it afterwards: there is no moment in which others could open it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
