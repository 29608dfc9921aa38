"""Corrections over real mail: a graver grade at once; a hold granted, paused, resumed and lapsed (K06, K07)."""

from datetime import timedelta

import pytest

from tests.daemon.office import AFTER_SALES, CARE, SERVICE_MANAGER, complaint, mail
from tests.e2e.conftest import NewWorld
from tests.e2e.world import World, short_rules

pytestmark = pytest.mark.slow
CUSTOMER = "許雅婷"


def kinds(world: World) -> list[str]:
    with world.ledger() as ledger:
        return [row.event.kind for row in ledger.events(world.case_of(CUSTOMER).number)]


def test_a_correction_regrades_at_once_and_everybody_is_told(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="2h"))
    world.start()
    world.send(mail(files={"form.xlsx": complaint()}))
    world.wait("the assignment", lambda: bool(world.mails(SERVICE_MANAGER, "assignment")))
    world.wait("customer care knows", lambda: bool(world.cases()))
    asked = world.mails(SERVICE_MANAGER, "assignment")[0]
    unclear = mail(CARE, text="更正 維修金額=1500", answers=asked)
    world.send(unclear)
    world.wait("the question back", lambda: bool(world.mails(CARE)))
    assert world.case_of(CUSTOMER).grade == "level-3"
    world.send(mail(CARE, text="更正 維修金額=1500 原因：發票漏列", answers=world.mails(CARE)[-1]))
    world.wait("whoever takes over", lambda: bool(world.mails(AFTER_SALES, "assignment")))
    world.wait("whoever had it", lambda: bool(world.mails(SERVICE_MANAGER, "changed")))
    assert world.case_of(CUSTOMER).owners == ("after-sales-director",)
    assert "發票漏列" in world.mails(SERVICE_MANAGER, "changed")[0].text
    world.stop()
    with world.ledger() as ledger:
        assert ledger.verify() == []


def test_a_hold_is_granted_the_clock_stands_still_resumes_and_lapses(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="40s", remind="1s"))
    world.start()
    world.send(mail(files={"form.xlsx": complaint()}))
    world.wait("the assignment", lambda: bool(world.mails(SERVICE_MANAGER, "assignment")))
    asked = world.mails(SERVICE_MANAGER, "assignment")[0]
    world.send(mail(SERVICE_MANAGER, text="暫停 1 小時 原因：等零件", answers=asked))
    world.wait("the request", lambda: bool(world.mails(AFTER_SALES, "approval-request")))
    request = world.mails(AFTER_SALES, "approval-request")[0]
    world.send(mail(AFTER_SALES, text="同意", answers=request))
    world.wait("the hold", lambda: "held" in kinds(world))
    world.wait("the news", lambda: bool(world.mails(SERVICE_MANAGER, "changed")))
    assert world.case_of(CUSTOMER).held_until is not None
    left = world.case_of(CUSTOMER).held_seconds
    world.kill()
    world.start()
    told = world.mails(SERVICE_MANAGER, "changed")[0]
    world.send(mail(SERVICE_MANAGER, text="恢復計時 零件到了", answers=told))
    world.wait("the clock", lambda: "resumed" in kinds(world))
    with world.ledger() as ledger:
        events = [row.event for row in ledger.events(world.case_of(CUSTOMER).number)]
    resumed = next(event for event in events if event.kind == "resumed")
    assert resumed.due == resumed.at + timedelta(seconds=left)
    world.wait("the lapse", lambda: "lapsed" in kinds(world))
    assert kinds(world).index("resumed") < kinds(world).index("lapsed")
    world.stop()
