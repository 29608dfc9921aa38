"""pymap, the IMAP server the demo embeds, in a process of its own with its Maildir back end.

with Pymap({"complaints@example.com": "secret"}) as server:
    server.deliver("complaints@example.com", raw)
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pysasl.hashing import BuiltinHash

from tests.servers import maildirs
from tests.servers.loopback import HOST, free_port, wait_for_greeting

# From Python 3.13 on asyncio holds a connection's task only weakly, and pymap not at all: a garbage collection would
# cut the connection. The server lives too briefly for its garbage to matter.
_PROGRAM = "import gc; gc.disable(); from pymap.main import main; main()"


class Pymap:
    """One server; enter it to start it. It knows the same words as `Dovecot`."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self.host = HOST
        self.port = free_port()
        self.users = dict(users)
        self._root = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._root = Path(tempfile.mkdtemp(prefix="kesu-pymap-"))
        self._write_users()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._root, ignore_errors=True)

    def start(self) -> None:
        """Start it on the mails that are there, and return once it greets (about a second)."""
        command = [sys.executable, "-c", _PROGRAM, "--host", HOST, "--port", str(self.port), "--no-tls"]
        services = ["--no-service", "admin", "--no-service", "managesieve"]
        store = ["maildir", str(self._root)]
        self._process = subprocess.Popen(
            [*command, *services, *store], stderr=(self._root / "log").open("ab")
        )
        try:
            wait_for_greeting(self.port)
        except TimeoutError as late:
            self.kill()
            raise TimeoutError(f"pymap did not start: {self.log()}") from late

    def kill(self) -> None:
        """Kill it; connections are cut without a word."""
        # Taken first: a test may kill it in one thread and start it anew in another as soon as it is gone.
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Kill it and start it again on the same port: mails, UIDs and UIDVALIDITY stay."""
        self.kill()
        self.start()

    def deliver(
        self, user: str, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None
    ) -> None:
        """Put a mail into a folder, as a delivery agent would. `received_at` becomes its INTERNALDATE."""
        maildirs.deliver(self.maildir(user, folder), raw, (os.getuid(), os.getgid()), received_at)

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails in a folder, in the order of delivery; empty when there is no such folder."""
        return maildirs.contents(self.maildir(user, folder))

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The flags of each mail in Maildir letters: `S` seen, `T` deleted, `F` flagged."""
        return maildirs.flags(self.maildir(user, folder))

    def maildir(self, user: str, folder: str = "INBOX") -> Path:
        """Where a folder's mails lie."""
        inbox = self._root / user
        return inbox if folder.upper() == "INBOX" else inbox / f".{folder}"  # in plain UTF-8, unlike Dovecot

    def renumber(self, user: str) -> None:
        """Forget all UIDs of the INBOX, as a restored backup does: at the next restart UIDVALIDITY is another."""
        (self.maildir(user) / "dovecot-uidlist").unlink()

    def log(self) -> str:
        """What the server has logged so far."""
        return (self._root / "log").read_text(encoding="utf-8")

    def _write_users(self) -> None:
        # pymap stores only hashes; few rounds, because a test logs in often and guards nothing.
        hashed = {user: BuiltinHash(rounds=10).hash(password) for user, password in self.users.items()}
        people = "".join(f"{user}:x::::{user}:\n" for user in hashed)
        secrets = "".join(f"{user}:{digest}:::::::\n" for user, digest in hashed.items())
        (self._root / "pymap-etc-passwd").write_text(people, encoding="utf-8")
        (self._root / "pymap-etc-shadow").write_text(secrets, encoding="utf-8")
