"""Every encrypted connection proves whom it talks to, and nothing in the configuration can keep it from asking."""

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Literal, get_args

import pytest

from daemon.accounts import Security
from daemon.config import Config
from mailer.inbox import Inbox, MailboxUnavailable
from mailer.smtp import Postman, SmtpSettings, TransportError
from tests.guards import PATIENCE
from tests.servers.loopback import HOST
from tests.servers.mailbox import settings_for

Way = Literal["imap tls", "imap starttls", "smtp tls", "smtp starttls"]
WAYS = get_args(Way)
OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that the system trusts, and that is another host's."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=mail.elsewhere.example", "-addext", "subjectAltName=DNS:mail.elsewhere.example",
         "-days", "2", "-out", chain, "-keyout", key],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return chain, key


@pytest.fixture(autouse=True)
def trusted(elsewhere: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere[0]))


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """Every context that is made from now on."""
    made: list[ssl.SSLContext] = []
    make = ssl.create_default_context

    def remember(*given: object, **named: object) -> ssl.SSLContext:
        context = make(*given, **named)  # type: ignore[arg-type]
        made.append(context)
        return context

    monkeypatch.setattr(ssl, "create_default_context", remember)
    return made


class Server:
    """A server that greets, offers STARTTLS, shakes hands as `context` does, and writes down what it hears after."""

    def __init__(self, way: Way, context: ssl.SSLContext) -> None:
        self.protocol, self.security = way.split()
        self._context = context
        self.heard = b""
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        plain, _ = self._listener.accept()
        plain.settimeout(PATIENCE)
        with plain:
            try:
                if self.security == "starttls":
                    self._offer(plain)
                with self._context.wrap_socket(plain, server_side=True) as talk:
                    self._greet(talk)
                    while chunk := talk.recv(1000):
                        self.heard += chunk
                        talk.sendall(b"421 no\r\n" if self.protocol == "smtp" else b"* BYE no\r\n")
            except OSError:
                return

    def _greet(self, to: socket.socket) -> None:
        if self.security == "tls":
            to.sendall(b"220 ready\r\n" if self.protocol == "smtp" else b"* OK ready\r\n")

    def _offer(self, plain: socket.socket) -> None:
        if self.protocol == "smtp":
            plain.sendall(b"220 ready\r\n")
            plain.recv(1000)
            plain.sendall(b"250-here\r\n250 STARTTLS\r\n")
            plain.recv(1000)
            plain.sendall(b"220 go on\r\n")
            return
        plain.sendall(b"* OK ready\r\n")
        while line := plain.recv(1000):
            tag, _, command = line.partition(b" ")
            if command.upper().startswith(b"STARTTLS"):
                plain.sendall(tag + b" OK go on\r\n")
                return
            plain.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")


def connect(way: Way, port: int) -> None:
    protocol, security = way.split()
    if protocol == "smtp":
        Postman(
            SmtpSettings(HOST, port, security, "care", "secret-password", timeout=60)  # type: ignore[arg-type]
        ).connect()
        return
    settings = settings_for(HOST, port, security=security, password="secret-password")
    Inbox(settings).connect()


def server_context(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


@pytest.mark.parametrize("way", WAYS)
def test_a_trusted_certificate_of_another_host_is_refused_before_the_password(
    way: Way, elsewhere: tuple[Path, Path], contexts: list[ssl.SSLContext]
) -> None:
    chain, key = elsewhere
    with Server(way, server_context(chain, key)) as server:
        contexts.clear()
        with pytest.raises((MailboxUnavailable, TransportError), match=r"(?i)certificate"):
            connect(way, server.port)
    assert server.heard == b""
    assert contexts
    for context in contexts:
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("way", WAYS)
def test_an_old_protocol_is_refused_before_the_password(way: Way, elsewhere: tuple[Path, Path]) -> None:
    chain, key = elsewhere
    old = server_context(chain, key)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with Server(way, old) as server, pytest.raises((MailboxUnavailable, TransportError)):
        connect(way, server.port)
    assert server.heard == b""


def test_no_key_of_the_configuration_turns_verification_off() -> None:
    assert set(get_args(Security)) == {"tls", "starttls", "plain"}
    keys = [
        key
        for section in Config.model_fields.values()
        for key in getattr(section.annotation, "model_fields", ())
    ]
    assert len(keys) > 30
    assert not [
        key for key in keys if any(word in key for word in ("verify", "insecure", "check", "trust", "skip"))
    ]
