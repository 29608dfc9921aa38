"""Mail put aside for its sender: customer care lets it in by a reply, once; nobody else can, and nothing is lost."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from daemon.digest import DailyDigest
from daemon.errors import ConfigurationError
from daemon.intake import STRANGERS_PER_HOUR
from daemon.ledger import HeldFor, HeldMail, HeldState, Ledger, MailState
from mailer.wording import wording
from parsers.reader import FormReader
from rules.case import Status
from rules.locales import Locale
from tests.daemon.office import (
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    STRANGER,
    Office,
    Posted,
    complaint,
    flawed,
    handling,
    mail,
    open_office,
    to,
)
from tests.daemon.test_unproven import token

SERVER = "mx.example.com"
DIRECTOR = "care.director@example.com"


def trust(office: Office, lines: str = f'authserv_id = "{SERVER}"') -> None:
    """Let the office verify its senders."""
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace("[access]\n", f"[access]\n{lines}\n")
    path.write_text(text, encoding="utf-8")
    office.configure()


def says(results: str) -> dict[str, str]:
    return {"Authentication-Results": f"{SERVER}; {results}"}


GENUINE = says("dmarc=pass header.from=example.com")
FORGED = says("dmarc=fail header.from=example.com")


def put_aside(office: Office, message: EmailMessage) -> tuple[int, Posted]:
    """Receive a message that is put aside; return its number and the mail that tells customer care."""
    settled = office.receive(message)
    assert settled.state is MailState.QUARANTINED
    (notice,) = office.post()
    assert (notice.to, notice.template) == (CARE, "quarantine")
    return settled.id, notice


def answer(notice: Posted, text: str, sender: str = CARE, **more: object) -> EmailMessage:
    return mail(sender, text=text, answers=notice, **more)  # type: ignore[arg-type]


def form_of_a_stranger() -> EmailMessage:
    return mail(STRANGER, "cheap tyres", files={"f.xlsx": complaint()})


# ---------------------------------------------------------------- who is let in


def test_without_a_trusted_server_nobody_is_verified(office: Office) -> None:
    assert office.receive(mail(files={"f.xlsx": complaint()}, headers=FORGED)).state is MailState.TAKEN


def test_a_verified_sender_is_taken_as_ever(office: Office) -> None:
    trust(office)
    assert office.receive(mail(files={"f.xlsx": complaint()}, headers=GENUINE)).state is MailState.TAKEN
    assert to(office.post(), STAFF, "acknowledgement")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, HeldFor.UNVERIFIED),
        (says("dkim=none"), HeldFor.UNVERIFIED),
        (FORGED, HeldFor.FORGED),
        ({"Authentication-Results": "evil.example; dmarc=pass header.from=example.com"}, HeldFor.UNVERIFIED),
    ],
)
def test_who_is_not_verified_waits_for_customer_care_and_hears_nothing(
    office: Office, headers: dict[str, str], why: HeldFor
) -> None:
    trust(office)
    number, _ = put_aside(office, mail(files={"f.xlsx": complaint()}, headers=headers))
    held = office.ledger.quarantined(number)
    assert held is not None
    assert (held.why, held.mail.target_folder, office.cases()) == (why, "Quarantine", [])


def test_words_of_who_is_not_verified_change_nothing(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    trust(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    assert office.case().status is Status.OPEN
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment, headers=GENUINE))
    assert office.case().status is Status.RESOLVED


def test_mail_of_the_own_server_is_taken_where_the_operator_says_so(office: Office) -> None:
    trust(office, f'authserv_id = "{SERVER}"\nunsigned = "take"')
    assert office.receive(mail(files={"f.xlsx": complaint()})).state is MailState.TAKEN
    assert office.receive(mail(files={"f.xlsx": complaint()}, headers=FORGED)).state is MailState.QUARANTINED
    assert office.receive(mail(text="?", headers=says("dkim=none"))).state is MailState.QUARANTINED


def test_a_mail_servers_own_note_needs_nobody_to_vouch_for_it(office: Office) -> None:
    trust(office)
    bounce = mail("MAILER-DAEMON@example.com", "Undelivered Mail", "550 no such user")
    assert office.receive(bounce).state is MailState.IGNORED
    assert office.post() == []


def test_a_machine_that_sends_a_form_is_verified_like_everybody(office: Office) -> None:
    trust(office)
    robot = {"Auto-Submitted": "auto-generated"}
    assert office.receive(mail(files={"f.xlsx": complaint()}, headers=robot)).state is MailState.QUARANTINED
    assert (
        office.receive(mail(files={"f.xlsx": complaint()}, headers=robot | GENUINE)).state is MailState.TAKEN
    )


# ---------------------------------------------------------------- letting in


@pytest.mark.parametrize("word", ["放行", "请放行", "Release", "您好，放行。", "「放行」", "同意放行 謝謝"])
def test_customer_care_releases_a_stranger_and_his_form_opens_a_case(office: Office, word: str) -> None:
    number, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, word))
    assert office.case().grade == "level-3"
    held = office.ledger.quarantined(number)
    assert held is not None
    assert (held.state, held.decided_by, held.mail.state) == (HeldState.RELEASED, CARE, MailState.TAKEN)
    posted = office.post()
    assert to(posted, SERVICE_MANAGER, "assignment")
    assert to(posted, STRANGER) == []


@pytest.mark.parametrize(
    "word", ["不放行", "退回", "拒絕", "不要放行", "discard", "Do not release", "please discard it"]
)
def test_what_customer_care_does_not_want_stays_where_it_is(office: Office, word: str) -> None:
    number, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, word))
    held = office.ledger.quarantined(number)
    assert held is not None
    assert (held.state, held.mail.state) == (HeldState.DISCARDED, MailState.QUARANTINED)
    assert (office.cases(), office.post()) == ([], [])


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(("key", "state"), [("release", "released"), ("discard", "discarded")])
def test_the_word_that_our_mail_shows_decides_in_every_language(
    office: Office, locale: Locale, key: str, state: str
) -> None:
    office.configure(locale=locale)
    number, notice = put_aside(office, form_of_a_stranger())
    word = wording(locale).say(f"ready.{key}")
    assert word in notice.text
    office.receive(answer(notice, f"{word}\n"))
    held = office.ledger.quarantined(number)
    assert held is not None
    assert held.state == state


def test_a_tap_on_the_button_releases_it(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    assert "mailto:" in notice.message.as_string().replace("=\n", "")
    office.receive(mail(CARE, "Re: 被隔離的來信", f"放行\n\n（請保留這一行：{token(notice)}）"))
    assert len(office.cases()) == 1


def test_our_own_person_released_gets_his_acknowledgement(office: Office) -> None:
    trust(office)
    _, notice = put_aside(office, mail(files={"f.xlsx": complaint()}))
    office.receive(answer(notice, "放行", headers=GENUINE))
    assert to(office.post(), STAFF, "acknowledgement")


def test_a_strangers_case_that_is_resolved_sends_him_nothing(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "放行"))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    assert office.case().status is Status.RESOLVED
    assert to(office.post(), STRANGER) == []


def test_a_release_lets_in_forms_but_speaks_for_nobody(office: Office) -> None:
    case = office.opened()
    trust(office, f'authserv_id = "{SERVER}"\ntokens = "off"')
    report = mail(SERVICE_MANAGER, files={"f.xlsx": handling(case.number)})
    _, notice = put_aside(office, report)
    office.receive(answer(notice, "放行", headers=GENUINE))
    assert office.case().status is Status.OPEN
    assert to(office.post(), SERVICE_MANAGER, "confirm-request")
    _, notice = put_aside(office, mail(SERVICE_MANAGER, f"[{case.number}]", "已解決 都好了"))
    office.receive(answer(notice, "放行", headers=GENUINE))
    assert office.case().status is Status.OPEN


def test_a_strangers_report_that_is_released_is_put_aside_again_and_nobody_is_asked(office: Office) -> None:
    case = office.opened()
    number, notice = put_aside(office, mail(STRANGER, files={"f.xlsx": handling(case.number)}))
    office.receive(answer(notice, "放行"))
    assert office.case().status is Status.OPEN
    posted = office.post()
    assert [(one.to, one.template) for one in posted] == [(CARE, "quarantine")]
    assert "沒有可以受理" in posted[0].text
    assert office.ledger.mail(number).state is MailState.QUARANTINED


def test_whoever_releases_a_mail_without_a_form_is_told_that_nothing_came_of_it(office: Office) -> None:
    _, notice = put_aside(office, mail(STRANGER, "cheap tyres", "buy now"))
    office.receive(answer(notice, "放行"))
    (told,) = office.post()
    assert (told.to, "信中沒有表單" in told.text) == (CARE, True)


# ---------------------------------------------------------------- once


def test_a_mail_is_released_once_however_often_it_is_said(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "放行"))
    office.post()
    office.receive(answer(notice, "放行"))
    (told,) = office.post()
    assert (told.to, "先前" in told.text) == (CARE, True)
    assert len(office.cases()) == 1


def test_what_was_discarded_can_still_be_released(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "退回"))
    office.receive(answer(notice, "放行"))
    assert len(office.cases()) == 1


def test_the_same_form_sent_again_by_the_stranger_opens_no_second_case(office: Office) -> None:
    message = form_of_a_stranger()
    _, notice = put_aside(office, message)
    office.receive(answer(notice, "放行"))
    office.post()
    office.uidvalidity += 1
    assert office.receive(message).state is MailState.DUPLICATE
    assert (len(office.cases()), office.post()) == (1, [])


def test_a_release_survives_that_the_daemon_dies_before_it_is_carried_out(
    office: Office, reader: FormReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number, notice = put_aside(office, form_of_a_stranger())
    office.put_in(answer(notice, "放行"))
    returned = Ledger.returned_mail

    def killed(ledger: Ledger) -> dict[int, HeldMail]:
        if ledger.mail(number).state is MailState.RECEIVED:
            raise KeyboardInterrupt  # between the decision and its effect
        return returned(ledger)

    monkeypatch.setattr(Ledger, "returned_mail", killed)
    with pytest.raises(KeyboardInterrupt):
        office.intake.take_waiting()
    monkeypatch.undo()
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    assert office.cases() == []
    office.ledger.close()
    again = open_office(tmp_path, reader)
    again.intake.take_waiting()
    again.intake.take_waiting()
    assert len(again.cases()) == 1
    again.ledger.close()
    office.ledger = again.ledger


# ---------------------------------------------------------------- nobody else


@pytest.mark.parametrize("sender", [STAFF, SERVICE_MANAGER, MANAGER, STRANGER])
def test_nobody_but_customer_care_releases(office: Office, sender: str) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, f"放行\n{token(notice)}", sender=sender))
    assert office.cases() == []


def test_a_release_wants_a_proof_that_it_is_customer_cares(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(mail(CARE, notice.subject, "放行"))
    office.receive(mail(CARE, f"Re: {notice.subject}", "放行\nKT-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"))
    assert office.cases() == []


def test_a_machine_of_customer_cares_releases_nothing(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "放行", headers={"Auto-Submitted": "auto-replied"}))
    assert office.cases() == []


def test_customer_care_need_not_be_verified_where_the_notice_itself_proves_it(office: Office) -> None:
    trust(office)
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "放行", headers=FORGED))
    assert office.cases() == []
    office.post()
    office.receive(answer(notice, "放行"))
    assert len(office.cases()) == 1


def test_what_a_stranger_writes_is_not_taken_for_customer_cares_answer(office: Office) -> None:
    spam = mail(STRANGER, "放行", "放行\nrelease\n\n放行", files={"f.xlsx": complaint()})
    _, notice = put_aside(office, spam)
    quoted = "\n".join(f"> {line}" for line in notice.text.splitlines())
    office.receive(answer(notice, f"這是誰寄的？\n\n{quoted}"))
    office.receive(answer(notice, f"這是誰寄的？\n\n{notice.text}"))
    office.receive(answer(notice, quoted))
    office.receive(answer(notice, notice.text))
    assert office.cases() == []


def test_an_answer_that_does_not_tell_is_asked_back(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "放行嗎？"))
    (question,) = office.post()
    assert (question.to, office.cases()) == (CARE, [])
    office.receive(answer(question, "放行"))
    assert len(office.cases()) == 1


def test_a_word_of_thanks_asks_nothing(office: Office) -> None:
    _, notice = put_aside(office, form_of_a_stranger())
    office.receive(answer(notice, "收到，謝謝"))
    assert (office.cases(), office.post()) == ([], [])


# ---------------------------------------------------------------- what is told


def test_the_notice_shows_the_mail_without_a_link_that_can_be_clicked(office: Office) -> None:
    spam = mail(STRANGER, "cheap <b>tyres</b>", "see https://evil.example/x", files={"f.xlsx": complaint()})
    _, notice = put_aside(office, spam)
    for shown in (STRANGER, "cheap", "f.xlsx", "evil.example"):
        assert shown in notice.text
    page = notice.message.get_body(("html",))
    assert page is not None
    html = str(page.get_content())
    assert "https://evil" not in html
    assert "<b>tyres" not in html
    assert notice.message["In-Reply-To"] is None


def test_the_digest_says_in_its_readers_language_why_a_mail_waits(office: Office) -> None:
    office.receive(mail(files={"broken.xlsx": b"PK\x03\x04 damaged"}))
    office.post()
    office.clock.forward(hours=1)
    say = DailyDigest(office.docket).prepare("2026-11-24", office.clock.now())
    with office.ledger.writing() as entry:
        say(entry)
    (digest, *_) = to(office.post(), CARE, "digest")
    assert "附件無法讀取" in digest.text
    assert "damaged" not in digest.text


def test_glpi_16735_a_flood_of_strangers_is_told_of_in_the_digest_and_nothing_vanishes(
    office: Office,
) -> None:
    for number in range(STRANGERS_PER_HOUR + 5):
        office.receive(mail(STRANGER, f"offer {number}", f"offer {number}"))
    assert len(to(office.post(), CARE, "quarantine")) == STRANGERS_PER_HOUR
    assert office.ledger.quarantine_to_decide() == STRANGERS_PER_HOUR + 5
    say = DailyDigest(office.docket).prepare("2026-11-24", office.clock.now())
    with office.ledger.writing() as entry:
        say(entry)
    (digest, *_) = to(office.post(), CARE, "digest")
    for number in range(STRANGERS_PER_HOUR + 5):
        assert f"offer {number}" in digest.text
    assert f"{STRANGERS_PER_HOUR + 5} 封被隔離的來信" in digest.text


def test_a_bounce_of_a_notice_starts_no_loop(office: Office) -> None:
    put_aside(office, form_of_a_stranger())
    bounce = mail("MAILER-DAEMON@mx.elsewhere.example", "Undelivered", f"<{CARE}>: 550 mailbox full")
    assert office.receive(bounce).state is MailState.QUARANTINED
    assert office.post() == []


def test_a_strangers_flawed_form_released_asks_the_stranger_nothing(office: Office) -> None:
    _, notice = put_aside(office, mail(STRANGER, files={"f.xlsx": flawed()}))
    office.receive(answer(notice, "放行"))
    assert office.case().status is Status.INCOMPLETE
    assert to(office.post(), STRANGER) == []


@pytest.mark.parametrize("named", ["*", "mx.example.com, *", "*.*"])
def test_a_configuration_that_would_believe_every_server_is_refused(office: Office, named: str) -> None:
    with pytest.raises(ConfigurationError, match="authserv_id"):
        trust(office, f'authserv_id = "{named}"')


def test_a_notice_proves_only_its_own_reader(office: Office) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    second = '{ name = "客戶關愛部", email = "care@example.com" }'
    path.write_text(text.replace(second, f'{second}, {{ name = "小吳", email = "care2@example.com" }}'))
    office.configure()
    office.receive(form_of_a_stranger())
    first, other = office.post()
    assert {first.to, other.to} == {CARE, "care2@example.com"}
    office.receive(answer(first, f"放行\n{token(first)}", sender=other.to))
    assert office.cases() == []
    office.receive(answer(other, "放行", sender=other.to))
    assert len(office.cases()) == 1
