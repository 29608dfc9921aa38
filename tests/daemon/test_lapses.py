"""The clocks: what is due is done once, in order, one step of a case at a time, and no case stops another."""

import dataclasses
from datetime import timedelta

import pytest

from daemon import packs
from daemon.lapses import BATCH, LONGEST_SLEEP, SET_ASIDE
from daemon.ledger import DueRow, Ledger, LedgerUnavailable
from rules.case import Case, replay
from rules.commands import OpenCase, Report
from rules.deadlines import Deadline
from rules.decide import decide
from rules.events import Party
from rules.facts import facts_from_json
from rules.fields import FormKind
from tests.daemon.office import (
    AFTER_SALES,
    BOARD,
    CARE,
    COMPLAINT,
    MANAGER,
    NINE,
    SERVICE_MANAGER,
    WORKSHOP,
    Office,
    to,
)


def stages(office: Office) -> list[str]:
    return list(office.case().stages)


def test_a_reminder_goes_half_an_hour_before_the_window_ends(office: Office) -> None:
    office.opened()
    office.clock.forward(minutes=89)
    assert office.lapses.run_due() == 0
    office.clock.forward(minutes=1)
    assert office.lapses.run_due() == 1
    assert sorted((one.to, one.template) for one in office.post()) == [
        (SERVICE_MANAGER, "reminder"),
        (WORKSHOP, "reminder"),
    ]
    assert office.lapses.run_due() == 0


def test_D06_a_window_that_ends_raises_the_case_and_tells_the_next_and_customer_care(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    case = office.case()
    assert (case.grade, case.owners, case.grade_clause) == ("level-2", ("after-sales-director",), "D02")
    assert case.due == office.clock.now() + timedelta(hours=2)
    assert [(one.to, one.template) for one in office.post()] == [
        (AFTER_SALES, "escalation"),
        (CARE, "overdue"),
        (SERVICE_MANAGER, "rectification-order"),
    ]


def test_nothing_lapses_a_moment_too_early(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2, microseconds=-1)
    office.lapses.run_due()
    assert office.case().lapses == ()


def test_a_reminder_that_comes_too_late_to_help_is_left_out(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert "reminded" not in office.kinds()


def test_after_an_outage_a_case_rises_one_step_and_the_next_person_has_his_whole_window(
    office: Office,
) -> None:
    office.opened()
    office.clock.forward(hours=30)
    assert office.lapses.run_due() == 1
    assert stages(office) == ["after-sales-level-3", "after-sales-level-2"]
    assert office.case().due == office.clock.now() + timedelta(hours=2)
    assert office.lapses.run_due() == 0


def test_a_case_nobody_settles_reaches_each_level_once_and_is_reminded_of_daily(office: Office) -> None:
    office.opened()
    for _ in range(3):
        office.clock.forward(hours=2)
        office.lapses.run_due()
    assert office.case().grade == "extra"
    assert stages(office) == [
        "after-sales-level-3",
        "after-sales-level-2",
        "after-sales-level-1",
        "after-sales-extra",
    ]
    told = office.post()
    assert to(told, MANAGER, "escalation")
    assert to(told, BOARD, "escalation")
    for day in range(1, 4):
        office.clock.forward(days=1)
        office.lapses.run_due()
        assert len(to(office.post(), CARE, "reminder")) == 1, day


def test_many_cases_due_at_once_all_rise_in_one_round(office: Office) -> None:
    with office.ledger.writing() as entry:
        for number in range(BATCH + 30):
            office.docket.open(entry, opening(customer_phone=f"0900-{number:06}"), NINE)
    office.clock.forward(hours=2)
    assert office.lapses.run_due() == BATCH + 30
    assert {case.grade for case in office.cases()} == {"level-2"}


def test_the_loop_sleeps_until_the_next_deadline_but_never_longer_than_a_minute(office: Office) -> None:
    assert office.lapses.seconds_to_next() == LONGEST_SLEEP
    office.opened()
    office.clock.forward(minutes=89, seconds=30)
    assert office.lapses.seconds_to_next() == 30
    office.clock.forward(minutes=5)
    assert office.lapses.seconds_to_next() == 0


def test_a_lapse_rings_for_the_outbox_and_the_workbook(office: Office) -> None:
    office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert office.bells.outbox.wait(0)
    assert office.bells.workbook.wait(0)


# ---------------------------------------------------------------- a case that cannot be decided on


def opening(**facts: object) -> OpenCase:
    form = packs.catalogue().form(FormKind.COMPLAINT)
    return OpenCase(facts_from_json({**COMPLAINT, **facts}, form))


def case_under(office: Office, text: str) -> Case:
    """Record a case that was opened under rules with this text, due at once."""
    command, now = opening(customer_phone="0999-999-999"), office.clock.now()
    with office.ledger.writing() as entry:
        policy = entry.keep_policy("old", text)
        events = decide(
            None,
            dataclasses.replace(command, policy=policy),
            office.site.policy,
            now,
            office.site.zone,
        )
        case = replay("KS-20261123-900", events)
        assert case is not None
        due = [Deadline("lapse:after-sales-level-3", now + timedelta(minutes=1))]
        entry.record(case, events, due, policy_hash=policy)
    return case


UNDECIDABLE = {
    "no TOML": "this = is no [policy",
    "of another release": 'key = "old"\nunheard_of = true',
    "without the case's stage": packs.policy_text("dealership").replace(
        "after-sales-level-3", "after-sales-third"
    ),
}


@pytest.mark.parametrize("kind", UNDECIDABLE)
def test_a_case_under_rules_nobody_can_read_is_set_aside_and_the_others_rise(
    office: Office, kind: str
) -> None:
    broken = case_under(office, UNDECIDABLE[kind])
    good = office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert office.case(good.number).grade == "level-2"
    assert office.case(broken.number).grade == "level-3"
    assert office.lapses.seconds_to_next() > 0, "it would be tried over and over"


def test_a_case_set_aside_is_tried_again_after_a_while(office: Office) -> None:
    broken = case_under(office, UNDECIDABLE["without the case's stage"])
    office.clock.forward(hours=2)
    office.lapses.run_due()
    office.docket._sites[broken.policy] = office.site  # the cause is mended
    office.lapses.run_due()
    assert office.case(broken.number).grade == "level-3"
    office.clock.forward(seconds=SET_ASIDE.total_seconds())
    office.lapses.run_due()
    assert office.case(broken.number).grade == "level-2"


def test_a_ledger_that_cannot_write_sets_no_case_aside(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.opened()
    office.clock.forward(hours=2)

    def full(_: Ledger) -> None:
        raise LedgerUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "writing", full)
        with pytest.raises(LedgerUnavailable):
            office.lapses.run_due()
    assert office.lapses.run_due() == 1
    assert office.case().grade == "level-2"


def test_a_report_that_is_quicker_than_its_lapse_is_no_failure(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The sweep saw the deadline; the report was committed before the sweep took the ledger."""
    case, other = (
        office.opened(),
        office.opened(customer_name="別人", customer_phone="0900-111-222", plate_no="ZZ-1"),
    )
    office.clock.forward(hours=2)
    seen = office.ledger.due(office.clock.now(), 100)
    with office.ledger.writing() as entry:
        by = Party(roles=("service-manager",))
        office.docket.perform(
            entry, case, Report(by, {"result": "resolved", "resolution": "ok"}), office.clock.now()
        )
    answers = iter([seen])
    real = Ledger.due

    def stale(self: Ledger, *wanted: object, **how: object) -> list[DueRow]:
        return next(answers, None) or real(self, *wanted, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "due", stale)
    office.lapses.run_due()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert office.case(case.number).lapses == ()
    assert len(office.case(other.number).lapses) == 1
