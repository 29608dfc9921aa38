"""Handing in mail: one connection reused, and what each kind of refusal, cut and silence means."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose import compose
from mailer.letter import Template
from mailer.smtp import Postman, SmtpSettings, TransportError, retry_delay
from rules.locales import Locale
from tests.guards import PATIENCE, eventually, no_endless_wait
from tests.mailer.outbound.letters import FORM, NOW, full, letter
from tests.servers.loopback import free_port
from tests.servers.smtp import DROP, HANG, RecordingSmtp

TO = "wang@example.com"
pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # aiosmtpd, on loopback


@pytest.fixture
def server() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as running:
        yield running


@pytest.fixture
def postman(server: RecordingSmtp) -> Iterator[Postman]:
    found = Postman(plain(server))
    yield found
    found.close()


def plain(server: RecordingSmtp, **changes: object) -> SmtpSettings:
    known = {"host": server.host, "port": server.port, "security": "plain", "timeout": 60}
    return SmtpSettings(**{**known, **changes})  # type: ignore[arg-type]


def mail(body: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "客戶關愛部 <complaints@example.com>"
    message["To"] = TO
    message["Subject"] = "[KS-1] 陳美玲"
    message.set_content(body)
    return message


def contents(message: EmailMessage) -> list[list[object]]:
    return [list(part.get_content().splitlines()) for part in message.walk() if not part.is_multipart()]


def failure(postman: Postman, recipient: str = TO) -> TransportError:
    with pytest.raises(TransportError) as caught:
        postman.send(mail(), recipient)
    return caught.value


def test_a_composed_letter_arrives_whole(server: RecordingSmtp, postman: Postman) -> None:
    composed = compose(
        letter(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT), enclosures=(FORM,)), NOW
    )
    assert postman.send(composed, TO) == "250 2.0.0 queued as 1"
    arrived = server.mails[0]
    assert (arrived.sender, arrived.recipients) == ("complaints@example.com", (TO,))
    assert arrived.message["Subject"] == composed["Subject"]
    assert contents(arrived.message) == contents(composed)
    assert len(contents(composed)) == 3


def test_what_goes_over_the_wire_is_ascii_with_crlf_only(server: RecordingSmtp, postman: Postman) -> None:
    postman.send(mail("Zeile 1\nZeile 2\n"), TO)
    content = server.mails[0].content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")


@given(st.text(st.sampled_from(".\na "), min_size=1, max_size=60))
def test_lines_that_begin_with_a_dot_arrive_as_written(text: str) -> None:
    with RecordingSmtp() as server:
        postman = Postman(plain(server))
        postman.send(mail(text), TO)
        postman.close()
        assert server.mails[0].message.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_one_connection_serves_many_mails(server: RecordingSmtp, postman: Postman) -> None:
    for _ in range(20):
        postman.send(mail(), TO)
    assert (len(server.mails), server.sessions) == (20, 1)


@pytest.mark.parametrize("answer", ["421 4.7.0 too many mails in this session", "452 4.5.3 session full"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_session_ended_by_the_server_is_renewed_unseen(
    server: RecordingSmtp, postman: Postman, stage: str, answer: str
) -> None:
    server.misbehave(stage, answer, after=3)  # type: ignore[arg-type]
    for _ in range(7):
        postman.send(mail(), TO)
    assert [arrived.session for arrived in server.mails] == [1, 1, 1, 2, 2, 2, 3]


def test_a_connection_that_died_while_idle_is_renewed_unseen(server: RecordingSmtp, postman: Postman) -> None:
    server.misbehave("MAIL", DROP, after=1, times=1)
    postman.send(mail(), TO)
    postman.send(mail(), TO)
    assert [arrived.session for arrived in server.mails] == [1, 2]


def test_a_server_that_closes_every_session_is_tried_twice_and_no_more(
    server: RecordingSmtp, postman: Postman
) -> None:
    postman.send(mail(), TO)
    server.misbehave("MAIL", "421 4.3.2 shutting down")
    failed = failure(postman)
    assert (failed.permanent, failed.uncertain, failed.reply) == (False, False, "421 4.3.2 shutting down")
    assert server.sessions == 2


def test_greylisting_is_temporary_and_the_next_try_succeeds(server: RecordingSmtp, postman: Postman) -> None:
    server.misbehave("RCPT", "451 4.7.1 greylisted, come back", times=1)
    failed = failure(postman)
    assert (failed.permanent, failed.uncertain, failed.reply) == (
        False,
        False,
        "451 4.7.1 greylisted, come back",
    )
    postman.send(mail(), TO)
    assert (len(server.mails), server.sessions) == (1, 1)


LIMITS = [
    "550 5.4.5 Daily user sending limit exceeded",
    "550 5.7.30 Service unavailable",
    "554 5.7.1 The message was rejected: too many messages sent",
    "550 Domain frequency limited",
    "554 the sender is too frequently sending",
    "550 5.2.2 submission quota exceeded",
    "451 4.7.1 sending rate exceeded",
]


@pytest.mark.parametrize("answer", LIMITS)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "TEXT"])
def test_a_limit_of_the_account_is_a_matter_of_waiting_for_all_mails(
    server: RecordingSmtp, postman: Postman, stage: str, answer: str
) -> None:
    server.misbehave(stage, answer)  # type: ignore[arg-type]
    failed = failure(postman)
    assert (failed.permanent, failed.uncertain, failed.session) == (False, False, True)
    assert failed.reply == answer


@pytest.mark.parametrize("answer", ["550 5.7.1 account suspended", "553 5.1.8 not your address", "451 later"])
def test_a_refusal_of_the_sender_is_about_the_account(
    server: RecordingSmtp, postman: Postman, answer: str
) -> None:
    server.misbehave("MAIL", answer)
    failed = failure(postman)
    assert (failed.permanent, failed.session) == (False, True)


@pytest.mark.parametrize(
    ("stage", "answer", "permanent"),
    [
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit", True),
        ("MAIL", "552 Message length exceeds administrative limit", True),
        ("TEXT", "552 5.3.4 Message size exceeds fixed limit", True),
        ("TEXT", "554 5.4.6 Too many hops", True),
        ("TEXT", "554 5.7.1 spam", True),
        ("RCPT", "552 5.2.2 mailbox over quota", True),
        ("RCPT", "550 no such user, generated by the corporate directory", True),
        ("RCPT", "452 4.2.2 mailbox is full", False),
        ("RCPT", "450 4.2.1 the user receives mail at a rate too high", False),
        ("RCPT", "451 4.7.1 greylisted", False),
        ("DATA", "451 4.3.0 try again", False),
        ("TEXT", "452 4.3.1 insufficient storage", False),
    ],
)
def test_a_refusal_of_one_letter_or_reader_says_nothing_about_the_others(
    server: RecordingSmtp, postman: Postman, stage: str, answer: str, permanent: bool
) -> None:
    server.misbehave(stage, answer)  # type: ignore[arg-type]
    failed = failure(postman)
    assert (failed.permanent, failed.session) == (permanent, False)


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("550 發信頻繁，請稍後再試", "utf-8"),
        ("550 超过每日发信限制", "utf-8"),
        ("550 发信过于频繁", "gb18030"),
    ],
)
def test_a_limit_told_in_chinese_is_understood(words: str, encoding: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = words.encode(encoding)
        answers = [b"220 hello", b"250 hello", b"250 ok", said, b"250 ok"]
        script = threading.Thread(target=_recite, args=(listening, answers), daemon=True)
        script.start()
        postman = Postman(SmtpSettings("127.0.0.1", listening.getsockname()[1], "plain", timeout=60))
        failed = failure(postman)
        assert (failed.session, failed.reply) == (True, words)
        postman.close()
        script.join(PATIENCE)


def _recite(listening: socket.socket, answers: list[bytes]) -> None:
    connection, _ = listening.accept()
    with connection:
        for answer in answers:
            connection.sendall(answer + b"\r\n")
            connection.recv(4096)


@pytest.mark.parametrize("stage", ["CONNECT", "MAIL", "RCPT", "DATA", "TEXT"])
@pytest.mark.parametrize("fault", [DROP, "421 4.3.2 shutting down"])
def test_a_broken_session_is_not_held_against_the_mail(
    server: RecordingSmtp, postman: Postman, stage: str, fault: str
) -> None:
    server.misbehave(stage, fault)  # type: ignore[arg-type]
    failed = failure(postman)
    assert (failed.permanent, failed.session) == (False, True)


def test_an_unknown_recipient_is_permanent_and_the_next_mail_uses_the_same_session(
    server: RecordingSmtp, postman: Postman
) -> None:
    server.misbehave("RCPT", "550 5.1.1 no such user", when=lambda address: "gone@" in address)
    failed = failure(postman, "gone@example.com")
    assert (failed.permanent, failed.uncertain, failed.reply) == (True, False, "550 5.1.1 no such user")
    postman.send(mail(), TO)
    assert (len(server.mails), server.sessions) == (1, 1)


def test_a_refusal_stays_permanent_though_the_server_hangs_up_after_it(
    server: RecordingSmtp, postman: Postman
) -> None:
    server.misbehave("RCPT", "554 5.3.2 refused, goodbye", times=1)
    assert failure(postman).permanent
    postman.send(mail(), TO)
    assert server.sessions == 2


@pytest.mark.parametrize(
    ("answer", "permanent"), [("552 5.3.4 too big", True), ("451 4.3.0 disk full", False)]
)
def test_a_refusal_of_the_text_is_certain(
    server: RecordingSmtp, postman: Postman, answer: str, permanent: bool
) -> None:
    server.misbehave("TEXT", answer, times=1)
    failed = failure(postman)
    assert (failed.permanent, failed.uncertain, failed.reply) == (permanent, False, answer)


@pytest.mark.parametrize("kept", [True, False])
def test_a_cut_after_the_text_is_uncertain_and_not_tried_again_here(
    server: RecordingSmtp, postman: Postman, kept: bool
) -> None:
    server.misbehave("TEXT", DROP, times=1, keep=kept)
    failed = failure(postman)
    assert (failed.permanent, failed.uncertain) == (False, True)
    assert len(server.mails) == int(kept)
    postman.send(mail(), TO)
    assert server.mails[-1].session == 2


def test_silence_after_the_text_is_uncertain(server: RecordingSmtp) -> None:
    server.misbehave("TEXT", HANG, times=1, keep=True)
    failed = failure(Postman(plain(server, timeout=2)))
    assert (failed.permanent, failed.uncertain) == (False, True)
    assert len(server.mails) == 1


def test_silence_before_the_text_is_temporary_and_certain(server: RecordingSmtp) -> None:
    server.misbehave("MAIL", HANG)
    failed = failure(Postman(plain(server, timeout=2)))
    assert (failed.permanent, failed.uncertain) == (False, False)


def test_a_server_that_is_not_there_is_temporary() -> None:
    settings = SmtpSettings("127.0.0.1", free_port(), "plain", timeout=60)
    failed = failure(Postman(settings))
    assert (failed.permanent, failed.session) == (False, True)


def test_a_server_that_turns_everyone_away_is_temporary(server: RecordingSmtp, postman: Postman) -> None:
    server.misbehave("CONNECT", "554 5.3.2 not today", times=1)
    failed = failure(postman)
    assert (failed.permanent, failed.reply) == (False, "554 5.3.2 not today")
    postman.send(mail(), TO)


def test_an_idle_connection_is_given_up_after_its_time(server: RecordingSmtp) -> None:
    clock = [0.0]
    postman = Postman(plain(server), idle=timedelta(seconds=60), monotonic=lambda: clock[0])
    postman.send(mail(), TO)
    clock[0] = 59.0
    postman.close_if_idle()
    postman.send(mail(), TO)
    clock[0] = 119.0
    postman.close_if_idle()
    assert server.commands.count("QUIT") == 1
    postman.send(mail(), TO)
    postman.close()
    assert [arrived.session for arrived in server.mails] == [1, 1, 2]


def test_closing_never_raises_whatever_became_of_the_server() -> None:
    with RecordingSmtp() as server:
        postman = Postman(plain(server))
        postman.close()
        postman.send(mail(), TO)
    postman.close()
    postman.close()


@pytest.mark.parametrize(("stage", "before"), [("MAIL", 1), ("MAIL", 0), ("TEXT", 1), ("CONNECT", 0)])
def test_closing_from_another_thread_waits_for_nobody(server: RecordingSmtp, stage: str, before: int) -> None:
    postman = Postman(plain(server, timeout=5 if stage == "CONNECT" else 3600))
    for _ in range(before):
        postman.send(mail(), TO)
    server.misbehave(stage, HANG, times=1)  # type: ignore[arg-type]
    failures: list[TransportError] = []
    sender = threading.Thread(target=lambda: failures.append(failure(postman)), daemon=True)
    sender.start()
    eventually(lambda: server.hanging, "the sender to hang")
    with no_endless_wait():
        postman.close()
    assert stage != "CONNECT" or sender.is_alive(), (
        "a greeting is waited for to the end, but not by who closes"
    )
    sender.join(PATIENCE)
    assert not sender.is_alive()
    assert failures[0].session
    assert failures[0].uncertain is (stage == "TEXT")
    assert (len(server.mails), server.sessions) == (before, 1), "the closed connection was not renewed"
    postman.send(mail(), TO)
    postman.close()
    assert len(server.mails) == before + 1


@pytest.mark.parametrize("recipient", ["a b@example.com", "a@example.com>\r\nRCPT TO:<b@x.com", "nobody", ""])
def test_an_address_smtp_cannot_carry_is_permanent(
    server: RecordingSmtp, postman: Postman, recipient: str
) -> None:
    assert failure(postman, recipient).permanent
    assert server.sessions == 0


def test_logging_in(server: RecordingSmtp) -> None:
    with RecordingSmtp(login=("care", "secret")) as guarded:
        postman = Postman(plain(guarded, username="care", password="secret"))
        postman.send(mail(), TO)
        postman.close()
        wrong = failure(Postman(plain(guarded, username="care", password="wrong")))
        assert (wrong.permanent, wrong.uncertain, wrong.session) == (False, False, True)
        assert wrong.reply.startswith("535")
        nobody = failure(Postman(plain(guarded)))
        assert (nobody.permanent, nobody.session, nobody.reply[:3]) == (False, True, "530")
        assert len(guarded.mails) == 1


def test_starttls_is_not_skipped_where_the_server_offers_none(server: RecordingSmtp) -> None:
    failed = failure(Postman(plain(server, security="starttls")))
    assert not failed.permanent
    assert server.mails == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return key, certificate


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_hand_in_with_a_certificate_of_ones_own(
    certificate: tuple[Path, Path], security: str
) -> None:
    key, chain = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with RecordingSmtp(**{security: context}, login=("care", "secret")) as server:  # type: ignore[arg-type]
        settings = plain(server, security=security, ca_file=chain, username="care", password="secret")
        postman = Postman(settings)
        postman.send(mail(), TO)
        postman.close()
        assert len(server.mails) == 1
        stranger = failure(Postman(plain(server, security=security)))
        assert not stranger.permanent
        assert "certificate" in stranger.reply.lower()
        assert len(server.mails) == 1


def test_plain_is_refused_beyond_loopback() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        SmtpSettings("smtp.example.com", 25, "plain")
    for host in ("localhost", "127.0.0.1", "::1"):
        SmtpSettings(host, 25, "plain")


def test_half_a_login_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        SmtpSettings("smtp.example.com", 465, "tls", username="care")


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(SmtpSettings("smtp.example.com", 465, "tls", "care", "secret"))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_retries_wait_between_15_seconds_and_30_minutes(attempt: int, fraction: float) -> None:
    assert timedelta(seconds=15) <= retry_delay(attempt, fraction) <= timedelta(minutes=30)


def test_retries_wait_longer_each_time_until_the_cap() -> None:
    delays = [retry_delay(attempt, 0.5) for attempt in range(1, 12)]
    assert all(later >= earlier for earlier, later in pairwise(delays))
    assert (delays[0], delays[-1]) == (timedelta(seconds=17.5), timedelta(minutes=26, seconds=15))


def test_a_server_that_speaks_something_else_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = SmtpSettings("127.0.0.1", other.getsockname()[1], "plain", timeout=0.3)
        assert not failure(Postman(settings)).permanent
