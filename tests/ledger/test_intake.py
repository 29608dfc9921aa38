"""Each message and each part of it is taken once, kept byte for byte, and found again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.ledger import (
    Entry,
    Ledger,
    LedgerDamaged,
    LedgerRefused,
    MailState,
    PromiseBroken,
    StoredAttachment,
)
from daemon.ledger.columns import utc_text
from tests.ledger.clerk import NINE, outgoing

NewCase = Callable[..., str]
RAW = b"Message-ID: <m1@example.com>\r\n\r\n\xff\x00 form"


def store(entry: Entry, uid: int, raw: bytes = RAW, message_id: str = "<m1@example.com>") -> int | None:
    return entry.store_mail(
        "INBOX",
        1700,
        uid,
        raw,
        received_at=NINE,
        stored_at=NINE + timedelta(seconds=1),
        message_id=message_id,
        sender="wang@example.com",
    )


def test_the_hour_that_comes_twice_in_autumn_is_written_as_two() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    again = first.replace(fold=1)
    assert first == again
    assert [utc_text(first), utc_text(again)] == [
        "2026-10-25T00:30:00.000000Z",
        "2026-10-25T01:30:00.000000Z",
    ]


@pytest.fixture
def mail_id(ledger: Ledger) -> int:
    with ledger.writing() as entry:
        stored = store(entry, 7)
    assert stored is not None
    return stored


def test_a_message_is_kept_byte_for_byte(ledger: Ledger, mail_id: int) -> None:
    (mail,) = ledger.received_mail(10)
    assert (mail.id, mail.folder, mail.uidvalidity, mail.uid) == (mail_id, "INBOX", 1700, 7)
    assert (mail.message_id, mail.sender, mail.received_at) == ("<m1@example.com>", "wang@example.com", NINE)
    assert mail.state is MailState.RECEIVED
    assert ledger.raw(mail.sha256) == RAW
    assert ledger.mail(mail_id) == mail


def test_a_message_is_known_by_its_place(ledger: Ledger, mail_id: int) -> None:
    with ledger.writing() as entry:
        assert store(entry, 7, raw=b"other") is None
        assert store(entry, 9) is not None
    assert ledger.known_uids("INBOX", 1700) == {7, 9}
    assert ledger.highest_uid("INBOX", 1700) == 9
    assert ledger.known_uids("INBOX", 1701) == frozenset()
    assert ledger.highest_uid("Other", 1700) == 0


def test_the_same_bytes_are_archived_once(ledger: Ledger, path: Path) -> None:
    with ledger.writing() as entry:
        store(entry, 7)
        store(entry, 8)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), max(size) FROM archive").fetchall() == [(1, len(RAW))]


def test_headers_that_cannot_be_decoded_are_stored_all_the_same(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        mail_id = store(entry, 7, message_id="<\udcff\x00@x>")
        assert mail_id is not None
        entry.settle_mail(mail_id, MailState.QUARANTINED, "bad name '\ud800'")
    (mail,) = ledger.quarantine()
    assert (mail.message_id, mail.reason) == ("<?\ufffd@x>", "bad name '?'")


def test_a_settled_message_waits_to_be_moved(ledger: Ledger, mail_id: int) -> None:
    assert ledger.unmoved_mail(10) == []
    with ledger.writing() as entry:
        entry.settle_mail(mail_id, MailState.TAKEN, target_folder="Processed")
    assert ledger.received_mail(10) == []
    (mail,) = ledger.unmoved_mail(10)
    assert (mail.uid, mail.state, mail.target_folder) == (7, MailState.TAKEN, "Processed")
    with ledger.writing() as entry:
        entry.mark_moved([mail_id], NINE)
    assert ledger.unmoved_mail(10) == []
    assert ledger.mail(mail_id).moved_at == NINE


def test_a_message_that_stays_where_it_is_is_never_moved(ledger: Ledger, mail_id: int) -> None:
    with ledger.writing() as entry:
        entry.settle_mail(mail_id, MailState.IGNORED, "auto-reply")
    assert ledger.unmoved_mail(10) == []


def test_quarantine_says_why_and_can_be_tried_again(ledger: Ledger, mail_id: int) -> None:
    with ledger.writing() as entry:
        entry.settle_mail(mail_id, MailState.QUARANTINED, "zip bomb", "Quarantine")
    assert [(mail.id, mail.reason) for mail in ledger.quarantine()] == [(mail_id, "zip bomb")]
    with ledger.writing() as entry:
        entry.settle_mail(mail_id, MailState.RECEIVED)
    assert ledger.quarantine() == []
    assert [mail.id for mail in ledger.received_mail(1)] == [mail_id]


def test_an_unknown_message_cannot_be_settled(ledger: Ledger) -> None:
    with pytest.raises(LedgerRefused), ledger.writing() as entry:
        entry.settle_mail(42, MailState.TAKEN)
    with pytest.raises(LedgerRefused):
        ledger.mail(42)


def test_a_part_is_claimed_once_however_often_its_message_comes(ledger: Ledger, mail_id: int) -> None:
    with ledger.writing() as entry:
        again = store(entry, 8)
        assert again is not None
        assert entry.claim_part("<m1@example.com>", "aa", mail_id)
        assert not entry.claim_part("<m1@example.com>", "aa", again)
        assert entry.claim_part("<m1@example.com>", "bb", again)
        assert entry.claim_part("<m2@example.com>", "aa", again)


def test_messages_without_a_message_id_are_told_apart_by_their_bytes(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        first, same, other = store(entry, 1), store(entry, 2), store(entry, 3, raw=b"another")
        assert first is not None
        assert same is not None
        assert other is not None
        assert [entry.claim_part("", "aa", mail) for mail in (first, same, other)] == [True, False, True]


def test_a_claim_of_an_undone_transaction_is_free_again(ledger: Ledger, mail_id: int) -> None:
    with suppress(InterruptedError), ledger.writing() as entry:
        assert entry.claim_part("<m1@example.com>", "aa", mail_id)
        raise InterruptedError
    with ledger.writing() as entry:
        assert entry.claim_part("<m1@example.com>", "aa", mail_id)


def test_files_are_kept_with_their_case(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        for name in ("照片.jpg", "invoice.pdf", "照片.jpg"):
            entry.attach(number, name, "image/jpeg", b"\xff\xd8 same bytes")
    photo, invoice = ledger.attachments(number)
    assert photo == StoredAttachment("照片.jpg", "image/jpeg", photo.sha256, 13)
    assert invoice.name == "invoice.pdf"
    assert ledger.raw(photo.sha256) == b"\xff\xd8 same bytes"


def test_archived_bytes_that_changed_are_not_handed_out(
    ledger: Ledger, mail_id: int, tamper: Callable[[str], None]
) -> None:
    sha256 = ledger.mail(mail_id).sha256
    for content in ("x'00'", "x'789c030000000001'"):  # no zlib at all; nothing, compressed
        tamper(f"UPDATE archive SET content = {content}")  # noqa: S608 - the forger's own words
        with pytest.raises(LedgerDamaged):
            ledger.raw(sha256)
    with pytest.raises(LedgerRefused):
        ledger.raw("0" * 64)


# ---------------------------------------------------------------- which case a reply belongs to


def test_a_reply_to_our_mail_belongs_to_its_case(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=number, event_seq=3))
    assert ledger.case_of_message(["<strange@x>", "<a@kesu.example>"]) == number
    assert ledger.case_of_message(["<strange@x>"]) is None
    assert ledger.case_of_message([]) is None


def test_a_reply_to_the_form_itself_belongs_to_the_case_it_opened(
    ledger: Ledger, new_case: NewCase, mail_id: int
) -> None:
    number = new_case()
    with ledger.writing() as entry:
        entry.link_mail(mail_id, number)
        entry.link_mail(mail_id, number)
    assert ledger.case_of_message(["<m1@example.com>"]) == number


def test_a_message_about_several_cases_tells_nothing(ledger: Ledger, new_case: NewCase, mail_id: int) -> None:
    first, second = new_case(), new_case()
    with ledger.writing() as entry:
        entry.link_mail(mail_id, first)
        entry.link_mail(mail_id, second)
        entry.queue(outgoing("a", case_number=second))
    assert ledger.case_of_message(["<m1@example.com>"]) is None
    assert ledger.case_of_message(["<m1@example.com>", "<a@kesu.example>"]) == second


def test_the_nearest_message_decides(ledger: Ledger, new_case: NewCase) -> None:
    first, second = new_case(), new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=first))
        entry.queue(outgoing("b", case_number=second))
    assert ledger.case_of_message(["<b@kesu.example>", "<a@kesu.example>"]) == second


def test_a_stranger_who_copies_our_message_id_moves_no_reply(ledger: Ledger, new_case: NewCase) -> None:
    ours, strangers = new_case(), new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=ours))
        copied = store(entry, 66, message_id="<a@kesu.example>")
        assert copied is not None
        entry.link_mail(copied, strangers)
    assert ledger.case_of_message(["<a@kesu.example>"]) == ours


def test_endless_references_are_cut_short(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=number))
    strangers = [f"<{n}@x>" for n in range(100_000)]
    assert ledger.case_of_message([*strangers[:100], "<a@kesu.example>", *strangers]) == number
    assert ledger.case_of_message([*strangers, "<a@kesu.example>"]) is None


def test_no_two_notices_share_a_message_id(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        entry.queue(outgoing("a"))
    with pytest.raises(PromiseBroken), ledger.writing() as entry:
        entry.queue(outgoing("b", message_id="<a@kesu.example>"))
