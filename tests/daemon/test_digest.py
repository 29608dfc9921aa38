"""The mails of the day: customer care's digest, and everybody's list of what waits for him."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daemon.bootstrap import jobs_of
from daemon.config import Person
from daemon.jobs import Job, Jobs, daily
from daemon.letters import EnclosureOrder
from daemon.morning import MorningLists
from rules.commands import Appeal, ConfirmPenalty, RecordFinding
from rules.fields import FormKind
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SALES,
    SERVICE_MANAGER,
    STRANGER,
    WORKSHOP,
    Office,
    Posted,
    mail,
    to,
)
from tests.daemon.test_storms import open_cases, settle_the_opening

CARE_DIRECTOR = "care.director@example.com"
EIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai, the day after the office opened


def the_day_begins(office: Office, *, days: int = 0) -> list[Posted]:
    """Let it be eight in the morning, and return the mails of the day."""
    office.clock.forward(seconds=(EIGHT + timedelta(days=days) - office.clock.now()).total_seconds())
    return daily_mails(office)


def daily_mails(office: Office) -> list[Posted]:
    assert Jobs(office.ledger, office.clock, jobs_of(office.docket)).run_due()
    return [one for one in office.post() if one.template in ("digest", "task-list")]


def digest(posted: Sequence[Posted]) -> Posted:
    (found,) = to(posted, CARE, "digest")
    return found


def part(posted: Posted, heading: str) -> str:
    """The rows of a mail under one heading."""
    (found,) = (each for each in posted.text.split("■ ") if each.startswith(f"{heading}（"))
    return found


def perform(office: Office, number: str, command: Any) -> None:
    with office.ledger.writing() as entry:
        case = entry.case(number)
        assert case is not None
        office.docket.perform(entry, case, command, office.clock.now())


def propose(office: Office, number: str, address: str = SERVICE_MANAGER) -> None:
    by = office.site.party(CARE_DIRECTOR)
    perform(office, number, RecordFinding(by=by, party=office.site.party(address), cause="neglect"))


# ---------------------------------------------------------------- the digest


def test_the_digest_tells_what_is_open_by_grade_with_owner_and_time_left(office: Office) -> None:
    office.clock.forward(hours=14)
    (grave,) = open_cases(office, 1, amount="5000")
    (light,) = open_cases(office, 1)
    office.clock.forward(hours=8, minutes=30)
    (late,) = open_cases(office, 1)
    settle_the_opening(office)
    text = digest(the_day_begins(office)).text
    assert "一級：1" in text
    assert "三級：2" in text
    assert text.index(grave) < text.index(late)
    assert light in text
    assert "總經理 周总经理" in text
    assert "還有 1 小時 30 分" in text


def test_the_digest_tells_what_lapsed_and_what_was_resolved_since_the_last_one(office: Office) -> None:
    first = office.opened()
    office.clock.forward(hours=3)
    office.lapses.run_due()
    office.post()
    text = digest(the_day_begins(office)).text
    assert "逾時未解決（1）" in text
    assert first.number in text
    answers = mail(AFTER_SALES, f"Re: [{first.number}]", "已解決 已重新調整煞車")
    office.receive(office.vouched(answers))
    second = digest(the_day_begins(office, days=1)).text
    assert "逾時未解決" not in second
    assert "已解決（1）" in second
    assert "已重新調整煞車" in second


def test_the_digest_tells_duties_overdue_penalties_and_appeals_that_wait(office: Office) -> None:
    (number,) = open_cases(office, 1, issued_by="customer-care")
    office.post()
    propose(office, number)
    propose(office, number, WORKSHOP)
    perform(office, number, ConfirmPenalty(by=office.site.party(CARE), penalty=2, decision="issue"))
    perform(office, number, Appeal(by=office.site.party(WORKSHOP), penalty=2, text="當天休假"))
    office.post()
    office.clock.forward(hours=48)
    office.lapses.run_due()
    office.post()
    text = digest(the_day_begins(office, days=2)).text
    assert "逾期未完成的事項（1）" in text
    assert "等候確認的罰款（1）" in text
    assert "罰款第 1 號" in text
    assert "等候裁定的申訴（1）" in text
    assert "已等候 2 天 23 小時" in text


def test_the_digest_tells_what_could_not_be_delivered_and_what_was_set_aside(office: Office) -> None:
    office.opened()
    office.receive(mail(STRANGER, "Hello", "buy"))
    office.clock.forward(hours=2)
    office.lapses.run_due()
    for queued in office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 100):
        office.ledger.outbox_failed(queued.id, "550 no such user", office.clock.now())
    text = digest(the_day_begins(office)).text
    assert f"寄給 {AFTER_SALES}：550 no such user" in text
    assert "被隔離的來信（1）" in text
    assert STRANGER in text


def test_the_digest_carries_the_head_of_the_chain_so_that_a_cut_off_tail_shows(office: Office) -> None:
    office.opened()
    seq, head = office.ledger.head()
    text = digest(the_day_begins(office)).text
    assert f"第 {seq} 筆" in text
    assert head in text


def test_a_ledger_without_a_case_sends_no_digest(office: Office) -> None:
    assert the_day_begins(office) == []


def test_a_duty_of_a_resolved_case_is_still_told(office: Office) -> None:
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    propose(office, number)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{number}]", "已解決 已重新調整")))
    assert not office.case(number).is_open
    assert "等候確認的罰款（1）" in digest(the_day_begins(office)).text


# ---------------------------------------------------------------- everybody's list


def test_the_morning_list_holds_what_waits_for_a_person_and_nothing_else(office: Office) -> None:
    office.clock.forward(hours=21, minutes=30)
    numbers = open_cases(office, 2)
    (other,) = open_cases(office, 1, amount="5000")
    settle_the_opening(office)
    posted = the_day_begins(office)
    (list_of_service,) = to(posted, SERVICE_MANAGER, "task-list")
    assert all(number in list_of_service.text for number in numbers)
    assert other not in part(list_of_service, "未結案件"), "he owes its order (D32), the case is not his"
    (list_of_manager,) = to(posted, MANAGER, "task-list")
    assert other in part(list_of_manager, "未结案件")
    assert to(posted, AFTER_SALES, "task-list") == []


def test_what_is_overdue_stands_first_in_the_list(office: Office) -> None:
    (owed,) = open_cases(office, 1, issued_by="customer-care")
    settle_the_opening(office)
    office.clock.forward(hours=70, minutes=30)
    office.lapses.run_due()  # the duty has run out, and the case itself has gone up to the general manager
    office.lapses.run_due()
    (fresh,) = open_cases(office, 1, amount="1500")
    office.post()
    (listed,) = to(the_day_begins(office, days=2), AFTER_SALES, "task-list")
    assert "3 項，1 項已逾期" in listed.subject
    assert listed.text.index("已逾期（1）") < listed.text.index(owed)
    assert listed.text.index(owed) < listed.text.index("未結案件（2）") < listed.text.index(fresh)


def test_a_penalty_stands_only_in_the_list_of_who_decides_on_it(office: Office) -> None:
    office.clock.forward(hours=21, minutes=30)
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    propose(office, number)
    posted = the_day_begins(office)
    told = {one.to for one in posted if "罰款第 1 號" in one.text}
    deciding = office.site.policy.findings
    assert deciding is not None
    holders = {person.email for role in deciding.confirmed_by for person in office.site.people(role)}
    assert told == holders | {CARE}
    (mine,) = to(posted, SERVICE_MANAGER, "task-list")
    assert "罰款" not in mine.text


def test_nobody_is_asked_to_decide_on_a_penalty_of_his_own(office: Office) -> None:
    office.clock.forward(hours=20)
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    propose(office, number, CARE)
    assert to(the_day_begins(office), CARE, "task-list") == []


def test_an_appeal_stands_in_the_list_of_who_rules_on_it(office: Office) -> None:
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    propose(office, number)
    perform(office, number, ConfirmPenalty(by=office.site.party(CARE), penalty=1, decision="issue"))
    perform(office, number, Appeal(by=office.site.party(SERVICE_MANAGER), penalty=1, text="當天休假"))
    (listed,) = to(the_day_begins(office), MANAGER, "task-list")
    assert "等待裁定的申诉（1）" in listed.text
    assert "200" in listed.text


def test_who_has_nothing_to_do_gets_no_list(office: Office) -> None:
    case = office.opened()
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{case.number}]", "已解決 已重新調整")))
    office.post()
    listed = [one.to for one in the_day_begins(office) if one.template == "task-list"]
    assert listed == [CARE]  # who has to tell the customer now (D34)


def test_whoever_stands_in_has_it_in_his_list_and_the_absentee_gets_none(office: Office) -> None:
    configure(
        office, f'{SERVICE_MANAGER}"', f'{SERVICE_MANAGER}", absent = ["2026-11-24"], deputy = "{SALES}"'
    )
    office.clock.forward(hours=21, minutes=30)
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    posted = the_day_begins(office)
    (listed,) = to(posted, SALES, "task-list")
    assert number in part(listed, "未結案件")
    assert to(posted, SERVICE_MANAGER, "task-list") == []


def test_where_nobody_stands_in_the_absentee_has_his_list(office: Office) -> None:
    configure(office, f'{SERVICE_MANAGER}"', f'{SERVICE_MANAGER}", absent = ["2026-11-24"]')
    office.clock.forward(hours=21, minutes=30)
    open_cases(office, 1)
    settle_the_opening(office)
    assert len(to(the_day_begins(office), SERVICE_MANAGER, "task-list")) == 1


def test_fines_stand_only_in_the_digest_of_whoever_may_see_them(office: Office) -> None:
    (number,) = open_cases(office, 1)
    settle_the_opening(office)
    propose(office, number)
    configure(office, "[people]", '[privacy]\nfines = ["board"]\n\n[people]')
    posted = the_day_begins(office)
    assert "罰款" not in digest(posted).text
    assert "罰款第 1 號" in to(posted, CARE, "task-list")[0].text, "he has to decide on it all the same"


def test_a_number_that_a_complaint_quotes_stands_only_in_the_digest_of_whoever_may_see_it(
    office: Office,
) -> None:
    office.opened(description="請打 0912 345 678")
    configure(office, "[people]", '[privacy]\nphones = ["board"]\n\n[people]')
    text = digest(the_day_begins(office)).text
    assert "請打 091***5678" in text
    assert "0912 345 678" not in text


def configure(office: Office, old: str, new: str) -> None:
    path = office.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    office.configure()


def test_a_list_can_carry_enclosures_and_then_goes_to_who_has_nothing_else(office: Office) -> None:
    def calls(person: Person, roles: Sequence[str], day: str) -> list[EnclosureOrder]:
        assert day == "2026-11-24"
        return [EnclosureOrder(form=FormKind.HANDLING, blank="handling")] if person.email == MANAGER else []

    job = Job(
        "morning",
        daily(office.site.config.digest.at, office.site.zone),
        MorningLists(office.docket, [calls]).prepare,
    )
    office.clock.forward(hours=23)
    Jobs(office.ledger, office.clock, [job]).run_due()
    (listed,) = office.post()
    assert (listed.to, listed.template, len(listed.enclosures)) == (MANAGER, "task-list", 1)


# ---------------------------------------------------------------- once a day


def test_each_mail_of_the_day_goes_out_once_however_often_the_daemon_starts(office: Office) -> None:
    office.clock.forward(hours=21, minutes=30)
    open_cases(office, 1)
    settle_the_opening(office)
    assert the_day_begins(office)
    office.clock.forward(minutes=1)
    assert daily_mails(office) == []
    with office.ledger.writing() as entry:  # the note that it was done is lost: the keys of the mails remain
        entry.mark("job:digest", "")
        entry.mark("job:morning", "")
    assert daily_mails(office) == []


def test_after_an_outage_of_days_there_is_one_digest_that_tells_all_of_it(office: Office) -> None:
    first = office.opened()
    the_day_begins(office)
    office.clock.forward(hours=3)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{first.number}]", "已解決 已重新調整")))
    office.post()
    office.clock.forward(days=3, hours=5)
    posted = daily_mails(office)
    assert "已解決（1）" in digest(posted).text
    assert "2026-11-27" in digest(posted).subject


@pytest.mark.parametrize("hour", [0, 23])
def test_an_empty_time_turns_the_mails_of_the_day_off(office: Office, hour: int) -> None:
    path = office.folder / "config.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[access]", '[digest]\ntime = ""\n\n[access]'),
        encoding="utf-8",
    )
    office.configure()
    office.opened()
    office.clock.forward(hours=hour)
    assert daily_mails(office) == []
