"""What a server gives in place of a mail is nobody's word: customer care looks for the mail itself."""

from daemon.ledger import MailState
from tests.daemon.office import CARE, STAFF, Office, complaint, mail, to

# What Exchange puts there: no address, no Message-ID, the number of the mail in its subject.
NOTICE = b"""MIME-Version: 1.0
Content-Type: text/plain; charset="us-ascii"
From: Microsoft Exchange Server
To: Complaints <complaints@example.com>
Subject: Retrieval using the IMAP4 protocol failed for the following
 message: 752
Content-Transfer-Encoding: quoted-printable

The server couldn't retrieve the following message:

Subject: "=E5=AE=A2=E8=A8=B4"
From: "Lin" ("staff.lin@example.com")

The message hasn't been deleted. You might be able to view it using either =
Outlook or Outlook Web App. You can also contact the sender to find out =
what the message says.
""".replace(b"\n", b"\r\n")


def test_freescout_3203_exchanges_notice_is_not_taken_for_the_mail(office: Office) -> None:
    settled = office.receive(NOTICE)
    assert settled.state is MailState.QUARANTINED
    assert settled.reason == "the server put a notice in place of the mail"
    (told,) = office.post()
    assert told.to == CARE
    assert "Outlook" in told.text
    assert "752" in told.text
    assert office.cases() == []


def test_the_notice_is_told_once_and_the_mail_is_taken_when_the_server_hands_it_over(office: Office) -> None:
    office.receive(NOTICE)
    office.post()
    assert (
        office.receive(NOTICE).state is MailState.QUARANTINED
    )  # somebody moved it back, and it failed again
    assert office.post() == []
    assert office.receive(mail(files={"form.xlsx": complaint()})).state is MailState.TAKEN
    assert len(office.cases()) == 1


def test_the_notice_in_the_name_of_staff_is_answered_to_nobody(office: Office) -> None:
    raw = NOTICE.replace(b"From: Microsoft Exchange Server\r", f"From: {STAFF}\r".encode())
    assert office.receive(raw).state is MailState.QUARANTINED
    assert {one.to for one in office.post()} == {CARE}


def test_staff_who_forward_the_notice_with_the_form_are_heard(office: Office) -> None:
    subject = "Retrieval using the IMAP4 protocol failed for the following message: 752"
    settled = office.receive(mail(subject=subject, files={"form.xlsx": complaint()}))
    assert settled.state is MailState.TAKEN
    assert len(to(office.post(), STAFF)) == 1
