"""Mails that come back: whom they did not reach is told another way, and nobody is unseated or fined by a bounce."""

from datetime import timedelta

import pytest

from daemon.attendance import gaps
from daemon.casepage import story_of
from daemon.ledger import MailState, OutboxEntry, OutboxState
from daemon.site import load_site
from mailer.wording import wording
from rules.case import Status
from rules.events import PenaltyState, PenaltyWithheld
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SALES,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    mail,
    to,
)
from tests.mailer.inbound import bounced


def with_deputy(office: Office, email: str, deputy: str) -> None:
    """Let somebody name a deputy for good."""
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    changed = text.replace(f'email = "{email}"', f'email = "{email}", deputy = "{deputy}"', 1)
    path.write_text(changed, encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)


def told(office: Office, who: str = SERVICE_MANAGER, template: str = "assignment") -> Posted:
    """Open a case and return the notice that somebody got of it."""
    office.receive(mail(files={"f.xlsx": complaint()}))
    (posted,) = to(office.post(), who, template)
    return posted


def returned(posted: Posted, **said: str) -> bytes:
    """The bounce of a mail, as Postfix writes it."""
    return bounced.postfix(str(posted.message["Message-ID"]), posted.to, **said)


def entry_of(office: Office, posted: Posted) -> OutboxEntry:
    message_id = str(posted.message["Message-ID"])
    return next(
        one
        for case in office.cases()
        for one in office.ledger.outbox_of(case.number)
        if one.message_id == message_id
    )


def test_customer_care_is_told_whom_a_mail_did_not_reach_and_sees_all_he_would_have_seen(
    office: Office,
) -> None:
    notice = told(office)
    settled = office.receive(returned(notice))
    assert (settled.state, settled.target_folder) == (MailState.TAKEN, "Processed")
    (warning,) = office.post()
    assert warning.to == CARE
    for expected in (SERVICE_MANAGER, "5.1.1", "User unknown", "更換煞車片後仍有異音"):
        assert expected in warning.text


@pytest.mark.parametrize("locale", list(Locale))
def test_customer_care_is_asked_to_tell_him_another_way_and_not_told_to_do_nothing(
    office: Office, locale: Locale
) -> None:
    office.configure(locale=locale)
    office.receive(mail(files={"f.xlsx": complaint()}))
    (notice,) = to(office.post(), SERVICE_MANAGER)
    office.receive(returned(notice))
    (warning,) = office.post()
    said = wording(locale)
    assert said.say("undelivered.headline") in warning.text
    assert said.say("undelivered.ask") in warning.text
    assert said.say("assignment.any.ask") not in warning.text


def test_the_mail_counts_as_returned_and_is_not_sent_again(office: Office) -> None:
    notice = told(office)
    office.receive(returned(notice))
    entry = entry_of(office, notice)
    assert (entry.state, entry.accepted_at) == (OutboxState.BOUNCED, None)
    assert entry.sent_at is not None, "it did leave"
    assert "User unknown" in entry.last_error


@pytest.mark.parametrize("system", ["exim", "gmail", "exchange", "qmail", "netease"])
def test_bounces_of_every_system_find_their_mail(office: Office, system: str) -> None:
    notice = told(office)
    write = getattr(bounced, system)
    office.receive(write(ours=str(notice.message["Message-ID"]), reader=notice.to))
    assert entry_of(office, notice).state is OutboxState.BOUNCED
    assert [one.to for one in office.post()] == [CARE]


def test_a_bounce_that_comes_twice_is_told_of_once(office: Office) -> None:
    notice = told(office)
    for _ in range(3):
        office.receive(returned(notice))
        office.uidvalidity += 1
    office.receive(bounced.exim(str(notice.message["Message-ID"]), notice.to))
    assert len(office.post()) == 1


def test_the_case_goes_on_rising(office: Office) -> None:
    office.receive(returned(told(office)))
    office.post()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert to(office.post(), AFTER_SALES, "escalation")


def test_the_bounce_is_seen_with_the_case(office: Office) -> None:
    settled = office.receive(returned(told(office)))
    assert office.ledger.mails_about(office.case().number)[-1].id == settled.id


def test_a_bounce_that_overtakes_the_sender_stays_a_bounce(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    leased = office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 100)
    notice = next(one for one in leased if one.recipient == SERVICE_MANAGER)
    office.receive(bounced.postfix(notice.message_id, notice.recipient))
    assert not office.ledger.outbox_sent(notice.id, office.clock.now(), "250 taken")
    (entry,) = [
        one for one in office.ledger.outbox_of(office.case().number) if one.recipient == SERVICE_MANAGER
    ]
    assert entry.state is OutboxState.BOUNCED


def test_a_bounced_bundle_is_every_notice_in_it(office: Office) -> None:
    for number in range(9):
        office.put_in(mail(files={"f.xlsx": complaint(customer_phone=f"0900-000-00{number}")}))
    office.intake.take_waiting()
    office.clock.forward(minutes=2)
    bundle = next(one for one in to(office.post(), SERVICE_MANAGER) if one.template == "digest")
    office.receive(returned(bundle))
    office.clock.forward(minutes=2)
    states = [
        entry.state
        for case in office.cases()
        for entry in office.ledger.outbox_of(case.number)
        if entry.recipient == SERVICE_MANAGER
    ]
    assert states.count(OutboxState.BOUNCED) == 4
    assert states.count(OutboxState.SENT) == 5


# ---------------------------------------------------------------- deputies


def test_his_deputy_gets_what_he_has_to_do_and_is_told_why(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(returned(told(office)))
    (passed_on,) = to(office.post(), SALES, "assignment")
    assert "王經理" in passed_on.text
    assert "退回" in passed_on.text
    assert "請假" not in passed_on.text


def test_the_deputy_may_report_in_his_place(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(returned(told(office)))
    (passed_on,) = to(office.post(), SALES, "assignment")
    office.receive(mail(SALES, text="已解決 重新調整煞車，客戶滿意", answers=passed_on))
    assert office.case().status is Status.RESOLVED


def test_nobody_is_unseated_by_a_bounce(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    notice = told(office)
    office.receive(returned(notice))
    office.post()
    assert "service-manager" in office.case().owners
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整煞車，客戶滿意", answers=notice))
    assert office.case().status is Status.RESOLVED


def test_later_notices_go_to_both_until_a_week_is_over(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(returned(told(office)))
    office.post()
    office.receive(mail(files={"f.xlsx": complaint(customer_phone="0900-111-222")}))
    posted = office.post()
    assert to(posted, SERVICE_MANAGER, "assignment")
    assert to(posted, SALES, "assignment")
    office.clock.forward(days=7, minutes=1)
    office.receive(mail(files={"f.xlsx": complaint(customer_phone="0900-333-444")}))
    posted = office.post()
    assert to(posted, SERVICE_MANAGER, "assignment")
    assert not to(posted, SALES, "assignment")


def test_whoever_answers_a_later_mail_is_reached_again(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(returned(told(office)))
    office.post()
    office.clock.forward(minutes=5)
    office.receive(mail(files={"f.xlsx": complaint(customer_phone="0900-111-222")}))
    (later,) = to(office.post(), SERVICE_MANAGER, "assignment")
    office.receive(mail(SERVICE_MANAGER, text="收到", answers=later))
    assert office.ledger.unreached(office.clock.now()) == []


def test_a_mailbox_that_is_full_can_still_write(office: Office) -> None:
    notice = told(office)
    office.receive(returned(notice))
    office.receive(mail(SERVICE_MANAGER, text="你好嗎"))
    assert [one.email for one in office.ledger.unreached(office.clock.now())] == [SERVICE_MANAGER]


def test_a_refusal_by_smtp_reaches_the_deputy_as_well(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(mail(files={"f.xlsx": complaint()}))
    for queued in office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 100):
        if queued.recipient == SERVICE_MANAGER:
            office.docket.undeliverable(queued, "550 no such user", office.clock.now())
            office.ledger.outbox_failed(queued.id, "550 no such user", office.clock.now())
    assert to(office.post(), SALES, "assignment")


# ---------------------------------------------------------------- what proves a bounce


def test_a_bounce_of_a_mail_that_went_to_somebody_else_proves_nothing(office: Office) -> None:
    notice = told(office)
    office.receive(bounced.postfix(str(notice.message["Message-ID"]), AFTER_SALES))
    assert entry_of(office, notice).state is OutboxState.SENT
    assert office.ledger.unreached(office.clock.now()) == []


def test_a_bounce_that_nothing_proves_changes_nothing_and_customer_care_is_asked_to_look(
    office: Office,
) -> None:
    notice = told(office)
    for _ in range(2):
        settled = office.receive(bounced.qq(SERVICE_MANAGER, notice.subject))
        office.uidvalidity += 1
    assert settled.state is MailState.IGNORED
    assert entry_of(office, notice).state is OutboxState.SENT
    assert office.ledger.unreached(office.clock.now()) == []
    (asked,) = office.post()
    assert asked.to == CARE
    for expected in (SERVICE_MANAGER, office.case().number, "Mailbox not found"):
        assert expected in asked.text


def test_a_bounce_from_the_reader_himself_is_none(office: Office) -> None:
    notice = told(office)
    forged = returned(notice).replace(
        b"MAILER-DAEMON@mx.example.net (Mail Delivery System)", notice.to.encode()
    )
    office.receive(forged)
    assert entry_of(office, notice).state is OutboxState.SENT
    assert office.post() == []


def test_whoever_has_acted_on_the_case_since_has_had_his_mail(office: Office) -> None:
    notice = told(office)
    office.receive(mail(SERVICE_MANAGER, text="優惠工時費 90%，已解決", answers=notice))
    assert "refused" in office.kinds()
    office.post()
    office.clock.forward(minutes=1)
    office.receive(returned(notice))
    assert entry_of(office, notice).state is OutboxState.SENT
    assert [one.to for one in office.post()] == [CARE], "who is asked to look"


def test_a_bounce_of_an_old_mail_proves_nothing(office: Office) -> None:
    notice = told(office)
    office.clock.forward(days=15)
    office.receive(returned(notice))
    assert entry_of(office, notice).state is OutboxState.SENT


def test_a_bounce_of_a_mail_we_never_sent_is_quarantined_and_told(office: Office) -> None:
    settled = office.receive(bounced.postfix())
    assert settled.state is MailState.QUARANTINED
    assert [one.to for one in office.post()] == [CARE]


def test_a_token_in_the_text_that_is_returned_proves_a_bounce_too(office: Office) -> None:
    notice = told(office)
    prose = f"無法投遞 <{notice.to}>: 550 no such user\n\n{notice.text}"
    office.receive(mail("MAILER-DAEMON@mx.example.net", "Undelivered Mail", prose))
    assert entry_of(office, notice).state is OutboxState.BOUNCED


def test_a_bounce_under_a_message_id_that_a_relay_gave_is_known_by_the_code_in_the_mail(
    office: Office,
) -> None:
    notice = told(office)
    raw = bounced.exim("<0100019@relay.example.net>", notice.to).replace(
        b"a customer complaint for you to handle", notice.text.encode()
    )
    office.receive(raw)
    assert entry_of(office, notice).state is OutboxState.BOUNCED


def test_a_delay_is_noted_only(office: Office) -> None:
    notice = told(office)
    settled = office.receive(bounced.delayed(str(notice.message["Message-ID"]), notice.to))
    assert settled.state is MailState.IGNORED
    assert entry_of(office, notice).state is OutboxState.SENT
    assert office.post() == []
    office.receive(returned(notice))
    assert entry_of(office, notice).state is OutboxState.BOUNCED, "in the end it failed"


# ---------------------------------------------------------------- loops


def test_a_bounce_of_a_mail_to_customer_care_ends_there(office: Office) -> None:
    office.receive(returned(told(office)))
    (warning,) = office.post()
    settled = office.receive(returned(warning))
    assert settled.state is MailState.TAKEN
    assert office.post() == []


def test_a_bounce_of_an_answer_to_a_sender_ends_there(office: Office) -> None:
    acknowledgement = told(office, STAFF, "acknowledgement")
    office.receive(returned(acknowledgement))
    assert office.post() == []


# ---------------------------------------------------------------- fines


def report_owed(office: Office) -> Posted:
    """A duty (D26): the after-sales director owes a report within 48 hours; return the notice of it."""
    office.receive(mail(CARE, files={"f.xlsx": complaint()}))
    (notice,) = to(office.post(), AFTER_SALES, "assignment")
    return notice


def pass_days(office: Office, days: int) -> None:
    for _ in range(days * 6):
        office.clock.forward(hours=4)
        office.lapses.run_due()
        office.post()


def test_D26_nobody_is_fined_for_a_notice_that_came_back(office: Office) -> None:
    office.receive(returned(report_owed(office)))
    pass_days(office, 5)
    assert office.case().penalties == ()
    withheld = [row.event for row in office.ledger.events(office.case().number)]
    assert [event.reason for event in withheld if isinstance(event, PenaltyWithheld)] == ["not-told"]


def test_D26_a_bounce_that_only_a_subject_hints_at_stops_no_clock(office: Office) -> None:
    notice = report_owed(office)
    office.receive(bounced.qq(AFTER_SALES, notice.subject))
    pass_days(office, 5)
    assert [penalty.state for penalty in office.case().penalties] == [PenaltyState.ISSUED]


def test_D26_a_fine_before_the_bounce_stands_and_customer_care_is_told_of_it(office: Office) -> None:
    notice = report_owed(office)
    pass_days(office, 3)
    (penalty,) = office.case().penalties
    office.receive(returned(notice))
    warning = next(one for one in office.post() if one.to == CARE and "User unknown" in one.text)
    assert "罰款是否維持" in warning.text
    assert office.case().penalties == (penalty,)


def test_D26_the_deputy_who_got_it_owes_it_from_then_on(office: Office) -> None:
    with_deputy(office, AFTER_SALES, MANAGER)
    office.receive(returned(report_owed(office)))
    assert to(office.post(), MANAGER, "assignment")
    pass_days(office, 5)
    (penalty,) = office.case().penalties
    assert penalty.party.email == MANAGER


# ---------------------------------------------------------------- what is shown


def test_the_case_shows_what_came_back_and_what_machines_said(office: Office) -> None:
    notice = told(office)
    office.receive(returned(notice))
    story = story_of(office.docket, office.case().number, Locale.EN, office.clock.now())
    assert story is not None
    sections = {section.key: section.entries for section in story.sections}
    assert any("came back" in entry.state and "User unknown" in entry.state for entry in sections["mails"])
    (bounce,) = sections["machines"]
    assert bounce.state == "acted on"
    assert "Undelivered Mail" in bounce.details[0]


def test_what_is_missing_among_the_people_names_whom_mails_do_not_reach(office: Office) -> None:
    with_deputy(office, SERVICE_MANAGER, SALES)
    office.receive(returned(told(office)))
    site = office.docket.present(office.clock.now())
    (gap,) = [line for line in gaps(site) if "come back" in line]
    assert SERVICE_MANAGER in gap
    assert SALES in gap
    assert not site.presence.is_away(SERVICE_MANAGER)


def test_the_digest_of_the_day_lists_what_came_back(office: Office) -> None:
    before = office.clock.now()
    office.clock.forward(seconds=1)
    office.receive(returned(told(office)))
    (lost,) = office.ledger.given_up_since(before)
    assert (lost.recipient, "User unknown" in lost.reason) == (SERVICE_MANAGER, True)


def test_a_bundle_that_carries_a_lost_notice_asks_customer_care_to_pass_it_on(office: Office) -> None:
    for number in range(9):
        office.put_in(mail(files={"f.xlsx": complaint(customer_phone=f"0900-000-00{number}")}))
    office.intake.take_waiting()
    office.clock.forward(minutes=2)
    for one in to(office.post(), SERVICE_MANAGER):
        office.receive(returned(one))
    office.clock.forward(minutes=2)
    posted = to(office.post(), CARE)
    (carrying,) = [one for one in posted if one.template == "digest"]
    assert "以下有通知沒有送達，都已標明；請以電話或其他方式告知對方。" in carrying.text
    assert carrying.text.startswith("【無法送達】")
    assert "不需要處理" not in carrying.text
