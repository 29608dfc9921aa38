"""The peer: the script somebody writes in an afternoon with imap-tools and openpyxl.

It reads the same cells, whose places it knows, and inserts them with a commit per message under the same durability
(write-ahead log, synchronous FULL). It keeps no raw mail, moves nothing, grades nothing and answers nobody.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path

from imap_tools import MailBoxUnencrypted
from openpyxl import load_workbook

_BATCH = 50  # faster than its default of one message per command


def take_in(port: int, user: str, password: str, ledger: Path, cells: Mapping[str, str]) -> int:
    """Read every mail in the INBOX and store what its form says; return how many forms were stored."""
    with (
        closing(_opened(ledger)) as database,
        MailBoxUnencrypted("127.0.0.1", port).login(user, password) as box,
    ):
        for message in box.fetch(mark_seen=False, bulk=_BATCH):
            for attachment in message.attachments:
                values = _read(attachment.payload, cells)
                with database:
                    database.execute(
                        "INSERT INTO complaints VALUES (?, ?, ?)", (message.uid, message.from_, repr(values))
                    )
        (count,) = database.execute("SELECT count(*) FROM complaints").fetchone()
    return int(count)


def _opened(ledger: Path) -> sqlite3.Connection:
    database = sqlite3.connect(ledger)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE complaints (uid TEXT PRIMARY KEY, sender TEXT, facts TEXT)")
    return database


def _read(content: bytes, cells: Mapping[str, str]) -> dict[str, object]:
    sheet = load_workbook(BytesIO(content), data_only=True).worksheets[0]
    return {key: sheet[cell].value for key, cell in cells.items()}
