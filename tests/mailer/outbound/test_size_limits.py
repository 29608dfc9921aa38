"""A mail too large for a server: told apart from every other refusal, and made to fit without losing its words."""

from collections.abc import Iterator

import pytest

from mailer.compose import compose
from mailer.envelope import wire
from mailer.letter import Enclosure, Letter, Paper, Template
from mailer.lightening import TooLargeError, fitting
from mailer.refusals import refusal as refusal_of
from mailer.smtp import Postman, SmtpSettings, TransportError
from rules.locales import Locale
from tests.mailer.outbound.letters import FORM, NOW, full, letter
from tests.servers.smtp import RecordingSmtp

TO = "wang@example.com"
PHOTO = Enclosure(
    name="photo.png", content=b"\x89PNG" * 100_000, media_type="image/png", paper="現場照片.png"
)
INVOICE = Enclosure(
    name="invoice.pdf", content=b"%PDF-" * 20_000, media_type="application/pdf", paper="發票.pdf"
)
TOO_BIG = [
    "552 5.3.4 message size exceeds fixed limit",
    "552 5.2.3 Message exceeds local size limit",
    "554 5.3.4 message too big",
    "552 Message size exceeds maximum permitted",
    "552 Requested mail action aborted: exceeded mailsize limit",
]


@pytest.fixture
def server() -> Iterator[RecordingSmtp]:
    with RecordingSmtp(most_bytes=0) as running:
        yield running


def postman(server: RecordingSmtp, most_bytes: int = 0) -> Postman:
    return Postman(SmtpSettings(server.host, server.port, "plain", timeout=60), most_bytes=most_bytes)


def with_files(locale: Locale = Locale.ZH_HANT, *files: Enclosure) -> Letter:
    files = files or (FORM, PHOTO, INVOICE)
    papers = tuple(Paper(name=file.paper, size="0.4 MB", where="enclosed") for file in files if file.paper)
    content = full(locale, papers=papers, papers_folder=r"\\server\share\KS-1")
    return letter(Template.ASSIGNMENT, locale, content, enclosures=files)


def attached(found: Letter, most_bytes: int) -> list[str | None]:
    message = fitting(found, NOW, most_bytes).message
    return [part.get_filename() for part in message.iter_attachments()]


def text_of(found: Letter, most_bytes: int) -> str:
    body = fitting(found, NOW, most_bytes).message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def refusal(server: RecordingSmtp, most_bytes: int = 0) -> TransportError:
    sender = postman(server, most_bytes)
    with pytest.raises(TransportError) as raised:
        sender.send(compose(with_files(), NOW), TO)
    sender.close()
    return raised.value


@pytest.mark.parametrize("answer", TOO_BIG)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "TEXT"])
def test_a_refusal_for_its_size_concerns_the_mail_and_says_what_it_must_be_smaller_than(
    server: RecordingSmtp, answer: str, stage: str
) -> None:
    server.misbehave(stage, answer)  # type: ignore[arg-type]
    refused = refusal(server)
    assert refused.permanent
    assert not refused.session
    assert refused.most_bytes == len(wire(compose(with_files(), NOW))) - 1


def test_a_size_is_known_in_the_words_of_mainland_servers_too() -> None:
    assert refusal_of(552, "邮件大小超过限制".encode("gb18030"), size=10).most_bytes == 9


@pytest.mark.parametrize(
    "answer",
    [
        "552 5.2.2 mailbox full",
        "552 5.7.0 blocked for its content",
        "552 Illegal Attachment",
        "452 4.3.1 no space",
    ],
)
def test_other_refusals_are_not_taken_for_one_of_size(server: RecordingSmtp, answer: str) -> None:
    server.misbehave("TEXT", answer)
    assert refusal(server).most_bytes is None


def test_what_exceeds_the_servers_size_is_not_even_begun() -> None:
    with RecordingSmtp(most_bytes=200_000) as server:
        refused = refusal(server)
    assert (refused.permanent, refused.most_bytes) == (True, 200_000)
    assert server.commands == ["QUIT"]


def test_the_providers_known_limit_counts_where_the_server_names_none(server: RecordingSmtp) -> None:
    assert refusal(server, 300_000).most_bytes == 300_000


def test_the_largest_file_is_left_out_first_and_the_others_stay() -> None:
    assert attached(with_files(), 10_000_000) == [FORM.name, PHOTO.name, INVOICE.name]
    assert attached(with_files(), 300_000) == [FORM.name, INVOICE.name]
    assert attached(with_files(), 100_000) == [FORM.name]
    for most in (300_000, 100_000):
        assert len(wire(fitting(with_files(), NOW, most).message)) <= most


@pytest.mark.parametrize(
    ("locale", "folder", "elsewhere"),
    [
        (Locale.ZH_HANT, "案件資料夾", "客戶關愛部"),
        (Locale.ZH_HANS, "案件文件夹", "客户关爱部"),
        (Locale.EN, "the case's folder", "customer care"),
    ],
)
def test_the_mail_says_which_file_is_missing_and_where_it_lies(
    locale: Locale, folder: str, elsewhere: str
) -> None:
    (told,) = [line for line in lines(with_files(locale)) if "現場照片.png" in line]
    assert folder in told
    assert "0.4 MB" in told
    own = Enclosure(name="report.xlsx", content=b"x" * 500_000, media_type=FORM.media_type)
    (told,) = [line for line in lines(with_files(locale, own)) if "report.xlsx" in line]
    assert elsewhere in told
    assert "0.5 MB" in told


def lines(found: Letter) -> list[str]:
    """What the light mail says below its note, up to the next heading."""
    said = text_of(found, 300_000)
    note = next(part for part in said.split("■ ") if part.startswith(("請留意", "请注意", "Please note")))
    return note.splitlines()[1:]


def test_a_mail_whose_words_alone_are_too_many_cannot_be_made_to_fit() -> None:
    with pytest.raises(TooLargeError):
        fitting(with_files(), NOW, 5_000)


def test_it_is_the_same_mail_whatever_is_left_out() -> None:
    whole, light = compose(with_files(), NOW), fitting(with_files(), NOW, 100_000).message
    for header in ("Message-ID", "Subject", "References", "To"):
        assert light[header] == whole[header]
