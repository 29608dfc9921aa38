"""An IMAP server that does what no real server does on demand: drops, lies, and answers in an odd order.

    server = ScriptedImap({"UID FETCH": lambda call: b'* 1 FETCH (...)\\r\\n' + call.ok()})
    with server: ...

What the script does not name is answered as a plain, empty mailbox would.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from tests.guards import PATIENCE
from tests.servers.loopback import HOST

DROP = b"\0drop"  # as the end of an answer: cut the connection there


@dataclass(frozen=True, slots=True)
class Call:
    """One command a client sent. `arguments` is the rest of its line, as it came."""

    tag: str
    name: str  # e.g. "SELECT", "UID FETCH"
    arguments: str
    before: tuple[str, ...]  # the names of the commands that came before it on this connection

    def ok(self, text: str = "done") -> bytes:
        """The tagged OK."""
        return f"{self.tag} OK {text}\r\n".encode()

    def no(self, text: str) -> bytes:
        """The tagged NO."""
        return f"{self.tag} NO {text}\r\n".encode()

    def bad(self, text: str) -> bytes:
        """The tagged BAD."""
        return f"{self.tag} BAD {text}\r\n".encode()


Answer = Callable[[Call], bytes]


def _select(call: Call) -> bytes:
    return b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n" + call.ok("[READ-WRITE] selected")


def _login_out(call: Call) -> bytes:
    return b"* BYE\r\n" + call.ok() + DROP


def body(sequence: int, uid: int, raw: bytes) -> bytes:
    """A well-made FETCH answer with a mail."""
    head = (
        f'* {sequence} FETCH (UID {uid} INTERNALDATE "22-Nov-2026 09:00:00 +0800" BODY[] {{{len(raw)}}}\r\n'
    )
    return head.encode() + raw + b")\r\n"


class ScriptedImap:
    """One server on loopback; every connection follows the same script.

    `calls` are all commands it got, `answered` the names of those whose answer it has sent.

    `greeting` is said instead of the usual one (DROP ends it there); with `tls` it is said under TLS.
    """

    def __init__(
        self,
        script: Mapping[str, Answer],
        *,
        capabilities: str = "",
        after_login: str | None = None,
        greeting: bytes | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = HOST
        self.calls: list[Call] = []
        self.answered: list[str] = []
        self._before_login = capabilities
        self._greeting = greeting or f"* OK [CAPABILITY IMAP4rev1 {capabilities}] ready\r\n".encode()
        self._tls = tls
        self._after_login = capabilities if after_login is None else after_login
        self._script: dict[str, Answer] = {
            "CAPABILITY": self._capability,
            "SELECT": _select,
            "LOGOUT": _login_out,
            "LIST": lambda call: b'* LIST () "/" there\r\n' + call.ok(),
            **script,
        }
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for open_socket in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def names(self) -> list[str]:
        """The names of all commands it got, in their order."""
        return [call.name for call in self.calls]

    def push(self, line: bytes) -> None:
        """Say something unasked on every connection."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.sendall(line)

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                self._spawn(lambda connection=connection: self._talk(connection))

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                connection.sendall(self._greeting.removesuffix(DROP))
                if not self._greeting.endswith(DROP):
                    self._converse(connection, lines)

    def _converse(self, connection: socket.socket, lines: BinaryIO) -> None:
        before: tuple[str, ...] = ()
        while line := lines.readline():  # an empty line is an answer too, in AUTHENTICATE
            call = _read_call(line.decode().rstrip("\r\n"), before)
            self.calls.append(call)
            answer = self._script.get(call.name, Call.ok)(call)
            before = (*before, call.name)
            connection.sendall(answer.removesuffix(DROP))
            self.answered.append(call.name)
            if answer.endswith(DROP):
                return

    def _capability(self, call: Call) -> bytes:
        inside = {"LOGIN", "AUTHENTICATE"} & set(call.before)
        known = self._after_login if inside else self._before_login
        return f"* CAPABILITY IMAP4rev1 {known}\r\n".encode() + call.ok()


def _read_call(line: str, before: tuple[str, ...]) -> Call:
    if line.upper() == "DONE":  # ends IDLE; it has no tag of its own
        return Call(tag="", name="DONE", arguments="", before=before)
    tag, _, rest = line.partition(" ")
    name, _, arguments = rest.partition(" ")
    if name.upper() == "UID":
        verb, _, arguments = arguments.partition(" ")
        name = f"UID {verb}"
    return Call(tag=tag, name=name.upper(), arguments=arguments, before=before)
