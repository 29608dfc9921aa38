"""The demo's mail world on loopback: pymap as the shared mailbox's IMAP server, aiosmtpd as everybody's SMTP server."""

import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pysasl.hashing import BuiltinHash

HOST = "127.0.0.1"
# From Python 3.13 on asyncio holds a connection's task only weakly, and pymap not at all: a garbage collection would
# cut the connection. The server lives too briefly for its garbage to matter.
_PYMAP = "import gc; gc.disable(); from pymap.main import main; main()"


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class EmbeddedImap:
    """An IMAP server with one mailbox in a folder of ours."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._user = user
        self._password = password
        self._counter = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return once it greets; TimeoutError if it never does."""
        for name in ("cur", "new", "tmp"):
            (self._inbox / name).mkdir(parents=True, exist_ok=True)
        hashed = BuiltinHash(rounds=1000).hash(self._password)
        (self._folder / "pymap-etc-passwd").write_text(f"{self._user}:x::::{self._user}:\n", encoding="utf-8")
        (self._folder / "pymap-etc-shadow").write_text(f"{self._user}:{hashed}:::::::\n", encoding="utf-8")
        listen = ["--host", HOST, "--port", str(self.port), "--no-tls"]
        services = ["--no-service", "admin", "--no-service", "managesieve"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter
                [sys.executable, "-c", _PYMAP, *listen, *services, "maildir", str(self._folder)], stderr=log
            )
        self._wait_for_greeting()

    def deliver(self, raw: bytes) -> None:
        """Put a message into the mailbox as a delivery agent does: whole, then renamed."""
        name = f"{next(self._counter):010d}.{os.getpid()}.demo"
        draft = self._inbox / "tmp" / name
        draft.write_bytes(raw)
        draft.rename(self._inbox / "new" / name)

    def stop(self) -> None:
        """Stop the server."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def _inbox(self) -> Path:
        return self._folder / self._user

    def _wait_for_greeting(self, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with socket.create_connection((HOST, self.port), timeout=1) as connection:
                    if connection.recv(1):
                        return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError("the demo's IMAP server does not answer")


class PostOffice:
    """An SMTP server: mail to the shared mailbox is delivered there, all other mail lies open for the demo to read."""

    def __init__(self, mailbox: str, deliver: Callable[[bytes], None], copies: Path) -> None:
        self._mailbox = mailbox
        self._deliver = deliver
        self._copies = copies
        self._lock = threading.Lock()
        self._received: list[EmailMessage] = []
        self.port = free_port()
        self._controller = Controller(self, hostname=HOST, port=self.port, data_size_limit=50 * 2**20)

    def start(self) -> None:
        """Start listening."""
        self._copies.mkdir(parents=True, exist_ok=True)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop(no_assert=True)

    def received(self) -> list[EmailMessage]:
        """Return the mails to people so far, in order."""
        with self._lock:
            return list(self._received)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Take a message (RFC 5321)."""
        raw = envelope.original_content or b""
        if self._mailbox in envelope.rcpt_tos:
            self._deliver(raw)
            return "250 delivered to the shared mailbox"
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
        with self._lock:
            self._received.append(message)
            self._keep(len(self._received), message, raw)
        return "250 delivered"

    def _keep(self, number: int, message: EmailMessage, raw: bytes) -> None:
        """Write a mail as .eml and its HTML beside it."""
        to = str(message["To"]).rpartition("<")[2].partition("@")[0]
        stem = f"{number:03}-{message.get('X-Kesu-Template', 'mail')}-{to}"
        (self._copies / f"{stem}.eml").write_bytes(raw)
        html = message.get_body(("html",))
        if html is not None:
            (self._copies / f"{stem}.html").write_text(str(html.get_content()), encoding="utf-8")
