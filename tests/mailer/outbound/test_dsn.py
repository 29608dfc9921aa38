"""The envelope: bounces are asked for so that they can be matched, and addresses beyond ASCII get a clear answer."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose import compose
from mailer.envelope import ImpossibleAddress, carried, xtext
from mailer.letter import Address, Template
from mailer.smtp import Postman, SmtpSettings, TransportError
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, full, letter
from tests.servers.smtp import RecordingSmtp

TO = "wang+cases@example.com"


@pytest.fixture
def server() -> Iterator[RecordingSmtp]:
    with RecordingSmtp(offers=("DSN",)) as running:
        yield running


@pytest.fixture
def postman(server: RecordingSmtp) -> Iterator[Postman]:
    found = Postman(SmtpSettings(server.host, server.port, "plain", timeout=60))
    yield found
    found.close()


def mail(message_id: str = "<a=1+b.main@example.com>", to: str = TO) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "客戶關愛部 <complaints@example.com>"
    message["To"] = to
    message["Message-ID"] = message_id
    message.set_content("Hello")
    return message


def said(server: RecordingSmtp, verb: str) -> list[str]:
    return [line for line in server.commands if line.startswith(verb)]


def test_a_bounce_is_asked_for_that_names_the_mail_and_its_reader(
    server: RecordingSmtp, postman: Postman
) -> None:
    postman.send(mail(), TO)
    (sender,), (recipient,) = said(server, "MAIL"), said(server, "RCPT")
    assert sender.endswith(" RET=HDRS ENVID=a+3D1+2Bb.main@example.com")
    assert recipient.endswith(
        "<wang+cases@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;wang+2Bcases@example.com"
    )


def test_nothing_is_asked_of_a_server_that_does_not_offer_it() -> None:
    with RecordingSmtp() as server:
        postman = Postman(SmtpSettings(server.host, server.port, "plain", timeout=60))
        postman.send(mail(), TO)
        postman.close()
    assert said(server, "RCPT") == [f"RCPT TO:<{TO}>"]
    assert "ENVID" not in said(server, "MAIL")[0]


def test_an_id_longer_than_a_server_need_take_is_left_out(server: RecordingSmtp, postman: Postman) -> None:
    postman.send(mail(f"<{'x' * 101}@example.com>"), TO)
    assert said(server, "MAIL")[0].endswith(" RET=HDRS")


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", ["501 5.5.4 syntax", "504 no", "555 5.5.4 unsupported option"])
def test_a_server_that_offers_dsn_and_does_not_know_it_gets_the_mail_without(
    server: RecordingSmtp, postman: Postman, stage: str, answer: str
) -> None:
    server.misbehave(stage, answer, when=lambda argument: "ENVID" in argument or "NOTIFY" in argument)  # type: ignore[arg-type]
    postman.send(mail(), TO)
    postman.send(mail("<b@example.com>"), TO)
    assert len(server.mails) == 2
    assert len([line for line in server.commands if "ENVID" in line]) == 1, "it is not tried with every mail"
    assert server.sessions == 1


def test_a_wrong_address_is_still_refused_without_dsn(server: RecordingSmtp, postman: Postman) -> None:
    server.misbehave("RCPT", "501 5.1.3 bad address")
    with pytest.raises(TransportError, match="bad address") as refused:
        postman.send(mail(), TO)
    assert refused.value.permanent


@given(st.text(max_size=40))
def test_an_id_in_xtext_is_plain_and_reads_back(text: str) -> None:
    written = xtext(text)
    assert all("!" <= sign <= "~" and sign != "=" for sign in written)
    pieces = written.split("+")
    read = pieces[0].encode() + b"".join(
        bytes([int(piece[:2], 16)]) + piece[2:].encode() for piece in pieces[1:]
    )
    assert read == text.encode("utf-8", "replace")


# ---------------------------------------------------------------- addresses beyond ASCII


def test_a_domain_beyond_ascii_goes_out_in_ascii(server: RecordingSmtp, postman: Postman) -> None:
    postman.send(compose_for("wang@例子.公司"), "wang@例子.公司")
    (accepted,) = server.mails
    assert accepted.recipients == ("wang@xn--fsqu00a.xn--55qx5d",)
    assert "<wang@xn--fsqu00a.xn--55qx5d>" in accepted.content.decode("ascii")


def test_a_name_beyond_ascii_is_refused_for_good_where_the_server_cannot_carry_it(
    server: RecordingSmtp, postman: Postman
) -> None:
    with pytest.raises(TransportError, match=r"王@example\.com .*SMTPUTF8") as refused:
        postman.send(compose_for("王@example.com"), "王@example.com")
    assert refused.value.permanent
    assert not refused.value.session
    postman.send(mail(), TO)
    assert server.sessions == 1, "the session is as good as before"


def test_a_name_beyond_ascii_goes_out_where_the_server_can_carry_it() -> None:
    with RecordingSmtp(utf8=True) as server:
        postman = Postman(SmtpSettings(server.host, server.port, "plain", timeout=60))
        postman.send(compose_for("王@example.com"), "王@example.com")
        postman.send(mail(), TO)
        postman.close()
    first, second = said(server, "MAIL")
    assert "SMTPUTF8" in first.upper()
    assert "SMTPUTF8" not in second.upper()
    assert server.mails[0].recipients == ("王@example.com",)
    assert "<王@example.com>".encode() in server.mails[0].content


def compose_for(address: str) -> EmailMessage:
    to = Address(email=address, name="王經理")
    return compose(letter(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT), to=to), NOW)


@pytest.mark.parametrize("address", ["a@" + "長" * 80 + ".com", "a@例..com", "a b@c.com", "a@", "@b.com"])
def test_an_address_that_no_server_can_carry_is_told_apart(address: str) -> None:
    with pytest.raises(ImpossibleAddress, match=r"SMTP can carry|name server"):
        carried(address)
