"""Encrypted mailboxes: the certificate is verified unless the authority is named, and IDLE works under TLS too."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.inbox import Inbox, MailboxUnavailable
from tests.guards import no_endless_wait
from tests.mailer.inbound.mails import PASSWORD, USER, mail, settings_for
from tests.servers.dovecot import PROGRAM, Dovecot

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-subj", "/CN=localhost", "-addext", names, "-days", "2"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


@pytest.fixture(scope="module")
def server(certificate: tuple[Path, Path]) -> Iterator[Dovecot]:
    with Dovecot({USER: PASSWORD}, certificate=certificate) as server:
        yield server


def port(server: Dovecot, security: str) -> int:
    return server.tls_port if security == "tls" else server.port


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused_for_good(server: Dovecot, security: str) -> None:
    inbox = Inbox(settings_for(server.host, port(server, security), security=security))
    with pytest.raises(MailboxUnavailable, match="certificate") as caught:
        inbox.connect()
    assert caught.value.permanent


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_is_read_and_awaited_under_tls(
    server: Dovecot, certificate: tuple[Path, Path], security: str
) -> None:
    settings = settings_for(server.host, port(server, security), security=security, ca_file=certificate[0])
    with Inbox(settings) as inbox:
        before = inbox.all_uids()
        threading.Timer(0.3, server.deliver, (USER, mail("x", size=100_000))).start()
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)
        (uid,) = inbox.uids_above(max(before, default=0))
        ((found,),) = inbox.fetch([uid])
        assert len(found.raw) > 100_000
        assert not inbox.wait(threading.Event(), 0.2)


def test_a_server_killed_while_idling_under_tls_is_unavailable(certificate: tuple[Path, Path]) -> None:
    with Dovecot({USER: PASSWORD}, certificate=certificate) as server:
        settings = settings_for(server.host, server.tls_port, security="tls", ca_file=certificate[0])
        with Inbox(settings) as inbox:
            inbox.all_uids()
            threading.Timer(0.3, server.kill).start()
            with pytest.raises(MailboxUnavailable):
                inbox.wait(threading.Event(), 300)


def test_a_plain_port_is_no_tls_port(server: Dovecot) -> None:
    inbox = Inbox(settings_for(server.host, server.port, security="tls", timeout=3.0))
    with pytest.raises(MailboxUnavailable) as caught:
        inbox.connect()
    assert not caught.value.permanent
