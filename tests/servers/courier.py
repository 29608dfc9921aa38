"""A real Courier IMAP on a loopback port, for anybody: no root, no authdaemon.

Its `imapd` serves the connection from the login on. What Courier leaves to `imaplogin` and a machine-wide daemon,
the greeting and the password, is done here; then `imapd` takes the connection over, with a second greeting
(PREAUTH) that a client hears as something said unasked. Its IDLE is Gamin's work.
"""

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import maildirs, unpacked
from tests.servers.loopback import HOST, free_port

_GAMIN = Path("/usr/libexec/gam_server")  # found at this path alone
PROGRAM = unpacked.program("usr/bin/imapd") if _GAMIN.exists() else None
WHY_NOT = f"{unpacked.WHY_NOT}, or gamin is not installed"
_BEFORE_LOGIN = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE IDLE"


class Courier:
    """One server; enter it to start it. Everything lies in a temporary folder and is deleted on exit."""

    prefix = "INBOX."

    def __init__(self, users: Mapping[str, str]) -> None:
        self.host = HOST
        self.port = free_port()
        self.users = dict(users)
        self._root = Path()
        self._listener: socket.socket | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._root = Path(tempfile.mkdtemp(prefix="kesu-courier-"))
        for user in self.users:
            for part in ("cur", "new", "tmp"):
                (self.maildir(user) / part).mkdir(parents=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._root, ignore_errors=True)

    def start(self) -> None:
        """Listen; a server process is started for each login."""
        self._listener = socket.create_server((self.host, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def kill(self) -> None:
        """End every server process and every connection without a word."""
        # Taken first: a test may kill it in one thread and start it anew in another as soon as it is gone.
        listener, self._listener = self._listener, None
        children, self._children = self._children, []
        connections, self._open = self._open, []
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for child in children:
            child.kill()
            child.wait()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def restart(self) -> None:
        """Kill it and start it again on the same port: mails, UIDs and UIDVALIDITY stay."""
        self.kill()
        self.start()

    def maildir(self, user: str, folder: str = "INBOX") -> Path:
        """Where a folder's mails lie; all folders are the inbox' children, their names in UTF-8."""
        inbox = self._root / user / "Maildir"
        return inbox if folder.upper() == "INBOX" else inbox / f".{folder.removeprefix('INBOX.')}"

    def deliver(
        self, user: str, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None
    ) -> None:
        """Put a mail into a folder, as a delivery agent would. `received_at` becomes its INTERNALDATE."""
        stored = raw.replace(
            b"\r\n", b"\n"
        )  # as a delivery agent writes it; Courier adds a CR to every line's end
        maildirs.deliver(self.maildir(user, folder), stored, (os.getuid(), os.getgid()), received_at)

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails in a folder, in the order of delivery; empty when there is no such folder."""
        return maildirs.contents(self.maildir(user, folder))

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The flags of each mail in Maildir letters."""
        return maildirs.flags(self.maildir(user, folder))

    def renumber(self, user: str) -> None:
        """Forget all UIDs of the INBOX, as a restored backup does; UIDVALIDITY is a time in seconds."""
        time.sleep(1.1)
        for file in self.maildir(user).glob("courierimapuiddb*"):
            file.unlink()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._log_in, args=(connection,), daemon=True).start()

    def _log_in(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection.makefile("rb") as lines:
            connection.sendall(f"* OK [CAPABILITY {_BEFORE_LOGIN}] Courier-IMAP ready.\r\n".encode())
            while line := lines.readline().decode("utf-8", "replace").strip():
                tag, name, *arguments = shlex.split(line)
                if name.upper() == "LOGIN" and self.users.get(arguments[0]) == arguments[1]:
                    self._serve(connection, arguments[0], tag)
                    return
                connection.sendall(_answer(tag, name.upper()).encode())

    def _serve(self, connection: socket.socket, user: str, tag: str) -> None:
        connection.sendall(f"{tag} OK LOGIN Ok.\r\n".encode())
        environment = unpacked.environment(
            AUTHENTICATED=user,
            IMAP_CAPABILITY=_BEFORE_LOGIN,
            IMAP_ENHANCEDIDLE="1",
            IMAP_USELOCKS="0",
        )
        command = [str(PROGRAM), str(self.maildir(user))]
        self._children.append(
            subprocess.Popen(
                command,
                stdin=connection,
                stdout=connection,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=self._root,
            )
        )
        with contextlib.suppress(ValueError):  # killed meanwhile
            self._open.remove(connection)
        connection.close()


def _answer(tag: str, name: str) -> str:
    """What `imaplogin` says to anything but a good login."""
    if name == "CAPABILITY":
        return f"* CAPABILITY {_BEFORE_LOGIN}\r\n{tag} OK CAPABILITY completed\r\n"
    if name in ("LOGIN", "AUTHENTICATE"):
        return f"{tag} NO Login failed.\r\n"
    return f"{tag} OK {name} completed\r\n"
