"""Text that looks encoded stays text: the standard library would decode it into headers of our own mails."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from mailer.compose import compose
from mailer.letter import Address, Enclosure, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, full, letter

HOSTILE = (
    "=?utf-8?q?x=0D=0AX-Evil:_yes?=",
    "=?utf-8?q?x=0D=0A=0D=0AX-Evil:_yes?= Lin",
    "=?utf-8?b?eA0KWC1FdmlsOiB5ZXM=?=",
    "林 =?utf-8?q?=0AX-Evil:_yes?=",
    "=?unicode_escape?q?=5Cud800?=",
)


def written(**changes: object) -> EmailMessage:
    """A letter as it arrives; nobody has added a header, or a line, of his own."""
    raw = compose(letter(Template.ASSIGNMENT, Locale.EN, full(Locale.EN), **changes), NOW).as_bytes()
    assert not [line for line in raw.splitlines() if line.lower().startswith(b"x-evil")]
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert read.get_content_type().startswith("multipart/")
    return read


@pytest.mark.parametrize("said", HOSTILE)
def test_a_customers_name_writes_no_header(said: str) -> None:
    assert said in str(written(subject_hint=said)["Subject"])


@pytest.mark.parametrize("said", HOSTILE)
def test_a_readers_name_writes_no_header(said: str) -> None:
    read = written(to=Address(email="lin@example.com", name=said))
    assert [one.addr_spec for one in read["To"].addresses] == ["lin@example.com"]


@pytest.mark.parametrize("said", HOSTILE)
def test_the_message_id_of_the_mail_that_is_answered_writes_no_header(said: str) -> None:
    written(in_reply_to=f"<{said}@example.com>", root="<case@example.com>")


@pytest.mark.parametrize("said", HOSTILE)
def test_the_name_of_a_file_writes_no_header(said: str) -> None:
    file = Enclosure(name=f"{said}.xlsx", content=b"PK", media_type="application/octet-stream")
    (part,) = written(enclosures=(file,)).iter_attachments()
    assert part.get_content() == b"PK"


def test_an_id_that_no_header_can_carry_is_left_out() -> None:
    read = written(in_reply_to="<客@example.com>", root="<case@example.com>")
    assert (read["In-Reply-To"], read["References"]) == (None, "<case@example.com>")
