"""Mail that must not be answered, must not be believed, or cannot be read at all (RFC 3834, design.md, Mail)."""

from dataclasses import replace

import pytest

from daemon.config import AccessSection
from daemon.docket import Docket
from daemon.intake import STRANGERS_PER_HOUR, Intake
from daemon.intake.replies import Replies
from daemon.ledger import Entry, LedgerUnavailable, MailState, StoredMail
from parsers.reader import Asked, FileToRead, FormReader, ReaderUnavailable
from parsers.results import ParsedFile
from rules.case import Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MAILBOX,
    SERVICE_MANAGER,
    STAFF,
    STRANGER,
    Office,
    complaint,
    flawed,
    handling,
    mail,
    to,
)

ANSWERS_PER_HOUR = AccessSection().answers_per_hour
ROBOTS = {
    "auto-replied": {"Auto-Submitted": "auto-replied"},
    "auto-generated": {"Auto-Submitted": "auto-generated"},
    "bulk": {"Precedence": "bulk"},
    "list": {"List-Id": "<staff.example.com>"},
    "null path": {"Return-Path": "<>"},
}


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_gets_no_answer_but_its_form_counts(office: Office, kind: str) -> None:
    settled = office.receive(mail(files={"f.xlsx": complaint()}, headers=ROBOTS[kind]))
    assert settled.state is MailState.TAKEN
    assert office.case().grade == "level-3"
    assert to(office.post(), STAFF) == []


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_without_a_form_gets_nothing(office: Office, kind: str) -> None:
    settled = office.receive(mail(text="I am out of office", headers=ROBOTS[kind]))
    assert settled.state is MailState.IGNORED
    assert office.post() == []


def test_a_robots_bad_form_is_customer_cares_and_the_robot_hears_nothing(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": flawed()}, headers=ROBOTS["auto-generated"]))
    assert office.case().status is Status.INCOMPLETE
    assert [one.to for one in office.post()] == [CARE]


def test_an_out_of_office_note_in_a_thread_reports_nothing(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    note = mail(SERVICE_MANAGER, text="已解決 我休假", answers=assignment, headers=ROBOTS["auto-replied"])
    assert office.receive(note).state is MailState.IGNORED
    assert office.case().reports == 0
    assert office.post() == []


def test_a_bounce_that_carries_our_own_form_back_starts_no_loop(office: Office) -> None:
    case = office.opened()
    over = handling(case.number, discount_percent=45)
    office.receive(mail(SERVICE_MANAGER, files={"f.xlsx": over}))
    (passed_on,) = to(office.post(), AFTER_SALES)  # it encloses the report, filled in
    bounce = mail(
        "MAILER-DAEMON@example.com", "Undelivered Mail", "550 no such user", files=passed_on.enclosures
    )
    office.receive(bounce)
    assert office.post() == []
    assert office.case().status is Status.OPEN


def test_customer_care_is_told_of_a_bounce_from_outside(office: Office) -> None:
    bounce = mail("MAILER-DAEMON@mx.elsewhere.example", "Undelivered Mail", f"<{AFTER_SALES}>: 550")
    assert office.receive(bounce).state is MailState.QUARANTINED
    assert [one.to for one in office.post()] == [CARE]


def test_a_bounce_of_a_mail_to_customer_care_itself_starts_no_loop(office: Office) -> None:
    bounce = mail("MAILER-DAEMON@mx.elsewhere.example", "Undelivered Mail", f"<{CARE}>: 550 mailbox full")
    assert office.receive(bounce).state is MailState.QUARANTINED
    assert office.post() == []


def test_a_robots_report_counts_but_its_refusal_is_not_mailed(office: Office) -> None:
    case = office.opened()
    form = handling(case.number, discount_percent=90)
    office.receive(mail(SERVICE_MANAGER, files={"f.xlsx": form}, headers=ROBOTS["auto-generated"]))
    assert office.kinds()[-2:] == ["reported", "refused"]
    posted = office.post()
    assert to(posted, SERVICE_MANAGER) == []
    assert to(posted, "gm@example.com", "authority-exceeded")


def test_mail_from_our_own_address_is_never_answered(office: Office) -> None:
    office.receive(mail(MAILBOX, text="?"))
    office.receive(mail("Complaints@Example.com", text="??"))
    assert office.post() == []


def test_answers_to_one_sender_are_capped_by_the_hour(office: Office) -> None:
    for number in range(ANSWERS_PER_HOUR + 10):
        office.put_in(mail(text=f"loop {number}"))
    office.intake.take_waiting()
    assert len(to(office.post(), STAFF)) == ANSWERS_PER_HOUR
    office.receive(mail("staff.wang@example.com", text="a question"))
    assert len(office.post()) == 1
    office.clock.forward(minutes=61)
    office.receive(mail(text="an hour later"))
    assert len(office.post()) == 1


def test_beyond_the_cap_whoever_sent_a_bad_form_still_hears_of_it(office: Office) -> None:
    for number in range(ANSWERS_PER_HOUR):
        office.put_in(mail(text=f"loop {number}"))
    office.intake.take_waiting()
    office.post()
    office.receive(mail(files={"f.xlsx": flawed()}))
    assert to(office.post(), STAFF, "form-problems")


def test_an_unreadable_file_that_nobody_may_be_told_of_is_customer_cares(office: Office) -> None:
    settled = office.receive(mail(files={"f.xlsx": b"PK broken"}, headers=ROBOTS["auto-generated"]))
    assert settled.state is MailState.QUARANTINED
    (told,) = office.post()
    assert (told.to, told.template) == (CARE, "form-problems")


def test_forms_count_beyond_the_cap(office: Office) -> None:
    for number in range(ANSWERS_PER_HOUR):
        office.put_in(mail(text=f"loop {number}"))
    office.receive(mail(files={"f.xlsx": complaint()}))
    assert office.case().grade == "level-3"


# ---------------------------------------------------------------- strangers


def test_a_stranger_is_quarantined_and_customer_care_told(office: Office) -> None:
    settled = office.receive(mail(STRANGER, "cheap tyres", files={"f.xlsx": complaint()}))
    assert office.cases() == []
    assert (settled.state, settled.target_folder) == (MailState.QUARANTINED, "Quarantine")
    (told,) = office.post()
    assert told.to == CARE
    assert STRANGER in told.text
    assert "cheap tyres" in told.text


def test_a_strangers_message_that_comes_again_is_told_of_once(office: Office) -> None:
    spam = mail(STRANGER, "cheap tyres")
    office.receive(spam)
    office.post()
    office.uidvalidity += 1
    assert office.receive(spam).state in (MailState.QUARANTINED, MailState.DUPLICATE)
    assert office.post() == []


def test_a_name_that_looks_like_a_colleague_admits_nobody(office: Office) -> None:
    settled = office.receive(mail(f'"{STAFF}" <{STRANGER}>', files={"f.xlsx": complaint()}))
    assert settled.state is MailState.QUARANTINED
    assert office.cases() == []


def test_a_domain_that_ends_like_ours_admits_nobody(office: Office) -> None:
    for address in ("x@evil-example.com", "x@example.com.elsewhere.example", "x@sub.example.com"):
        assert office.receive(mail(address, files={"f.xlsx": complaint()})).state is MailState.QUARANTINED


def test_a_stranger_cannot_report_on_a_case(office: Office) -> None:
    case = office.opened()
    office.receive(mail(STRANGER, f"[{case.number}]", "已解決"))
    assert office.case().status is Status.OPEN


def test_a_message_without_a_sender_is_quarantined(office: Office) -> None:
    settled = office.receive(b"Subject: nobody\r\n\r\nhello")
    assert settled.state is MailState.QUARANTINED


@pytest.mark.parametrize("raw", [b"", b"\0\0\0", b"\xff" * 300, b"From: " * 400, b"\r\n" * 20])
def test_any_bytes_end_in_quarantine_and_stop_nobody(office: Office, raw: bytes) -> None:
    office.put_in(raw)
    office.receive(mail(files={"f.xlsx": complaint()}))
    assert office.case().grade == "level-3"
    assert len(office.ledger.quarantine()) == 1


# ---------------------------------------------------------------- poison


class _Fragile(FormReader):
    """A reader that breaks on one attachment; the fake stands for a defect of our own."""

    def __init__(self, real: FormReader, error: Exception) -> None:
        self._real = real
        self._error = error

    def submit(self, file: FileToRead) -> Asked:
        if file.name == "poison.xlsx":
            raise self._error
        return self._real.submit(file)

    def is_settled(self, asked: Asked) -> bool:
        return self._real.is_settled(asked)

    def result(self, asked: Asked) -> ParsedFile:
        return self._real.result(asked)


def with_fragile_reader(office: Office, error: Exception) -> None:
    office.intake = Intake(office.docket, _Fragile(office.reader, error), office.clock)


def test_a_poison_message_is_quarantined_with_one_notice_and_those_behind_it_are_taken(
    office: Office,
) -> None:
    with_fragile_reader(office, RuntimeError("a defect"))
    poison = office.put_in(mail(files={"poison.xlsx": complaint()}))
    for number in range(3):
        office.put_in(mail(files={"f.xlsx": complaint(customer_phone=f"0900-000-00{number}")}))
    assert office.intake.take_waiting() == 4
    settled = office.ledger.mail(poison)
    assert (settled.state, settled.target_folder) == (MailState.QUARANTINED, "Quarantine")
    assert "a defect" in settled.reason
    assert len(office.cases()) == 3
    assert len(to(office.post(), CARE)) == 1
    assert office.intake.take_waiting() == 0


def test_a_message_whose_rows_cannot_be_written_harms_none_that_were_taken_with_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Replies.file

    def file_elsewhere(
        self: Replies, entry: Entry, stored: StoredMail, state: MailState, reason: str
    ) -> None:
        wrong = stored.id == poison and state is MailState.TAKEN
        file(self, entry, replace(stored, id=999) if wrong else stored, state, reason)

    before = office.put_in(mail(files={"f.xlsx": complaint()}))
    poison = office.put_in(mail(files={"f.xlsx": complaint(customer_phone="0900-000-001")}))
    behind = office.put_in(mail(files={"f.xlsx": complaint(customer_phone="0900-000-002")}))
    monkeypatch.setattr(Replies, "file", file_elsewhere)
    assert office.intake.take_waiting() == 3
    states = [office.ledger.mail(one).state for one in (before, poison, behind)]
    assert states == [MailState.TAKEN, MailState.QUARANTINED, MailState.TAKEN]
    assert [case.number for case in office.cases()] == ["KS-20261123-001", "KS-20261123-002"]
    assert len(to(office.post(), STAFF, "acknowledgement")) == 2
    assert office.ledger.verify() == []


def test_a_message_that_breaks_half_way_leaves_nothing_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Docket, *_: object, **__: object) -> None:
        raise RuntimeError("a defect after the first case was opened")

    monkeypatch.setattr(Docket, "answer", broken)
    office.put_in(mail(files={"f.xlsx": complaint()}))
    with pytest.raises(RuntimeError):  # even the notice of the poison cannot be queued
        office.intake.take_waiting()
    assert office.cases() == []
    monkeypatch.undo()
    office.intake.take_waiting()
    assert office.case().number == "KS-20261123-001"


def test_a_ledger_that_cannot_write_quarantines_nothing(office: Office) -> None:
    with_fragile_reader(office, LedgerUnavailable("the disk is full"))
    waiting = office.put_in(mail(files={"poison.xlsx": complaint()}))
    with pytest.raises(LedgerUnavailable):
        office.intake.take_waiting()
    assert office.ledger.mail(waiting).state is MailState.RECEIVED


def test_customer_care_is_not_drowned_in_notices_of_spam(office: Office) -> None:
    for number in range(STRANGERS_PER_HOUR + 5):
        settled = office.receive(mail(sender=STRANGER, text=f"offer {number}"))
        assert settled.state is MailState.QUARANTINED
    *told, last = to(office.post(), CARE)
    assert len(told) == STRANGERS_PER_HOUR
    assert str(STRANGERS_PER_HOUR) in last.text  # and once that there are more


def test_what_customer_care_sends_itself_crowds_out_no_notice_of_a_message_set_aside(office: Office) -> None:
    for number in range(STRANGERS_PER_HOUR + 5):
        form = complaint(plate_no=f"滬A{number:05}", customer_phone=f"138000{number:05}")
        office.receive(mail(sender=CARE, files={"f.xlsx": form}))
    assert len(to(office.post(), CARE, "acknowledgement")) == STRANGERS_PER_HOUR + 5
    for number in range(STRANGERS_PER_HOUR):
        office.receive(mail(sender=STRANGER, text=f"offer {number}"))
    assert len(to(office.post(), CARE, "quarantine")) == STRANGERS_PER_HOUR


def test_a_reader_that_cannot_be_started_is_no_fault_of_the_message(office: Office) -> None:
    with_fragile_reader(office, ReaderUnavailable("no process can be started"))
    waiting = office.put_in(mail(files={"poison.xlsx": complaint()}))
    with pytest.raises(ReaderUnavailable):  # the channel logs it and tries again
        office.intake.take_waiting()
    assert office.ledger.mail(waiting).state is MailState.RECEIVED
    assert office.post() == []
