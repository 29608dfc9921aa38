"""Forwarded and pasted forms over real mail, the daemon killed in between: each answered once."""

import pytest

from tests.daemon.office import SERVICE_MANAGER, STAFF, complaint, mail
from tests.daemon.test_forwarded import COLLEAGUE, enclosing
from tests.daemon.test_pasted_tables import pasted
from tests.e2e.conftest import NewWorld
from tests.e2e.world import short_rules

pytestmark = pytest.mark.slow


def test_a_forwarded_form_and_a_pasted_one_are_each_answered_once_over_a_kill(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="2h"))
    world.start()
    world.send(
        enclosing(STAFF, mail(f"張三 <{COLLEAGUE}>", files={"form.xlsx": complaint(customer_name="王大明")}))
    )
    world.send(pasted(SERVICE_MANAGER))
    world.wait("the case", lambda: bool(world.cases()))
    world.kill()
    world.start()
    world.wait("the offer", lambda: bool(world.mails(SERVICE_MANAGER, "form-problems")))
    world.wait("the copy", lambda: bool(world.mails(COLLEAGUE, "acknowledgement")))
    world.wait("the outbox", lambda: not world.waiting_mails())
    world.stop()
    assert len(world.mails(STAFF, "acknowledgement")) == 1
    assert len(world.mails(COLLEAGUE)) == 1
    (offer,) = world.mails(SERVICE_MANAGER, "form-problems")
    assert len(offer.enclosures) == 1
    case = world.case_of("王大明")
    assert case.sender.origin is not None
    assert case.sender.origin.email == COLLEAGUE
    assert len(world.cases()) == 1
    with world.ledger() as ledger:
        assert ledger.verify() == []
