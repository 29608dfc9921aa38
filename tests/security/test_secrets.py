"""No secret leaves the place it was read from: not into a log, the ledger, a mail, or what a command prints."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception

import pytest

from daemon import packs
from mailer.echoes import unechoed
from mailer.inbox import Inbox, MailboxUnavailable
from mailer.smtp import Postman, SmtpSettings, TransportError
from parsers.reader import FormReader
from tests.daemon.office import MAILBOX, Office, complaint, mail, write_config
from tests.guards import PATIENCE
from tests.servers.loopback import HOST
from tests.servers.mailbox import settings_for
from tests.servers.scripted_imap import ScriptedImap
from tests.servers.smtp import RecordingSmtp

IMAP, SMTP, ALARM = "Imap-Kanarie-4711", 'Smtp-"Kanarie"-0815', "Alarm-Kanarie-2342"
CANARIES = (IMAP, SMTP, ALARM)


def spellings(secret: str, user: str = MAILBOX) -> list[bytes]:
    """How a secret may stand somewhere: as it is, quoted, in UTF-16, and as logins encode it."""
    plain = f"\0{user}\0{secret}".encode()
    coded = [b64encode(secret.encode()), b64encode(plain), b64encode(user.encode() + plain)]
    quoted = secret.replace('"', '\\"').encode()
    return [secret.encode(), quoted, secret.encode("utf-16-le"), *coded]


def leaks(where: str, content: bytes) -> list[str]:
    return [f"{secret} in {where}" for secret in CANARIES if any(one in content for one in spellings(secret))]


ECHO_SMTP = " ".join(one.decode() for one in spellings(SMTP) if b"\0" not in one)
ECHO_IMAP = " ".join(one.decode() for one in spellings(IMAP) if b"\0" not in one)


class Site:
    """A site whose every secret is a canary, and what a process of it says and leaves behind."""

    def __init__(self, folder: Path, imap: int, smtp: int) -> None:
        self.folder = folder
        path = write_config(folder, imap=imap, smtp=smtp)
        text = path.read_text(encoding="utf-8").replace(
            "[workbook]", f'username = "{MAILBOX}"\npassword_file = "smtp.secret"\n\n[workbook]', 1
        )
        path.write_text(f'{text}\n[alarms]\nurls_file = "alarm.secret"\n', encoding="utf-8")
        for name, secret in (("smtp", SMTP), ("alarm", f"json://user:{ALARM}@127.0.0.1:9/{ALARM}")):
            (folder / f"{name}.secret").write_text(secret, encoding="utf-8")

    def kesu(self, *arguments: str) -> bytes:
        """Run one command and return everything it printed."""
        command = [sys.executable, "-m", "daemon", *arguments, "--config", str(self.folder / "config.toml")]
        environment = {**os.environ, "KESU_IMAP_PASSWORD": IMAP}
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE)
        return ended.stdout + ended.stderr

    def left(self) -> Iterator[tuple[str, bytes]]:
        """Every file beside the secrets' own."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path.suffix != ".secret":
                yield path.name, path.read_bytes()


def test_servers_that_repeat_every_password_bring_none_into_logs_ledger_mails_or_output(
    tmp_path: Path, office: Office
) -> None:
    imap = ScriptedImap({"LOGIN": lambda call: call.no(f"[AUTHENTICATIONFAILED] {ECHO_IMAP} is wrong")})
    with imap, RecordingSmtp() as smtp:
        smtp.misbehave("AUTH", f"535 5.7.8 {ECHO_SMTP} is wrong", times=99)
        site = Site(tmp_path, imap.port, smtp.port)
        waiting = office.put_in(mail(files={"form.xlsx": complaint()}))
        office.intake.take_waiting()
        assert waiting
        office.ledger.close()
        said = {
            "run -v": site.kesu("run", "--once", "-v", "--copies", str(tmp_path / "copies")),
            "doctor": site.kesu("doctor"),
            "doctor --json": site.kesu("doctor", "--json"),
            "case --json": site.kesu("case", "KS-20261123-001", "--json"),
            "people --json": site.kesu("people", "--json"),
        }
        assert b"is wrong" in said["run -v"], "the servers' words are told"
        assert b"[password]" in said["run -v"]
        assert b"is wrong" in said["doctor"]
    assert not [leak for where, text in said.items() for leak in leaks(where, text)]
    files = list(site.left())
    assert "kesu.db" in dict(files)
    assert not [leak for name, content in files for leak in leaks(name, content)]


def test_nor_do_servers_that_let_us_in(tmp_path: Path, office: Office) -> None:
    with ScriptedImap({}) as imap, RecordingSmtp(login=(MAILBOX, SMTP)) as smtp:
        site = Site(tmp_path, imap.port, smtp.port)
        # The command goes by the real date: its mails are due, whatever that is.
        office.clock.forward(weeks=-1)
        office.put_in(mail(files={"form.xlsx": complaint()}))
        office.intake.take_waiting()
        office.ledger.close()
        said = site.kesu("run", "--once", "-v", "--copies", str(tmp_path / "copies"))
        said += site.kesu("doctor", "--json")
        sent = b"".join(one.content for one in smtp.mails)
    assert smtp.mails
    assert not leaks("output", said) + leaks("mails", sent)
    assert not [leak for name, content in site.left() for leak in leaks(name, content)]


def test_a_refused_imap_login_names_no_password_in_any_coding_nor_in_its_causes() -> None:
    script = {"LOGIN": lambda call: call.no(f"{ECHO_IMAP} {call.arguments} is wrong")}
    with ScriptedImap(script) as server:
        settings = settings_for(HOST, server.port, username=MAILBOX, password=IMAP)
        with pytest.raises(MailboxUnavailable, match="is wrong") as refused:
            Inbox(settings).connect()
    assert not leaks("trace", "".join(format_exception(refused.value)).encode())
    assert IMAP not in refused.value.reason
    assert IMAP not in repr(settings)


def test_a_refused_smtp_login_names_no_password_in_any_coding_nor_in_its_causes() -> None:
    with RecordingSmtp() as server:
        server.misbehave("AUTH", f"535 5.7.8 {ECHO_SMTP} is wrong", times=9)
        settings = SmtpSettings(HOST, server.port, "plain", MAILBOX, SMTP)
        with pytest.raises(TransportError, match="is wrong") as refused:
            Postman(settings).connect()
    assert not leaks("trace", "".join(format_exception(refused.value)).encode())
    assert "Kanarie" not in repr(settings)


def test_a_password_too_short_to_tell_from_words_leaves_them_alone() -> None:
    with pytest.raises(ValueError, match="not so"), unechoed("me", "so"):
        raise ValueError("not so")


def test_errors_keep_everything_but_the_password() -> None:
    with pytest.raises(OSError, match="refused") as raised, unechoed("me", "hunter2"):
        raise ConnectionRefusedError(111, "refused by hunter2", "hunter2.sock")
    assert (raised.value.errno, raised.value.strerror) == (111, "refused by [password]")


def test_the_reading_child_knows_nothing_of_the_daemons_environment(
    monkeypatch: pytest.MonkeyPatch, office: Office
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", IMAP)
    with FormReader(packs.catalogue()) as reader:
        reader.warm_up()
        assert reader._child is not None
        environment = Path(f"/proc/{reader._child._process.pid}/environ").read_bytes()
    assert b"PYTHONUTF8" in environment
    assert IMAP.encode() not in environment
