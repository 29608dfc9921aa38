"""A mail comes back while the daemon is being killed: customer care hears of it, once."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from tests.daemon.office import CARE, SERVICE_MANAGER, complaint, mail
from tests.e2e.conftest import NewWorld
from tests.e2e.world import short_rules
from tests.mailer.inbound import bounced

pytestmark = pytest.mark.slow


def test_a_bounce_is_matched_and_told_of_once_however_often_the_daemon_is_killed(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="2h"))
    world.start()
    world.send(mail(files={"form.xlsx": complaint()}))
    world.wait("the assignment", lambda: bool(world.mails(SERVICE_MANAGER, "assignment")))
    (notice,) = world.mails(SERVICE_MANAGER, "assignment")
    bounce = message_from_bytes(
        bounced.postfix(str(notice.message["Message-ID"]), SERVICE_MANAGER), policy=policy.SMTP
    )
    assert isinstance(bounce, EmailMessage)
    for _ in range(3):
        world.send(bounce)
        world.kill()
        world.start()
    world.wait("the warning", lambda: bool(world.mails(CARE, "assignment")))
    world.wait("the folders", lambda: len(world.folder_of("Processed")) == 4 and not world.waiting_mails())
    world.stop()
    (warning,) = world.mails(CARE, "assignment")
    assert "User unknown" in warning.text
    with world.ledger() as ledger:
        assert ledger.verify() == []
        states = [one.state.value for one in ledger.outbox_of(world.cases()[0].number)]
    assert states.count("bounced") == 1
