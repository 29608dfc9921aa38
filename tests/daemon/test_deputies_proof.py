"""Whose mails a deputy may answer: those of whom he stands in for, while he does; nobody else may."""

import re

import pytest

from rules.case import Status
from tests.daemon.office import AFTER_SALES, CARE, SALES, SERVICE_MANAGER, WORKSHOP, Office, Posted, mail, to
from tests.daemon.test_presence import arrived, configured, with_leave

DONE = "已解決 重新調整煞車片並試車"


@pytest.fixture
def passed_on(office: Office) -> Posted:
    """The assignment of a case to the after-sales director, who goes on leave then; the sales director stands in."""
    (assignment,) = to(arrived(office, repair_amount="1500"), AFTER_SALES, "assignment")
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    return assignment


def asked(office: Office) -> list[str]:
    return [one.to for one in office.post() if one.template == "confirm-request"]


def test_a_deputy_acts_by_the_mail_of_whom_he_stands_in_for(office: Office, passed_on: Posted) -> None:
    office.receive(mail(SALES, text=DONE, answers=passed_on))
    assert office.case().status is Status.RESOLVED
    assert asked(office) == []


def test_and_by_its_token_without_the_thread(office: Office, passed_on: Posted) -> None:
    token = re.search(r"KT-[0-9A-Z-]+", passed_on.text)
    assert token is not None
    office.receive(mail(SALES, "轉寄", f"{DONE}\n\n{token[0]}"))
    assert office.case().status is Status.RESOLVED


@pytest.mark.parametrize("who", [WORKSHOP, CARE, SERVICE_MANAGER])
def test_nobody_else_does(office: Office, passed_on: Posted, who: str) -> None:
    office.receive(mail(who, text=DONE, answers=passed_on))
    assert office.case().status is Status.OPEN
    assert asked(office) == [who]


def test_nor_does_he_once_the_other_is_back(office: Office, passed_on: Posted) -> None:
    configured(office, (', absent = ["2026-11-23"]', ""))
    office.receive(mail(SALES, text=DONE, answers=passed_on))
    assert office.case().status is Status.OPEN
    assert asked(office) == [SALES]


def test_a_mail_to_the_deputy_proves_nothing_for_whom_he_stands_in(office: Office) -> None:
    with_leave(office, AFTER_SALES, "2026-11-23", SALES)
    (his,) = to(arrived(office, repair_amount="1500"), SALES, "assignment")
    office.receive(mail(AFTER_SALES, text=DONE, answers=his))
    assert office.case().status is Status.OPEN
    assert asked(office) == [AFTER_SALES]


def test_whether_a_message_was_somebodys_own_is_for_him_alone_to_say(
    office: Office, passed_on: Posted
) -> None:
    office.receive(mail(AFTER_SALES, f"[{office.case().number}]", DONE))
    (question,) = [one for one in office.post() if one.template == "confirm-request"]
    office.receive(mail(SALES, text="確認", answers=question))
    assert office.case().status is Status.OPEN
    office.receive(mail(AFTER_SALES, text="確認", answers=question))
    assert office.case().status is Status.RESOLVED
