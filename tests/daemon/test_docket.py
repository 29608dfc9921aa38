"""One commit per command: what is recorded, what each mail says of its moment, and which rules a case keeps."""

import dataclasses

import pytest

from daemon import packs
from daemon.ledger import Ledger, OutboxState
from daemon.outbox import LEASE
from daemon.site import Site
from rules.commands import Report
from rules.events import Party
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    BOARD,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    Office,
    complaint,
    handling,
    mail,
    to,
)


def with_policy(office: Office, text: str) -> Site:
    return dataclasses.replace(office.site, policy=packs.read_policy(text, "new"), policy_text=text)


LONGER = packs.policy_text("dealership").replace('window = "2h"', 'window = "4h"')


def test_cases_are_numbered_by_the_sites_day(office: Office) -> None:
    first = office.opened()
    office.clock.forward(hours=14, minutes=59)  # 23:59 in Shanghai
    last = office.opened(customer_phone="0900-000-002")
    office.clock.forward(minutes=1)
    next_day = office.opened(customer_phone="0900-000-003")
    numbers = [first.number, last.number, next_day.number]
    assert numbers == ["KS-20261123-001", "KS-20261123-002", "KS-20261124-001"]


def test_a_mail_composed_late_still_tells_the_state_at_its_event(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    office.clock.forward(hours=2)
    office.lapses.run_due()
    case = office.case()
    office.receive(office.vouched(mail(AFTER_SALES, f"[{case.number}]", "已解決 換新煞車片")))
    posted = office.post()  # all of it only now, as after a mail server's outage
    (assignment,) = to(posted, SERVICE_MANAGER, "assignment")
    (escalation,) = to(posted, AFTER_SALES, "escalation")
    assert "三級" in assignment.text
    assert "11:00" in assignment.text
    assert "換新煞車片" not in assignment.text
    assert "二級" in escalation.text
    assert "13:00" in escalation.text
    assert "換新煞車片" not in escalation.text


def test_a_person_in_two_parts_of_one_event_gets_one_mail_in_the_more_demanding(office: Office) -> None:
    people = dict(office.site.config.people)
    people["customer-care"] = people["after-sales-director"]
    config = office.site.config.model_copy(update={"people": people})
    office.docket.adopt(dataclasses.replace(office.site, config=config))
    office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    posted = to(office.post(), AFTER_SALES)
    assert [one.template for one in posted] == ["escalation"]


def test_D08_the_board_is_told_and_the_general_manager_keeps_the_case(office: Office) -> None:
    office.opened(repair_amount="5000")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    posted = office.post()
    assert [one.template for one in to(posted, BOARD)] == ["escalation"]
    assert office.case().owners == ("general-manager",)


def test_a_commit_that_fails_leaves_neither_events_nor_mails_nor_a_number(office: Office) -> None:
    def interrupted() -> None:
        with office.ledger.writing() as entry:
            office.docket.perform(entry, first, _report(), office.clock.now())
            raise RuntimeError("the power went")

    first = office.opened()
    before = office.ledger.last_seq()
    with pytest.raises(RuntimeError, match="the power went"):
        interrupted()
    assert office.ledger.last_seq() == before
    assert office.post() == []
    assert office.opened(customer_phone="0900-000-002").number == "KS-20261123-002"


def _report() -> Report:
    return Report(Party(roles=("service-manager",), email=SERVICE_MANAGER), {"result": "resolved"})


def test_every_mail_has_a_message_id_of_its_own_under_the_sites_domain(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    ids = [str(one.message["Message-ID"]) for one in office.post()]
    assert len(set(ids)) == len(ids)
    assert all(identifier.endswith(".main@example.com>") for identifier in ids)


def test_a_customer_named_like_a_formula_or_a_template_is_only_text(office: Office) -> None:
    name = "=1+1{{ 7*7 }}<b>x</b>"
    office.receive(mail(files={"f.xlsx": complaint(customer_name=name)}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    assert name in assignment.text
    html = assignment.message.get_body(("html",))
    assert html is not None
    assert "<b>x</b>" not in str(html.get_content())


# ---------------------------------------------------------------- changed rules and people (SIGHUP)


def test_open_cases_keep_the_rules_they_were_opened_under(office: Office) -> None:
    old = office.opened()
    office.docket.adopt(with_policy(office, LONGER))
    new = office.opened(customer_phone="0900-000-002")
    assert old.due is not None
    assert new.due is not None
    assert (new.due - new.opened_at).total_seconds() == 4 * 3600
    office.clock.forward(hours=2)
    office.lapses.run_due()
    risen = office.case(old.number)
    assert risen.grade == "level-2"
    assert risen.due is not None
    assert (risen.due - office.clock.now()).total_seconds() == 2 * 3600
    assert office.case(new.number).grade == "level-3"


def test_the_old_rules_are_found_in_the_ledger_after_a_restart(office: Office) -> None:
    old = office.opened()
    office.ledger.close()
    restarted = dataclasses.replace(
        office,
        site=with_policy(office, LONGER),
        ledger=Ledger.open(office.site.config.ledger_url, site="main", version="test"),
    )
    restarted.clock.forward(hours=2)
    restarted.lapses.run_due()
    assert restarted.case(old.number).grade == "level-2"
    restarted.ledger.close()


def test_changed_people_count_for_open_cases_at_once(office: Office) -> None:
    office.opened()
    people = dict(office.site.config.people)
    person = people["after-sales-director"][0]
    people["after-sales-director"] = (
        person.model_copy(update={"name": "New", "email": "new@example.com", "locale": Locale.EN}),
    )
    config = office.site.config.model_copy(update={"people": people})
    office.docket.adopt(dataclasses.replace(office.site, config=config))
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert to(office.post(), "new@example.com", "escalation")


# ---------------------------------------------------------------- mail that cannot reach its reader


def fail(office: Office, *addresses: str) -> None:
    """Let the mails to these addresses fail for good and all others go."""
    while mails := office.ledger.outbox_lease(office.clock.now(), LEASE, 50):
        for queued in mails:
            if queued.recipient in addresses:
                office.docket.undeliverable(queued, "550 no such user", office.clock.now())
                office.ledger.outbox_failed(queued.id, "550 no such user", office.clock.now())
            else:
                office.ledger.outbox_sent(queued.id, office.clock.now(), "250")
        if not set(addresses) & {queued.recipient for queued in mails}:
            return


def warnings(office: Office) -> list[str]:
    """The mails that were queued for customer care because another could not be delivered."""
    return [
        entry.notice_key
        for case in office.cases()
        for entry in office.ledger.outbox_of(case.number)
        if entry.notice_key.startswith("undelivered:")
    ]


def test_customer_care_is_told_of_each_person_a_mail_cannot_reach(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    fail(office, SERVICE_MANAGER, "workshop@example.com")
    assert len(warnings(office)) == 2


def test_what_customer_care_is_told_names_the_person_and_shows_all_he_would_have_seen(
    office: Office,
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    for queued in office.ledger.outbox_lease(office.clock.now(), LEASE, 50):
        if queued.recipient == SERVICE_MANAGER:
            office.docket.undeliverable(queued, "550 no such user", office.clock.now())
        office.ledger.outbox_sent(queued.id, office.clock.now(), "250")
    (told,) = office.post()
    assert told.to == CARE
    for expected in (SERVICE_MANAGER, "550 no such user", "更換煞車片後仍有異音", "11:00"):
        assert expected in told.text


def test_D08_customer_care_is_told_when_the_board_cannot_be_reached(office: Office) -> None:
    office.opened(repair_amount="5000")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    fail(office, BOARD)
    assert len(warnings(office)) == 1


def test_no_warning_is_sent_about_a_warning(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    fail(office, SERVICE_MANAGER, CARE)
    assert len(warnings(office)) == 1


def test_customer_care_that_cannot_be_reached_is_not_told_so_by_mail(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()  # customer care would learn that it is overdue
    fail(office, CARE)
    assert warnings(office) == []
    counts = office.ledger.outbox_counts()
    assert counts[OutboxState.FAILED] == 1


def test_a_refused_report_names_who_can_grant_it(office: Office) -> None:
    case = office.opened()
    office.receive(mail(SERVICE_MANAGER, files={"f.xlsx": handling(case.number, discount_percent=80)}))
    (back,) = to(office.post(), SERVICE_MANAGER)
    assert "周总经理" in back.text
    assert to([back], STAFF) == []


def test_a_mail_to_the_general_manager_is_in_his_language(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint(repair_amount="5000")}))
    (assignment,) = to(office.post(), MANAGER)
    assert "一级" in assignment.text
