"""A storm of notices: the first leave at once, the others in one mail that lists them all, whatever happens."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from daemon.docket import Docket
from daemon.ledger import Ledger, OutboxState
from daemon.outbox import Outbox
from mailer.smtp import Postman, SmtpSettings
from rules.commands import OpenCase, RecordFinding
from rules.events import PenaltyState, TaskOverdue
from tests.daemon.office import AFTER_SALES, CARE, MANAGER, SERVICE_MANAGER, WORKSHOP, Office, mail, to
from tests.servers.smtp import RecordingSmtp


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as server:
        yield server


@pytest.fixture
def outbox(office: Office, smtp: RecordingSmtp) -> Iterator[Outbox]:
    opened = sender(office, smtp)
    yield opened
    opened.close()


def sender(office: Office, smtp: RecordingSmtp, docket: Docket | None = None) -> Outbox:
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    return Outbox(docket or office.docket, Postman(settings), office.clock)


def open_cases(
    office: Office, many: int, *, amount: str = "800.00", issued_by: str | None = None
) -> list[str]:
    """Open cases of one customer after another, all at this moment."""
    numbers = []
    with office.ledger.writing() as entry:
        for number in range(many):
            facts: dict[str, Any] = {
                "department": "after-sales",
                "source": "phone",
                "customer_name": f"客戶{number:03}",
                "customer_phone": f"0912{number:06}",
                "category": "repair-quality",
                "description": "煞車仍有異音",
                "repair_amount": Decimal(amount),
            }
            command = OpenCase(facts, issued_by=issued_by)
            numbers.append(office.docket.open(entry, command, office.clock.now()).number)
    return numbers


def lapse(office: Office) -> None:
    office.clock.forward(hours=2)
    office.lapses.run_due()


def mails_to(smtp: RecordingSmtp, address: str) -> list[Any]:
    return [one for one in smtp.mails if address in one.recipients]


def text_of(received: Any) -> str:
    return str(received.message.get_body(("plain",)).get_content())


def settle_the_opening(office: Office) -> None:
    office.clock.forward(minutes=1)
    office.post()
    office.post()


def test_many_lapses_at_once_are_six_mails_to_each_who_is_told(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    numbers = open_cases(office, 30)
    settle_the_opening(office)
    lapse(office)
    outbox.send_due()
    assert len(mails_to(smtp, AFTER_SALES)) == 5
    office.clock.forward(minutes=1)
    outbox.send_due()
    for address, template in ((AFTER_SALES, "escalation"), (CARE, "overdue")):
        received = mails_to(smtp, address)
        assert [str(one.message["X-Kesu-Template"]) for one in received] == [template] * 5 + ["digest"]
        told = Counter(number for one in received for number in numbers if number in text_of(one))
        assert told == Counter(numbers)
    assert office.ledger.outbox_counts()[OutboxState.BUNDLED] == 0


def test_the_bundle_shows_each_case_with_customer_grade_what_happened_and_when_it_is_due(
    office: Office,
) -> None:
    open_cases(office, 8)
    settle_the_opening(office)
    lapse(office)
    office.post()
    office.clock.forward(minutes=1)
    (bundle,) = to(office.post(), AFTER_SALES, "digest")
    assert "「升級」通知 3 件" in bundle.subject or "升級通知 3 件" in bundle.subject
    for shown in (
        "客戶007",
        "維修品質：煞車仍有異音",
        "0912000007",
        "二級",
        "客戶抱怨升為二級，請您接手處理",
        "13:01",
        "還有 1 小時 59 分",
    ):
        assert shown in bundle.text
    assert [name for name in bundle.enclosures if name.endswith(".xlsx")]


def test_the_most_urgent_stands_first_in_the_bundle(office: Office) -> None:
    numbers = []
    for _ in range(8):
        numbers += open_cases(office, 1)
        office.clock.forward(seconds=2)
    settle_the_opening(office)
    office.clock.forward(hours=2)
    office.lapses.run_due()  # all at once, after an outage
    office.post()
    office.clock.forward(minutes=1)
    (bundle,) = to(office.post(), CARE, "digest")
    places = [bundle.text.index(number) for number in numbers[5:]]
    assert places == sorted(places)


def test_the_time_that_counts_against_somebody_runs_from_when_the_bundle_was_accepted(
    office: Office, outbox: Outbox
) -> None:
    numbers = open_cases(office, 8, issued_by="customer-care")
    outbox.send_due()
    office.clock.forward(minutes=7)
    accepted = office.clock.now()
    outbox.send_due()
    mails = [entry for entry in office.ledger.outbox_of(numbers[-1]) if entry.recipient == AFTER_SALES]
    assert [(entry.state, entry.sent_at) for entry in mails] == [(OutboxState.SENT, accepted)]
    office.clock.forward(hours=47, minutes=53)
    office.lapses.run_due()
    (overdue,) = [
        row.event for row in office.ledger.events(numbers[-1]) if isinstance(row.event, TaskOverdue)
    ]
    assert (overdue.told_at, overdue.unfined) == (accepted, "told-late")
    assert overdue.fine_at == accepted + timedelta(hours=48)


def test_a_fine_in_a_bundle_names_its_number_and_amount_and_how_to_appeal(office: Office) -> None:
    numbers = open_cases(office, 8, issued_by="customer-care")
    office.post()
    office.clock.forward(minutes=1)
    office.post()
    office.clock.forward(hours=49)
    office.lapses.run_due()
    assert len(to(office.post(), AFTER_SALES, "penalty")) == 5
    office.clock.forward(minutes=1)
    (bundle,) = [one for one in to(office.post(), AFTER_SALES, "digest") if "罰款通知" in one.subject]
    assert bundle.text.count("罰款第 1 號：50 元") == 3
    assert "可以提出申訴" in bundle.text
    appeal = mail(AFTER_SALES, f"[{numbers[-1]}]", "申訴 第 1 號罰款\n當天已口頭回報")
    office.receive(office.vouched(appeal))
    (penalty,) = office.case(numbers[-1]).penalties
    assert penalty.state is PenaltyState.APPEALED


def test_what_asks_for_a_decision_on_a_penalty_always_comes_by_itself(office: Office) -> None:
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    by = office.site.party("care.director@example.com")
    with office.ledger.writing() as entry:
        for address in (SERVICE_MANAGER, WORKSHOP, AFTER_SALES, MANAGER):
            for cause in ("neglect", "inaction"):
                case = entry.case(number)
                assert case is not None
                finding = RecordFinding(by=by, party=office.site.party(address), cause=cause)
                office.docket.perform(entry, case, finding, office.clock.now())
    waiting = Counter(one.to for one in office.post() if one.template == "penalty")
    assert waiting
    assert max(waiting.values()) > 5
    assert office.ledger.outbox_counts()[OutboxState.HELD] == 0


def test_answers_to_what_people_send_are_never_held(office: Office) -> None:
    for _ in range(8):
        office.receive(mail(text="請問怎麼填表？"))
    assert office.ledger.outbox_counts()[OutboxState.HELD] == 0


def test_customer_care_hears_of_every_notice_in_a_bundle_that_cannot_be_delivered(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    numbers = open_cases(office, 16)
    settle_the_opening(office)
    lapse(office)
    smtp.misbehave("RCPT", "550 5.1.1 no such user", when=lambda argument: AFTER_SALES in argument)
    for _ in range(4):
        outbox.send_due()
        office.clock.forward(minutes=1)
    assert {
        entry.state
        for number in numbers
        for entry in office.ledger.outbox_of(number)
        if entry.recipient == AFTER_SALES
    } == {OutboxState.FAILED}
    warned = [text_of(one) for one in mails_to(smtp, CARE) if "無法送達" in text_of(one)]
    assert all(any(number in text for text in warned) for number in numbers)
    assert len(warned) == 5 + 5 + 1  # the bundle is given up in the next minute


def test_a_notice_that_cannot_be_written_costs_the_others_of_its_bundle_nothing(
    office: Office,
) -> None:
    numbers = open_cases(office, 8)
    settle_the_opening(office)
    lapse(office)
    office.post()
    erase(office, numbers[-1])
    office.clock.forward(minutes=1)
    (bundle,) = to(office.post(), AFTER_SALES, "digest")
    assert all(number in bundle.text for number in numbers[5:])


def erase(office: Office, number: str) -> None:
    """Erase what is personal of a case."""
    with sqlite3.connect(office.folder / "kesu.db") as ledger:
        ledger.execute(
            "DELETE FROM payloads WHERE seq IN (SELECT seq FROM events WHERE case_number = ?)", [number]
        )
    ledger.close()


def test_a_reply_to_a_bundle_that_names_no_case_is_asked_back_and_changes_nothing(office: Office) -> None:
    numbers = open_cases(office, 8)
    settle_the_opening(office)
    lapse(office)
    office.post()
    office.clock.forward(minutes=1)
    (bundle,) = to(office.post(), AFTER_SALES, "digest")
    office.receive(mail(AFTER_SALES, text="已解決 都重新調整了", answers=bundle))
    assert all(office.case(number).is_open for number in numbers)
    assert len(to(office.post(), AFTER_SALES)) == 1  # he hears of it


# ---------------------------------------------------------------- kill -9


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """The ledger of a process that is killed before or after its n-th deed."""

    deeds = ("outbox_lease", "outbox_sent", "writing")

    def __init__(self, ledger: Ledger, dies_at: int) -> None:
        self._ledger = ledger
        self._left = dies_at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if name not in self.deeds:
            return found

        def mortal(*args: Any, **named: Any) -> Any:
            self._age()
            done = found(*args, **named)
            self._age()
            return done

        return mortal

    def _age(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed


@pytest.mark.parametrize("dies_at", range(1, 40, 4))
def test_kill_9_at_any_step_neither_loses_nor_doubles_a_notice(
    office: Office, smtp: RecordingSmtp, dies_at: int
) -> None:
    numbers = open_cases(office, 8)
    settle_the_opening(office)
    lapse(office)
    office.clock.forward(minutes=1)
    mortal: Any = Mortal(office.ledger, dies_at)
    doomed = sender(office, smtp, Docket(office.ledger, office.site))
    doomed._docket.ledger = mortal
    with suppress(Killed):
        doomed.send_due()
    doomed.close()
    office.ledger.outbox_free(office.clock.now())  # the next start
    heir = sender(office, smtp)
    heir.send_due()
    heir.close()
    for address in (AFTER_SALES, CARE):
        mails = {str(one.message["Message-ID"]): text_of(one) for one in mails_to(smtp, address)}
        told = Counter(number for text in mails.values() for number in numbers if number in text)
        assert told == Counter(numbers)
        assert len(mails) == 6
