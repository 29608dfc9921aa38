"""Servers that Debian would install only in Dovecot's place: unpacked by `make servers`, run from there."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("KESU_IMAP_SERVERS", _ROOT / ".venv" / "imap-servers"))
WHY_NOT = "not unpacked (`make servers`)"


def program(path: str) -> Path | None:
    """An unpacked program by its path in the package; None where it is not there."""
    found = FOLDER / path
    return found if found.exists() else None


def environment(**more: str) -> dict[str, str]:
    """What such a program needs to find its libraries."""
    folders = [*FOLDER.glob("usr/lib/*-linux-gnu*"), *FOLDER.glob("lib/*-linux-gnu*"), FOLDER / "usr" / "lib"]
    return {"PATH": os.environ.get("PATH", ""), "LD_LIBRARY_PATH": ":".join(map(str, folders)), **more}
