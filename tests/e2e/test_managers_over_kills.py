"""Managers write in the workbook while the daemon is killed again and again: no entry is lost, none counts twice."""

import random
import time

from daemon.site import load_site
from sheets.columns import Row
from sheets.files import WorkbookBusy, WorkbookChanged, fingerprint, write_if_unchanged
from sheets.patch import MasterPlan, PatchRefused, carry_out
from sheets.reading import read_master
from sheets.registry import CLOSED, OPEN
from tests.daemon.office import complaint, mail
from tests.e2e.conftest import NewWorld
from tests.e2e.world import World, short_rules
from tests.guards import eventually

CASES, KILLS = 6, 12


def save(world: World, number: str, cells: dict[str, str]) -> None:
    """Type into a case's row and save, again where the daemon was quicker."""
    eventually(lambda: _saved(world, number, cells), "a moment in which the workbook can be saved")


def _saved(world: World, number: str, cells: dict[str, str]) -> bool:
    site, path = load_site(world.config), world.folder / "master.xlsx"
    before = fingerprint(path)
    if before is None:
        return False
    try:
        plan = MasterPlan([Row(number, cells)])
        content = carry_out(path.read_bytes(), plan, site.locale, site.zone).content
        write_if_unchanged(path, content, before)
    except (WorkbookBusy, WorkbookChanged, PatchRefused, FileNotFoundError):
        return False
    return True


def test_entries_survive_a_daemon_that_is_killed_at_any_moment(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="2h"))
    world.start()
    form = complaint(customer_phone="0900-000-000", customer_name="客戶0")
    world.send(mail(files={"form.xlsx": form}))
    world.send(mail(files={"form.xlsx": form}))  # the same once more
    for at in range(1, CASES):
        told = {"customer_phone": f"0900-000-{at:03}", "customer_name": f"客戶{at}"}
        world.send(mail(files={"form.xlsx": complaint(**told)}))
    world.wait("the rows", lambda: len(world.rows()) == CASES)
    numbers = [case.number for case in world.cases()]
    dice = random.Random(3)
    for kill in range(KILLS):
        save(world, numbers[kill % (CASES - 1)], {"remarks": f"第 {kill} 次"})
        if kill == KILLS // 2:
            save(world, numbers[-1], {"resolution": "換新", "status": "已解決"})
        time.sleep(dice.random() * 0.5)
        world.kill()
        world.start()
    world.wait("the entries", lambda: all(note_of(world, number) for number in numbers[:-1]))
    world.wait("the case to move", lambda: numbers[-1] in standing(world, closed=True))
    world.stop()
    latest = {numbers[kill % (CASES - 1)]: f"第 {kill} 次" for kill in range(KILLS)}
    assert {number: note_of(world, number) for number in latest} == latest
    with world.ledger() as ledger:
        assert ledger.verify() == []
        kinds = [row.event.kind for number in numbers for row in ledger.events(number)]
    assert len(numbers) == CASES
    assert kinds.count("resolved") == 1
    assert kinds.count("noted") == KILLS + 1
    copies = world.copies()
    assert sum(copies.values()) - len(copies) <= KILLS, "one in doubt at a cut is sent again as the same"
    assert standing(world) == set(numbers[:-1])


def note_of(world: World, number: str) -> object:
    with world.ledger() as ledger:
        case = ledger.case(number)
    return None if case is None else case.notes.get("remarks")


def standing(world: World, *, closed: bool = False) -> set[str]:
    site, sheet = load_site(world.config), CLOSED if closed else OPEN
    content = (world.folder / "master.xlsx").read_bytes()
    return {row.key for row in read_master(content, site.locale, site.zone, None, sheet).rows}
