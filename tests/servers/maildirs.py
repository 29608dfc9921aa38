"""A server's store seen from below: mails put in and read as Maildir files, as a delivery agent would."""

import itertools
import os
from datetime import datetime
from pathlib import Path

from imap_tools.imap_utf7 import utf7_encode

_COUNTER = itertools.count(1)


def deliver(maildir: Path, raw: bytes, owner: tuple[int, int], received_at: datetime | None = None) -> None:
    """Put a mail into `maildir`/new by way of tmp, so that no reader ever sees half a file.

    `received_at` becomes the server's INTERNALDATE.
    """
    for name in ("", "cur", "new", "tmp"):
        _folder(maildir / name, owner)
    # Readers give out UIDs in the order of these names, so the order of delivery has to show in them.
    name = f"{next(_COUNTER):010d}.{os.getpid()}.tests"
    new = maildir / "tmp" / name
    new.write_bytes(raw)
    _give(new, owner)
    if received_at is not None:
        os.utime(new, (received_at.timestamp(), received_at.timestamp()))
    new.rename(maildir / "new" / name)


def contents(maildir: Path) -> list[bytes]:
    """The raw mails in `maildir`, in the order of delivery."""
    return [file.read_bytes() for file in _files(maildir)]


def flags(maildir: Path) -> list[str]:
    """The Maildir flags of each mail, e.g. `S` for seen, `T` for deleted; in the order of delivery."""
    return [file.name.partition(":2,")[2] for file in _files(maildir)]


def subfolder(maildir: Path, folder: str) -> Path:
    """Where Maildir++ keeps `folder`: INBOX is the maildir itself, any other stands beneath it with a dot."""
    if folder.upper() == "INBOX":
        return maildir
    return maildir / ("." + utf7_encode(folder).decode("ascii"))


def _files(maildir: Path) -> list[Path]:
    found = [
        file for part in ("cur", "new") if (maildir / part).is_dir() for file in (maildir / part).iterdir()
    ]
    return sorted(found, key=lambda file: file.name)


def _folder(path: Path, owner: tuple[int, int]) -> None:
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # the server may be making it too
        _give(path, owner)


def _give(path: Path, owner: tuple[int, int]) -> None:
    if os.getuid() == 0:
        os.chown(path, *owner)
