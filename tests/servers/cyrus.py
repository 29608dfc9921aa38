"""A real Cyrus IMAP on a loopback port. Started by root it runs as `nobody`: Cyrus refuses to be root.

Passwords are asked of a socket (saslauthd's protocol), which is answered here.
"""

import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from imap_tools.utils import encode_folder

from tests.servers import unpacked
from tests.servers.loopback import HOST, free_port, wait_for_greeting

_BIN = "usr/lib/cyrus/bin"
PROGRAM = unpacked.program(f"{_BIN}/master")
_FOLDERS = ("conf", "conf/socket", "spool")
_LETTERS = {rb"\Deleted": "T", rb"\Seen": "S", rb"\Flagged": "F"}

_IMAPD = """\
configdirectory: {root}/conf
defaultpartition: default
partition-default: {root}/spool
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {root}/auth/mux
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
virtdomains: userid
unixhierarchysep: no
altnamespace: no
autocreate_quota: 0
autocreate_post: yes
autocreate_users: anyone
cyrus_user: {owner}
idlesocket: {root}/idle
fulldirhash: no
"""
_SERVICES = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {root}/imapd.conf" listen="{host}:{port}" prefork=0 maxchild=100
}}
DAEMON {{
  idled cmd="{bin}/idled -C {root}/imapd.conf"
}}
"""


class Cyrus:
    """One server; enter it to start it. Everything lies in a temporary folder and is deleted on exit."""

    prefix = "INBOX."

    def __init__(self, users: Mapping[str, str]) -> None:
        self.host = HOST
        self.port = free_port()
        self.users = dict(users)
        self._root = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._passwords: socket.socket | None = None

    def __enter__(self) -> Self:
        self._root = Path(tempfile.mkdtemp(prefix="kesu-cyrus-"))
        self._root.chmod(0o755)
        self._prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if self._passwords is not None:
            with contextlib.suppress(OSError):
                self._passwords.shutdown(socket.SHUT_RDWR)
            self._passwords.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def start(self) -> None:
        """Start it on the mails that are there, and return once it greets."""
        command = [str(PROGRAM), "-C", self._file("imapd.conf"), "-M", self._file("cyrus.conf"), "-D"]
        command += ["-p", self._file("pid")]
        owner = _owner().pw_uid if os.getuid() == 0 else None
        group = _owner().pw_gid if os.getuid() == 0 else None
        self._process = subprocess.Popen(
            command,
            env=unpacked.environment(),
            start_new_session=True,
            user=owner,
            group=group,
            extra_groups=None,
        )
        wait_for_greeting(self.port)

    def kill(self) -> None:
        """Kill it with all its children, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            # The master leads a session of its own, so its group is the whole server and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """Kill it and start it again on the same port: mails, UIDs and UIDVALIDITY stay."""
        self.kill()
        self.start()

    def renumber(self, user: str) -> None:
        """Lose the mailbox, so that the next one has another UIDVALIDITY (a time in seconds)."""
        assert user in self.users
        time.sleep(1.1)
        for name in ("conf", "spool"):
            shutil.rmtree(self._root / name)
        for name in _FOLDERS:
            self._folder(name)

    def deliver(
        self, user: str, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None
    ) -> None:
        """Put a mail into a folder."""
        with self._client(user) as client:
            date = imaplib.Time2Internaldate(received_at) if received_at is not None else ""
            status, answer = client.append(_name(folder), "", date, raw)
            assert status == "OK", answer

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails in a folder, in the order of delivery; empty when there is no such folder."""
        with self._client(user) as client:
            if client.select(_name(folder), readonly=True)[0] != "OK":
                return []
            return [item[1] for item in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(item, tuple)]

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The flags of each mail in Maildir letters."""
        with self._client(user) as client:
            client.select(_name(folder), readonly=True)
            lines = [line for line in client.fetch("1:*", "(FLAGS)")[1] if isinstance(line, bytes)]
        return ["".join(letter for flag, letter in _LETTERS.items() if flag in line) for line in lines]

    @contextlib.contextmanager
    def _client(self, user: str) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4(self.host, self.port, timeout=10)
        try:
            client.login(user, self.users[user])
            yield client
        finally:
            client.logout()

    def _prepare(self) -> None:
        words = {
            "root": self._root,
            "owner": _owner().pw_name,
            "bin": unpacked.FOLDER / _BIN,
            "host": self.host,
            "port": self.port,
        }
        (self._root / "imapd.conf").write_text(_IMAPD.format(**words), encoding="utf-8")
        (self._root / "cyrus.conf").write_text(_SERVICES.format(**words), encoding="utf-8")
        for name in (*_FOLDERS, "auth"):
            self._folder(name)
        if os.getuid() == 0:
            os.chown(self._root, _owner().pw_uid, _owner().pw_gid)
        self._passwords = _listen(self._root / "auth" / "mux", self.users)

    def _folder(self, name: str) -> None:
        folder = self._root / name
        folder.mkdir()
        if os.getuid() == 0:
            os.chown(folder, _owner().pw_uid, _owner().pw_gid)

    def _file(self, name: str) -> str:
        return str(self._root / name)


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _name(folder: str) -> str:

    inside = folder if folder.upper().startswith("INBOX") else f"INBOX.{folder}"
    return encode_folder(inside).decode()


def _listen(path: Path, users: Mapping[str, str]) -> socket.socket:
    """Answer what saslauthd is asked: four counted strings (user, password, service, realm), "OK" or "NO" back."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o777)
    listener.listen(20)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as asked:
                    user, password, _, realm = (_counted(asked.read) for _ in range(4))
                    known = users.get(f"{user}@{realm}" if realm and "@" not in user else user)
                    answer = b"OK" if known == password else b"NO"
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def _counted(read: Callable[[int], bytes]) -> str:
    (length,) = struct.unpack("!H", read(2))
    return read(length).decode("utf-8", "replace")
