"""Writes v1.sql anew: `python -m tests.ledger.make_v1 > tests/ledger/v1.sql`. Only before the first release.

After it, v1.sql is what users have on their disks; a change that no longer reads it needs a migration, not a new file.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from daemon.ledger.sqlite import APPLICATION_ID
from tests.ledger.clerk import NINE, TWO_HOURS, Clerk, open_ledger, outgoing


def dump() -> str:
    """Return a small ledger as SQL."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kesu.db"
        _fill(path)
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join([f"PRAGMA application_id = {APPLICATION_ID};", *connection.iterdump(), ""])


def _fill(path: Path) -> None:
    clerk = Clerk(text="# the first release's rules, cut short: the ledger keeps a policy as text\n")
    with open_ledger(path) as ledger, ledger.writing() as entry:
        mail_id = entry.store_mail(
            "INBOX",
            1700,
            7,
            b"Subject: form\r\n\r\n",
            received_at=NINE,
            stored_at=NINE,
            message_id="<m1@example.com>",
            sender="care@example.com",
        )
        settled, _waiting = clerk.open_case(entry), clerk.open_case(entry)
        clerk.lapse(entry, settled, NINE + TWO_HOURS)
        clerk.resolve(entry, settled, NINE + 1.5 * TWO_HOURS)
        entry.queue(outgoing("acknowledgement:1", case_number=settled, event_seq=1, answers=mail_id))
        entry.attach(settled, "照片.jpg", "image/jpeg", b"\xff\xd8")
        entry.mark("workbook", "6")


if __name__ == "__main__":
    sys.stdout.write(dump())
