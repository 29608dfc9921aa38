"""Strangers' forms are let in beside a daemon that runs and idles, and once also when it is killed meanwhile."""

import json
import subprocess

import pytest

from tests.daemon.office import CARE, STRANGER, complaint, mail
from tests.e2e.conftest import NewWorld
from tests.e2e.test_daemon_over_dovecot import LONG, prove
from tests.e2e.world import World
from tests.guards import PATIENCE

pytestmark = pytest.mark.slow


def stranger_writes(world: World, customer: str, phone: str) -> None:
    facts = {"customer_name": customer, "customer_phone": phone}
    told = len(world.mails(CARE, "quarantine"))
    world.send(mail(STRANGER, customer, files={"form.xlsx": complaint(**facts)}))
    world.wait("the notice", lambda: len(world.mails(CARE, "quarantine")) > told)


def test_a_form_is_released_by_command_and_by_reply_and_once_over_a_kill(new_world: NewWorld) -> None:
    world = new_world(LONG)
    world.start()
    stranger_writes(world, "許雅婷", "0900-000-001")
    command = world.command("quarantine", "release", "1", "--json")
    ended = subprocess.run(command, env=world.environment(), capture_output=True, timeout=PATIENCE)
    (released,) = json.loads(ended.stdout)
    assert (ended.returncode, released["became"], len(world.cases())) == (0, "taken", 1)
    assert "message=1 state=taken" in world.log(), "the daemon itself took it"

    stranger_writes(world, "林太太", "0900-000-002")
    notice = world.mails(CARE, "quarantine")[-1]
    world.send(mail(CARE, text="放行", answers=notice))
    world.wait("the reply", lambda: "message=3" in world.log())
    world.kill()
    world.start()
    world.send(mail(CARE, text="放行", answers=notice))
    world.wait("what is said of a second release", lambda: len(world.mails(CARE, "quarantine")) == 3)
    assert sorted(str(case.facts["customer_name"]) for case in world.cases()) == ["林太太", "許雅婷"]
    assert world.mails(STRANGER) == []
    world.wait("the mails", lambda: not world.waiting_mails())
    world.wait("the folders", lambda: len(world.folder_of("Processed")) == 2)
    assert len(world.folder_of("Quarantine")) == 2
    prove(world)
