"""An order to rectify over real servers: out, back incomplete, back whole, reviewed; then closed, and opened again."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from rules.case import Case, Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    SERVICE_MANAGER,
    STAFF,
    Posted,
    complaint,
    filled_in,
    mail,
)
from tests.daemon.test_orders import ANSWERS, LEVEL_2
from tests.e2e.conftest import NewWorld
from tests.e2e.world import World, short_rules

pytestmark = pytest.mark.slow
LABELS = {
    "整改措施": "corrective_action",
    "責任人": "persons_responsible",
    "對責任人的處理": "decision_on_persons",
}


def awaited(world: World, address: str, template: str, count: int = 1) -> Posted:
    """The latest mail of a kind to somebody, once so many have come."""
    world.wait(f"{template} to {address}", lambda: len(world.mails(address, template)) >= count)
    return world.mails(address, template)[-1]


def completed(posted: Posted, answers: dict[str, str]) -> bytes:
    """The order that came with a mail, filled in and saved as a spreadsheet program does."""
    (content,) = posted.enclosures.values()
    for label, answer in answers.items():
        content = filled_in(content, label, answer)
    return content


def the_case(world: World) -> Case:
    (case,) = world.cases()
    return case


def test_an_order_goes_out_comes_back_and_the_case_is_closed_and_opened_again(new_world: NewWorld) -> None:
    world = new_world(short_rules(window="2h"))
    world.start()
    world.send(mail(STAFF, files={"f.xlsx": complaint(**LEVEL_2)}))
    brought = awaited(world, SERVICE_MANAGER, "rectification-order")
    world.send(
        mail(
            SERVICE_MANAGER, files={"o.xlsx": completed(brought, {"原因分析": "安裝不到位"})}, answers=brought
        )
    )
    back = awaited(world, SERVICE_MANAGER, "rectification-incomplete")
    assert "還缺 3 欄" in back.text
    rest = {label: ANSWERS[key] for label, key in LABELS.items()}
    world.send(mail(SERVICE_MANAGER, files={"o.xlsx": completed(back, rest)}, answers=back))
    asked = awaited(world, AFTER_SALES, "approval-request")
    assert "安裝不到位" in asked.text
    assert "口頭警告" in asked.text
    world.kill()  # as a power cut does: nothing of what follows is lost or doubled
    world.send(mail(AFTER_SALES, text="已解決 重新安裝煞車片", answers=asked))
    world.start()
    told = awaited(world, CARE, "resolved")
    world.send(mail(AFTER_SALES, text="同意", answers=asked))
    world.wait("the review", lambda: _is_reviewed(world))
    assert the_case(world).status is Status.RESOLVED, "nobody has told the customer"
    world.send(mail(CARE, text="已告知 客戶滿意", answers=told))
    world.wait("the closing", lambda: the_case(world).status is Status.CLOSED)
    number = the_case(world).number
    world.wait("the row", lambda: "已結案" in world.rows().get(number, []))
    again = complaint(**{**LEVEL_2, "reported_at": "2026-11-24T09:00:00+08:00"})
    world.send(mail(STAFF, files={"f.xlsx": again}))
    world.wait("the case to be open again", lambda: the_case(world).openings == 2)
    answer = awaited(world, STAFF, "acknowledgement", 2)
    assert number in answer.text
    awaited(world, SERVICE_MANAGER, "rectification-order", 2)
    world.wait("the mails", lambda: not world.waiting_mails())
    assert world.stop() == 0
    assert set(world.copies().values()) == {1}
    with world.ledger() as ledger:
        assert ledger.verify() == []
        kinds = [row.event.kind for row in ledger.events(number)]
    assert [kinds.count(kind) for kind in ("rectified", "informed", "closed", "reopened")] == [1, 1, 1, 1]
    assert load_workbook(BytesIO(completed(back, {}))).worksheets[0].title == "抱怨表單"


def _is_reviewed(world: World) -> bool:
    asking = the_case(world).asking("rectification")
    return asking is not None and asking.state == "approved"
