"""What lateness costs hangs on the mail server: nobody pays who was not told in time (D26), and what is shown of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from daemon.cli import main
from daemon.ledger import OutboxState
from daemon.outbox import Outbox
from daemon.site import load_site
from mailer.smtp import Postman, SmtpSettings
from rules.case import Penalty
from rules.events import TaskOpened, TaskOverdue
from tests.daemon.office import AFTER_SALES, CARE, Office, complaint, mail
from tests.servers.smtp import RecordingSmtp

SECOND = "after-sales.two@example.com"


def issued(office: Office) -> None:
    """Take in a form of customer care: the after-sales director owes a report within two days."""
    office.receive(mail(CARE, files={"f.xlsx": complaint()}))


def send(office: Office, *, fails_for: str = "") -> None:
    """Say that the server took what waits, but for one person's mails, which wait on."""
    now = office.clock.now()
    for waiting in office.ledger.outbox_lease(now, timedelta(minutes=5), 100):
        if waiting.recipient == fails_for:
            office.ledger.outbox_retry(waiting.id, now, "451 try again later")
        else:
            office.ledger.outbox_sent(waiting.id, now, "250 taken")


def pass_time(office: Office, *, hours: int) -> None:
    """Let time pass hour by hour, so that everything happens when it is due."""
    for _ in range(hours):
        office.clock.forward(hours=1)
        office.lapses.run_due()


def penalties(office: Office) -> tuple[Penalty, ...]:
    return office.case().penalties


def overdue(office: Office) -> TaskOverdue:
    rows = office.ledger.events(office.case().number)
    late = [row.event for row in rows if isinstance(row.event, TaskOverdue)]
    (found,) = [event for event in late if event.clause == "D26"]
    return found


def two_directors(office: Office) -> None:
    path = office.folder / "config.toml"
    one = f'{{ name = "林總監", email = "{AFTER_SALES}" }}'
    both = f'{one}, {{ name = "趙總監", email = "{SECOND}" }}'
    path.write_text(path.read_text("utf-8").replace(one, both), encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)


def test_D26_the_director_who_was_told_at_once_pays_when_his_two_days_are_over(office: Office) -> None:
    told = office.clock.now()
    issued(office)
    send(office)
    pass_time(office, hours=47)
    assert penalties(office) == ()
    pass_time(office, hours=1)
    (penalty,) = penalties(office)
    assert (penalty.amount, penalty.state, penalty.party.email) == (Decimal("50.00"), "issued", AFTER_SALES)
    assert (overdue(office).told_at, overdue(office).unfined) == (told, None)
    pass_time(office, hours=200)
    assert len(penalties(office)) == 1


def test_D26_while_the_mail_server_is_dead_nobody_is_fined(office: Office) -> None:
    with RecordingSmtp() as gone:
        settings = SmtpSettings(gone.host, gone.port, "plain", timeout=60)
    outbox = Outbox(office.docket, Postman(settings), office.clock)
    issued(office)
    for _ in range(20):
        outbox.send_due()
        pass_time(office, hours=6)
    outbox.close()
    assert office.ledger.outbox_counts()[OutboxState.SENT] == 0
    assert (penalties(office), overdue(office).unfined) == ((), "not-told")
    assert office.kinds().count("penalty-withheld") == 1
    assert office.ledger.next_due() is not None, "the case itself goes on"


def test_D26_whose_notice_was_accepted_late_has_two_days_from_then(office: Office) -> None:
    issued(office)
    pass_time(office, hours=10)
    told = office.clock.now()
    send(office)
    pass_time(office, hours=47)
    assert (overdue(office).unfined, overdue(office).fine_at) == ("told-late", told + timedelta(hours=48))
    assert penalties(office) == ()
    pass_time(office, hours=1)
    (penalty,) = penalties(office)
    assert (penalty.imposed_at, penalty.party.email) == (told + timedelta(hours=48), AFTER_SALES)


def test_D26_only_his_own_notice_tells_him_not_a_copy_to_customer_care_nor_another_mail(
    office: Office,
) -> None:
    issued(office)
    now = office.clock.now()
    (opened,) = [
        row.seq for row in office.ledger.events(office.case().number) if isinstance(row.event, TaskOpened)
    ]
    for waiting in office.ledger.outbox_lease(now, timedelta(minutes=5), 100):
        if (waiting.recipient, waiting.event_seq) == (AFTER_SALES, opened):
            office.ledger.outbox_failed(waiting.id, "550 no such user", now)
            office.docket.undeliverable(waiting, "550 no such user", now)
    send(office)
    for _ in range(30):
        pass_time(office, hours=4)
        send(office)
    assert any(one.recipient == AFTER_SALES and one.sent_at for one in mails(office)), "of the escalation"
    assert any(one.recipient == CARE and one.event_seq == opened and one.sent_at for one in mails(office))
    assert (penalties(office), overdue(office).told_at) == ((), None)


def mails(office: Office) -> list:
    return office.ledger.outbox_of(office.case().number)


@pytest.mark.parametrize(("fails_for", "whose"), [("", ""), (SECOND, AFTER_SALES), (AFTER_SALES, SECOND)])
def test_D26_of_two_directors_the_one_who_was_told_pays_and_the_office_where_both_were(
    office: Office, fails_for: str, whose: str
) -> None:
    two_directors(office)
    issued(office)
    send(office, fails_for=fails_for)
    pass_time(office, hours=48)
    (penalty,) = penalties(office)
    assert (penalty.party.email, penalty.role) == (whose, "after-sales-director")


def test_D26_who_took_the_office_over_was_never_told(office: Office) -> None:
    issued(office)
    send(office)
    path = office.folder / "config.toml"
    path.write_text(path.read_text("utf-8").replace(AFTER_SALES, "new.director@example.com"), "utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)
    pass_time(office, hours=200)
    assert (penalties(office), overdue(office).unfined) == ((), "not-told")


# ---------------------------------------------------------------- kesu penalties


def shown(office: Office, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["penalties", *more, "--config", str(office.folder / "config.toml")]) == 0
    return capsys.readouterr().out


def test_penalties_shows_each_with_its_money_its_state_and_what_it_rests_on(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(shown(office, capsys, "--json")) == []
    issued(office)
    send(office)
    pass_time(office, hours=48)
    (penalty,) = json.loads(shown(office, capsys, "--json"))
    number = office.case().number
    assert (penalty["number"], penalty["case"]) == (f"{number}/1", number)
    assert (penalty["person"], penalty["role"]) == ("林總監", "after-sales-director")
    assert (penalty["amount"], penalty["clause"], penalty["state"]) == ("50.00", "D26", "issued")
    assert (penalty["reason"], penalty["pending"]) == ("逾期未回報", None)
    assert datetime.fromisoformat(penalty["issued_at"]) == datetime(2026, 11, 25, 1, tzinfo=UTC)
    kinds = {row.seq: row.event.kind for row in office.ledger.events(number)}
    assert [kinds[seq] for seq in penalty["evidence"]] == ["task", "task-overdue", "penalty"]


def test_penalties_for_people_is_a_line_each(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    issued(office)
    send(office)
    pass_time(office, hours=48)
    (line,) = shown(office, capsys).splitlines()
    for expected in (f"{office.case().number}/1", "issued", "50.00", "D26", "售後總監 林總監", "逾期未回報"):
        assert expected in line
