"""Leave and deputies: whom a notice reaches, who may act, what is passed on, whom lateness costs (issue 4, People)."""

import re
from datetime import date, timedelta

import pytest

from daemon.config import Days, Person
from daemon.presence import Leave, Presence
from daemon.site import load_site
from rules.events import Penalised, Refused
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    NINE,
    SALES,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    handling,
    mail,
    to,
)

DIRECTOR = "care.director@example.com"


@pytest.fixture(autouse=True)
def _vouching(office: Office) -> None:
    """Everybody proves who he is; what becomes of those who do not stands in test_unproven.py."""
    office.vouching = True


def configured(office: Office, *changes: tuple[str, str]) -> None:
    """Change the office's configuration and take it up, as SIGHUP does."""
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)


def with_leave(office: Office, email: str, days: str, deputy: str = "") -> None:
    named = f', deputy = "{deputy}"' if deputy else ""
    configured(office, (f'email = "{email}"', f'email = "{email}", absent = ["{days}"]{named}'))


def told(posted: list[Posted], template: str) -> set[str]:
    return {one.to for one in posted if one.template == template}


def arrived(office: Office, **facts: object) -> list[Posted]:
    office.receive(mail(files={"form.xlsx": complaint(**facts)}))
    return office.post()


# ---------------------------------------------------------------- whom a notice reaches


def person(name: str, **more: object) -> Person:
    return Person.model_validate({"name": name, "email": f"{name}@example.com", **more})


def presence(away: dict[str, str], roster: dict[str, tuple[Person, ...]]) -> Presence:
    leaves = {
        f"{k}@example.com": Leave(NINE, NINE + timedelta(days=1), v and f"{v}@example.com")
        for k, v in away.items()
    }
    return Presence(roster, leaves, ("care",))


ROSTER = {
    "manager": (person("ann"), person("bob")),
    "director": (person("cho"),),
    "care": (person("dee"),),
    "board": (person("eve"),),
}


def names(found: Presence, role: str) -> dict[str, tuple[str, ...]]:
    return {one.person.name: tuple(p.name for p in one.stands_in_for) for one in found.reached(role)}


def test_the_deputy_gets_it_beside_those_who_are_there() -> None:
    assert names(presence({"ann": "cho"}, ROSTER), "manager") == {"bob": (), "cho": ("ann",)}


def test_a_deputy_who_holds_the_office_himself_gets_it_once_in_his_own_place() -> None:
    assert names(presence({"ann": "bob"}, ROSTER), "manager") == {"bob": ()}


def test_chains_of_deputies_are_followed() -> None:
    assert names(presence({"cho": "ann", "ann": "eve"}, ROSTER), "director") == {"eve": ("cho",)}


@pytest.mark.parametrize(
    "away", [{"cho": "ann", "ann": "cho"}, {"cho": "cho"}, {"cho": ""}, {"cho": "nobody"}]
)
def test_a_circle_or_nobody_ends_with_customer_care(away: dict[str, str]) -> None:
    (one,) = presence(away, ROSTER).reached("director")
    assert one.person.name == "dee"
    assert [absent.name for absent in one.unattended] == ["cho"]


def test_where_customer_care_is_away_too_it_still_goes_to_somebody() -> None:
    assert {one.person.name for one in presence({"cho": "", "dee": ""}, ROSTER).reached("director")} == {
        "dee"
    }
    assert {one.person.name for one in presence({"dee": ""}, ROSTER).reached("care")} == {"dee"}
    assert {one.person.name for one in presence({"dee": "eve"}, ROSTER).reached("care")} == {"eve"}


def test_the_days_of_the_configuration_are_whole_days_of_the_site(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-24..2026-11-25", SALES)
    midnight = NINE + timedelta(hours=15)  # 00:00 of the 24th in Shanghai
    away = [bool(office.site.at(at, []).away) for at in (midnight - timedelta(seconds=1), midnight)]
    assert away == [False, True]
    end = midnight + timedelta(days=2)
    assert [bool(office.site.at(at, []).away) for at in (end - timedelta(seconds=1), end)] == [True, False]


def test_days_are_written_in_one_way() -> None:
    assert person("ann", absent=["2026-12-01..2026-12-05"]).absent == (
        Days(date(2026, 12, 1), date(2026, 12, 5)),
    )
    assert person("ann", absent=["2026-12-01"]).absent == (Days(date(2026, 12, 1), date(2026, 12, 1)),)
    for wrong in ("2026-12-05..2026-12-01", "next week", "2026-02-30"):
        with pytest.raises(ValueError, match=re.escape(wrong)):
            person("ann", absent=[wrong])


# ---------------------------------------------------------------- notices and windows follow


def test_new_cases_go_to_the_deputy_who_may_report_with_the_absentees_authority(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    posted = arrived(office, repair_amount="1500")
    assert told(posted, "assignment") == {SALES}
    (one,) = to(posted, SALES)
    assert "林總監請假中，由您代理" in one.text
    assert "50%" in one.text  # what the after-sales director may promise (D11)
    office.receive(mail(SALES, files={"report.xlsx": handling(office.case().number, discount_percent="50")}))
    assert office.case().status.value == "resolved"


def test_whoever_is_on_leave_may_act_all_the_same(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    arrived(office, repair_amount="1500")
    office.receive(mail(AFTER_SALES, files={"report.xlsx": handling(office.case().number)}))
    assert office.case().status.value == "resolved"


def test_a_deputy_acts_for_that_time_only(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-20..2026-11-22", SALES)
    arrived(office, repair_amount="1500")
    office.receive(mail(SALES, files={"report.xlsx": handling(office.case().number)}))
    assert isinstance(office.ledger.events(office.case().number)[-1].event, Refused)


def test_others_of_the_office_get_theirs_as_usual(office: Office) -> None:
    with_leave(office, SERVICE_MANAGER, "2026-11-23")
    posted = arrived(office)
    assert told(posted, "assignment") == {WORKSHOP}


def test_customer_care_hears_of_what_nobody_attends_to(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23")
    posted = arrived(office, repair_amount="1500")
    assert told(posted, "assignment") == {CARE}
    (one,) = [mail for mail in to(posted, CARE) if mail.template == "assignment"]
    assert "林總監請假中，沒有人代理" in one.text


# ---------------------------------------------------------------- when a leave begins and ends


def test_open_cases_and_duties_are_passed_on_once_and_no_clock_starts_anew(office: Office) -> None:
    office.receive(mail(CARE, files={"form.xlsx": complaint(repair_amount="1500")}))
    office.post()
    due = office.case().due
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    office.lapses.run_due()
    posted = office.post()
    assert {(one.to, one.template) for one in posted} == {(SALES, "assignment"), (SALES, "absence")}
    assert len(to(posted, SALES, "assignment")) == 2  # the case, and the report that is owed (D26)
    assert office.case().due == due
    office.lapses.run_due()
    assert office.post() == []
    with office.ledger.writing() as entry:
        entry.mark("leave:away", "")  # a crash before it was remembered
    office.lapses.run_due()
    assert office.post() == []


def test_an_escalated_case_is_passed_on_as_the_escalation_it_is(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2, seconds=1)
    office.lapses.run_due()
    office.post()
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    office.lapses.run_due()
    assert told(office.post(), "escalation") == {SALES}


def test_whoever_comes_back_gets_what_came_in_meanwhile(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    office.lapses.run_due()
    office.post()
    before = arrived(office, repair_amount="1500")
    assert told(before, "assignment") == {SALES}
    office.clock.forward(minutes=30)
    configured(office, (', absent = ["2026-11-23"]', ""))
    office.lapses.run_due()
    assert told(office.post(), "assignment") == {AFTER_SALES}


def test_a_leave_without_a_deputy_is_told_to_customer_care_once(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23..2026-11-25")
    office.lapses.run_due()
    (one,) = office.post()
    assert (one.to, one.template) == (CARE, "absence")
    assert "林總監請假，沒有代理人" in one.text
    office.clock.forward(days=1)
    office.lapses.run_due()
    assert office.post() == []


# ---------------------------------------------------------------- by mail


def test_leave_by_mail_is_noted_and_told_to_deputy_and_customer_care(office: Office) -> None:
    office.receive(mail(AFTER_SALES, "請假", "請假 11/23-11/25 代理 李總監"))
    posted = office.post()
    assert {(one.to, one.template) for one in posted} == {
        (who, "absence") for who in (AFTER_SALES, SALES, CARE)
    }
    assert "2026-11-23（一）" in to(posted, AFTER_SALES)[0].text
    assert "2026-11-25（三）" in to(posted, AFTER_SALES)[0].text
    assert told(arrived(office, repair_amount="1500"), "assignment") == {SALES}
    office.lapses.run_due()
    assert office.post() == []  # told of it already
    office.clock.forward(days=3)
    assert told(arrived(office, repair_amount="1500", customer_phone="0922-222-222"), "assignment") == {
        AFTER_SALES
    }


def test_the_same_mail_counts_once(office: Office) -> None:
    message = mail(AFTER_SALES, "請假", "請假 11/23-11/25 代理 李總監")
    office.receive(message)
    office.post()
    office.receive(message)
    assert office.post() == []
    assert len(office.ledger.absences(office.clock.now())) == 1


def test_coming_back_early_by_mail_ends_the_leave_of_mail_and_configuration(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23..2026-11-25", SALES)
    office.lapses.run_due()
    office.post()
    office.clock.forward(hours=1)
    office.receive(mail(AFTER_SALES, "銷假", "銷假"))
    assert told(office.post(), "absence") == {AFTER_SALES, SALES, CARE}
    assert told(arrived(office, repair_amount="1500"), "assignment") == {AFTER_SALES}
    office.receive(mail(AFTER_SALES, "銷假", "銷假了"))
    (again,) = office.post()
    assert "系統裡沒有您的請假紀錄" in again.text


@pytest.mark.parametrize("text", ["請假 12/1-12/5 代理 無此人", "請假 12/1-12/5 代理 林總監", "請假 下週"])
def test_what_is_unclear_is_asked_back_and_nothing_is_kept(office: Office, text: str) -> None:
    office.receive(mail(AFTER_SALES, "請假", text))
    (one,) = office.post()
    assert "尚未登記" in one.text
    assert office.ledger.absences(office.clock.now()) == []


def test_the_leave_of_somebody_who_is_nobody_here_is_no_business_of_ours(office: Office) -> None:
    office.receive(mail(STAFF, "請假", "請假 12/1-12/5"))
    assert office.ledger.absences(office.clock.now()) == []


# ---------------------------------------------------------------- fault and fines


def test_a_fine_concerns_whoever_was_told_the_deputy(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23..2026-11-30", SALES)
    office.receive(mail(CARE, files={"form.xlsx": complaint(source="walk-in")}))
    office.post()
    office.clock.forward(days=2, seconds=1)
    office.lapses.run_due()
    fined = [
        row.event for row in office.ledger.events(office.case().number) if isinstance(row.event, Penalised)
    ]
    assert [event.party.email for event in fined] == [SALES]
    assert {one.to for one in office.post() if one.template == "penalty"} == {SALES, CARE}


def test_D26_nobody_is_fined_for_what_was_told_to_nobody_present(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23..2026-12-30")
    office.receive(mail(CARE, files={"form.xlsx": complaint()}))
    office.post()
    for _ in range(4):
        office.clock.forward(days=2, seconds=1)
        office.lapses.run_due()
        office.post()
    assert "penalty" not in office.kinds()
    assert "task-overdue" in office.kinds()


def test_whoever_comes_back_shortly_before_a_duty_is_due_has_his_whole_time(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23..2026-11-24", SALES)
    office.lapses.run_due()
    office.receive(mail(CARE, files={"form.xlsx": complaint()}))
    office.post()
    office.clock.forward(hours=47)
    office.lapses.run_due()
    assert AFTER_SALES in told(office.post(), "assignment")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert "penalty" not in office.kinds()
    office.post()
    office.clock.forward(hours=47)
    office.lapses.run_due()
    fined = [
        row.event for row in office.ledger.events(office.case().number) if isinstance(row.event, Penalised)
    ]
    assert [event.party.email for event in fined] == [AFTER_SALES]


def test_D31_a_deputy_never_rules_on_his_own_penalty_nor_hears_of_it_before_it_is_issued(
    office: Office,
) -> None:
    with_leave(office, CARE, "2026-11-23", SERVICE_MANAGER)
    office.opened()
    office.receive(mail(DIRECTOR, f"[{office.case().number}]", "責任 王經理 失職 未試車"))
    posted = office.post()
    assert SERVICE_MANAGER not in told(posted, "penalty")
    (asked,) = to(posted, DIRECTOR, "penalty")
    office.receive(mail(SERVICE_MANAGER, text="不罰 我沒有錯", answers=asked))
    last = office.ledger.events(office.case().number)[-1].event
    assert isinstance(last, Refused)
    assert last.reason == "not-entitled"


def test_D31_a_deputy_does_not_decide_in_the_office_of_whom_the_penalty_concerns(office: Office) -> None:
    with_leave(office, DIRECTOR, "2026-11-23", WORKSHOP)
    office.opened()
    office.receive(mail(CARE, f"[{office.case().number}]", "責任 吳總監 失職 未回電"))
    (asked,) = to(office.post(), CARE, "penalty")
    office.receive(mail(WORKSHOP, text="不罰 她沒有錯", answers=asked))
    last = office.ledger.events(office.case().number)[-1].event
    assert isinstance(last, Refused)
    assert last.reason == "not-entitled"
    office.receive(mail(CARE, text="確認", answers=asked))
    posted = office.post()
    assert DIRECTOR in told(posted, "penalty")  # about himself: on leave or not
    assert WORKSHOP not in told(posted, "penalty")


def test_an_appeal_reaches_the_rulers_deputy_and_his_ruling_counts(office: Office) -> None:
    office.opened()
    office.receive(mail(CARE, f"[{office.case().number}]", "責任 王經理 失職 未試車"))
    (asked,) = to(office.post(), CARE, "penalty")
    office.receive(mail(CARE, text="確認", answers=asked))
    (issued,) = to(office.post(), SERVICE_MANAGER, "penalty")
    office.receive(mail(SERVICE_MANAGER, text="申訴 當天零件未到", answers=issued))
    assert MANAGER in told(office.post(), "appeal")
    with_leave(office, MANAGER, "2026-11-23", SALES)
    office.lapses.run_due()
    (appeal,) = to(office.post(), SALES, "appeal")
    office.receive(mail(SALES, text="撤銷 經查屬實", answers=appeal))
    assert office.case().penalties[0].state.value == "revoked"


def test_what_is_told_to_customer_care_beside_the_cases_reaches_its_deputy_too(office: Office) -> None:
    with_leave(office, CARE, "2026-11-23", SERVICE_MANAGER)
    office.receive(mail("who@elsewhere.example", "hello", "hello"))
    assert {one.to for one in office.post()} == {SERVICE_MANAGER}
