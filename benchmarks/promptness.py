"""How soon one form has its effect while the daemon runs: its acknowledgement accepted, its row in the workbook.

The daemon is a process of its own, as `kesu run` starts it, with a real Dovecot and an SMTP server that notes when it
accepted what. A bare client idles on the same mailbox: what the server itself takes until it announces the mail is
measured beside it and taken off, mail by mail.
"""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email import message_from_bytes
from functools import partial
from imaplib import IMAP4
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from benchmarks import backlog
from benchmarks.figures import Figure, Skipped, percentile
from benchmarks.household import MAILBOX, PASSWORD, furnish
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import RecordingSmtp

_LOOK = 0.02  # seconds between two looks at the workbook
_LONGEST = 30.0
_PAUSE = 1.0  # between two mails: a colleague every second is a busy office


class _Noticing:
    """A bare client in IDLE that notes when the server announced each mail."""

    def __init__(self, port: int) -> None:
        self.announced: list[float] = []
        self._client = IMAP4("127.0.0.1", port)
        self._client.login(MAILBOX, PASSWORD)
        self._client.select("INBOX", readonly=True)
        self._client.send(b"x1 IDLE\r\n")
        self._client.readline()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        with suppress(OSError, ValueError, IMAP4.error):
            while line := self._client.readline():
                if b"EXISTS" in line:
                    self.announced.append(time.perf_counter())

    def close(self) -> None:
        self._client.sock.shutdown(socket.SHUT_RDWR)  # the thread reads from it, and holds the reader's lock
        self._listening.join()
        self._client.shutdown()


def measure(mails: int) -> list[Figure]:
    """Send `mails` forms one by one; Skipped without Dovecot."""
    if dovecot.PROGRAM is None:
        raise Skipped("dovecot is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="kesu-bench-") as folder,
        Dovecot({MAILBOX: PASSWORD}) as imap,
        RecordingSmtp() as smtp,
    ):
        furnish(Path(folder), imap_port=imap.port, smtp_port=smtp.port)
        with _daemon(Path(folder)):
            return _figures(list(_measured(Path(folder), imap, smtp, mails)))


@contextmanager
def _daemon(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "daemon", "run", "--config", str(folder / "config.toml")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _measured(folder: Path, imap: Dovecot, smtp: RecordingSmtp, mails: int) -> Iterator[tuple[float, float]]:
    """Yield, mail by mail, the seconds from the server's announcement to the acknowledgement and to the row."""
    raws = list(backlog.messages(mails + 1))
    for number, raw in enumerate(raws):
        listener = _Noticing(imap.port)
        start = time.perf_counter()
        imap.deliver(MAILBOX, raw)
        answered = _when(partial(_is_answered, smtp, number))
        written = _when(partial(_stands_in, folder / "master.xlsx", f"客戶{number:05}"))
        listener.close()
        told = listener.announced[0] if listener.announced else start
        if number:  # the first one finds everything cold: the workbook is drawn for it
            yield max(answered - told, 0.0), max(written - told, 0.0)
        time.sleep(_PAUSE)


def _when(holds: Callable[[], bool]) -> float:
    end = time.perf_counter() + _LONGEST
    while not holds():
        if time.perf_counter() > end:
            raise RuntimeError("a form had no effect for half a minute")
        time.sleep(_LOOK)
    return time.perf_counter()


def _is_answered(smtp: RecordingSmtp, number: int) -> bool:
    wanted = f"<backlog.{number}@example.com>"
    return any(wanted in (message_from_bytes(mail.content)["In-Reply-To"] or "") for mail in smtp.mails[-20:])


def _stands_in(path: Path, text: str) -> bool:
    """Tell whether a text stands in a workbook as it lies there at this moment."""
    try:
        with ZipFile(path) as archive:
            parts = (archive.read(name) for name in archive.namelist() if name.endswith(".xml"))
            return any(text.encode() in part for part in parts)
    except (OSError, BadZipFile):
        return False


def _figures(seconds: Sequence[tuple[float, float]]) -> list[Figure]:
    answered, written = zip(*seconds, strict=True)
    note = f"{len(seconds)} forms; beyond the server's own announcement"
    return [
        Figure("acknowledgement accepted by SMTP, p50", percentile(answered, 0.5), "s", note),
        Figure("acknowledgement accepted by SMTP, p95", percentile(answered, 0.95), "s"),
        Figure("row in the workbook, p50", percentile(written, 0.5), "s"),
        Figure("row in the workbook, p95", percentile(written, 0.95), "s"),
        Figure("both, p95", percentile(map(max, answered, written), 0.95), "s"),
    ]
