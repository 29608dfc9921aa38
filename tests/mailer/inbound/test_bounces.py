"""What mail systems say of mails they could not deliver, as each of them says it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.bounces import Delivery, Fate, Report, read_report
from mailer.message import read_message
from tests.guards import no_endless_work
from tests.mailer.inbound import bounced
from tests.mailer.inbound.bounced import OURS, READER

CORPUS = Path(os.environ.get("KESU_CORPUS", "")) / "mails"


def report(raw: bytes) -> Report:
    found = read_report(raw, read_message(raw))
    assert found is not None
    return found


def only(raw: bytes) -> Delivery:
    (delivery,) = report(raw).deliveries
    return delivery


RETURNED = {
    "postfix": (bounced.postfix(), "5.1.1"),
    "exim": (bounced.exim(), "5.0.0"),
    "gmail": (bounced.gmail(), "5.1.1"),
    "exchange": (bounced.exchange(), "5.2.2"),
    "qmail": (bounced.qmail(), ""),
    "qq with the mail": (bounced.qq(returned=bounced.original()), "5.1.1"),
    "netease": (bounced.netease(), ""),
}


@pytest.mark.parametrize("system", RETURNED)
def test_a_bounce_names_the_mail_and_the_reader_it_did_not_reach(system: str) -> None:
    raw, status = RETURNED[system]
    found = report(raw)
    assert found.originals[0] == OURS
    (delivery,) = found.deliveries
    assert READER in delivery.recipients
    assert (delivery.fate, delivery.status) == (Fate.FAILED, status)


@pytest.mark.parametrize("system", RETURNED)
def test_no_person_wrote_a_bounce(system: str) -> None:
    assert read_message(RETURNED[system][0]).automatic


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (bounced.postfix(), f"550 5.1.1 <{READER}>: User unknown"),
        (bounced.qmail(), "Remote host said: 550 No such user here"),
        (bounced.qq(), "host mx.example.com[192.0.2.1] said: 550 5.1.1 Mailbox not found"),
        (bounced.netease(), "收信人不存在。"),
        (bounced.exchange(), "Remote Server returned '554 5.2.2 mailbox full"),
    ],
)
def test_a_bounce_says_why(raw: bytes, said: str) -> None:
    assert " ".join(said.split()) in " ".join(only(raw).diagnostic.split())


def test_a_bounce_in_prose_without_the_mail_still_names_subject_and_reader() -> None:
    found = report(bounced.qq())
    assert found.originals == ()
    assert bounced.SUBJECT in found.words
    assert found.deliveries[0].to(READER)


def test_the_message_id_of_ours_is_found_where_a_relay_gave_the_mail_another() -> None:
    raw = bounced.postfix("<0100019@relay.example.net>").replace(
        b"Message-ID: <0100019", f"X-Kesu-Message-ID: {OURS}\nMessage-ID: <0100019".encode()
    )
    assert report(raw).originals[0] == OURS


def test_a_delay_is_no_failure() -> None:
    assert only(bounced.delayed()).fate is Fate.DELAYED


def test_a_warning_in_prose_is_no_failure() -> None:
    raw = bounced.qmail().replace(
        b"This is a permanent error; I've given up.", b"It is delayed; I will keep trying."
    )
    assert only(raw).fate is Fate.DELAYED


def test_a_delivery_receipt_is_no_failure() -> None:
    assert only(bounced.postfix(status="2.0.0", action="delivered")).fate is Fate.DELIVERED


def test_a_temporary_status_of_a_failed_action_is_final() -> None:
    assert only(bounced.postfix(status="4.2.2", action="failed")).fate is Fate.FAILED


def test_a_read_receipt_is_no_bounce() -> None:
    raw = bounced.read_receipt()
    assert read_report(raw, read_message(raw)) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"From: staff.lin@example.com\nSubject: mail delivery failed\n\nI got a bounce: <x@example.com> 550",
        f"From: {READER}\nIn-Reply-To: {OURS}\nSubject: Re: x\n\nresolved, could not be delivered before".encode(),
        b"Return-Path: <>\nFrom: newsletter@example.net\nSubject: offers\n\nbuy now at shop@example.net",
        b"",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b--\n",
    ],
)
def test_what_people_and_newsletters_write_is_no_bounce(raw: bytes) -> None:
    assert read_report(raw, read_message(raw)) is None


def test_each_recipient_of_a_report_has_his_own_fate() -> None:
    raw = bounced.postfix().replace(
        b"\n\n--1A2B3C.1/mx\nContent-Description: Undelivered",
        b"\n\nFinal-Recipient: rfc822;other@example.com\nAction: delivered\nStatus: 2.0.0\n"
        b"\n--1A2B3C.1/mx\nContent-Description: Undelivered",
    )
    assert [(one.recipients[0], one.fate) for one in report(raw).deliveries] == [
        (READER, Fate.FAILED),
        ("other@example.com", Fate.DELIVERED),
    ]


@pytest.mark.parametrize(
    "name", ["Final-Recipient: RFC822; <{}>", "Final-Recipient: {}", "Final-Recipient: rfc822;{}"]
)
def test_recipients_are_read_however_they_are_written(name: str) -> None:
    raw = bounced.postfix().replace(
        f"Final-Recipient: rfc822; {READER}".encode(), name.format(READER.upper()).encode()
    )
    assert only(raw).recipients == (READER,)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(0, 3000), st.binary(max_size=40))
def test_a_damaged_bounce_never_raises(which: int, at: int, instead: bytes) -> None:
    raw = list(RETURNED.values())[which][0]
    broken = raw[:at] + instead + raw[at + len(instead) :]
    found = read_report(broken, read_message(broken))
    assert found is None or found.deliveries


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of mails is not here (KESU_CORPUS)")
@pytest.mark.parametrize(
    ("name", "fate", "reader"),
    [
        ("mail__e4723913__report_422.eml", Fate.DELAYED, "fraser@oooooooo.com.au"),
        ("php-imap__0ceeaa01__example_bounce.eml", Fate.FAILED, "ding@ding.de"),
        (
            "mimekit__f90a4ead__delivery-status-no-blank-line.txt",
            Fate.FAILED,
            "newsletter-request@imusic.com",
        ),
        ("mail-parser__f55f216f__mail_malformed_2", Fate.FAILED, "abh@netpar.com.br"),
        ("mimekit__25cd88ca__bounce.txt", Fate.FAILED, "netec.test@netecgc.com"),
    ],
)
def test_bounces_of_the_corpus_are_read(name: str, fate: Fate, reader: str) -> None:
    delivery = only((CORPUS / name).read_bytes())
    assert (delivery.fate, delivery.recipients[0]) == (fate, reader)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of mails is not here (KESU_CORPUS)")
def test_of_the_corpus_nothing_else_is_taken_for_a_bounce() -> None:
    named = [path for path in sorted(CORPUS.iterdir()) if path.suffix != ".tsv"]
    raws = [(path.name, path.read_bytes()) for path in named]
    found = {name for name, raw in raws if read_report(raw, read_message(raw)) is not None}
    sure = {name for name, raw in raws if b"message/delivery-status" in raw.lower()}
    assert found <= sure
    assert len(found) >= 15


@pytest.mark.parametrize("filling", ["\n", "\n>", " \n", "message-id: \n", "a@", "delivery "])
def test_no_bounce_keeps_its_reader_busy(filling: str) -> None:
    head = b"From: postmaster@mx.example\nSubject: Undelivered\nContent-Type: multipart/report\n\nbob@example.com"
    raw = head + filling.encode() * (200_000 // len(filling))
    message = read_message(raw)
    with no_endless_work():
        read_report(raw, message)
