"""The whole life of a case over real mail and the workbook: from the first form to the archive."""

import subprocess

import pytest
from openpyxl import load_workbook

from daemon import packs
from rules.case import Case, Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    HandClock,
    Posted,
    complaint,
    filled_in,
    mail,
)
from tests.daemon.spreadsheet import Master
from tests.daemon.test_workbook_two_way import CLOSED
from tests.e2e.by_hand import passes
from tests.e2e.conftest import NewWorld
from tests.e2e.world import PASSWORD, World
from tests.guards import PATIENCE

pytestmark = pytest.mark.slow
WHOLE = {"整改措施": "更換並試車", "責任人": "王經理", "對責任人的處理": "書面警告"}


class Life:
    """A world in which the clock is put forward by hand, with one case."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = HandClock()

    def goes_on(self, **span: float) -> None:
        self.clock.forward(**(span or {"minutes": 10}))
        passes(self.world, self.clock)

    def says(self, who: str, text: str, answers: Posted) -> None:
        self.world.send(mail(who, text=text, answers=answers))
        self.goes_on()

    def got(self, who: str, template: str) -> Posted:
        """The latest mail of a kind to somebody."""
        return self.world.mails(who, template)[-1]

    @property
    def case(self) -> Case:
        (case,) = self.world.cases()
        return case


def returned(brought: Posted, answers: dict[str, str]) -> bytes:
    """The form that came with a mail, beside the customer's photo, filled in."""
    (content,) = (file for name, file in brought.enclosures.items() if name.endswith(".xlsx"))
    for label, answer in answers.items():
        content = filled_in(content, label, answer)
    return content


def test_a_case_goes_from_the_first_form_to_the_archive(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", PASSWORD)
    life = Life(new_world(packs.policy_text("dealership")))
    world = life.world
    world.send(
        mail(
            STAFF,
            files={"form.xlsx": complaint(repair_amount="1500"), "photo.png": b"\x89PNG\r\n\x1a\n" * 900},
        )
    )
    life.goes_on()
    number = life.case.number
    assert (life.case.grade, life.case.owners) == ("level-2", ("after-sales-director",))

    # Settled in time, by a reply; the order comes back incomplete, then whole, and is reviewed (D33, D40).
    life.says(AFTER_SALES, "已解決 更換煞車片，優惠工時費50%", life.got(AFTER_SALES, "assignment"))
    assert life.case.status is Status.RESOLVED
    brought = life.got(SERVICE_MANAGER, "rectification-order")
    part = returned(brought, {"原因分析": "未依扭力安裝"})
    world.send(mail(SERVICE_MANAGER, files={"order.xlsx": part}, answers=brought))
    life.goes_on()
    back = life.got(SERVICE_MANAGER, "rectification-incomplete")
    world.send(mail(SERVICE_MANAGER, files={"order.xlsx": returned(back, WHOLE)}, answers=back))
    life.goes_on()
    life.says(AFTER_SALES, "同意", life.got(AFTER_SALES, "approval-request"))
    assert life.case.status is Status.RESOLVED, "the customer has not been told"

    # Customer care tells the customer and notes it in the workbook: the case is closed (D34).
    with Master(world.folder / "master.xlsx") as book:
        book.put(number, "客戶意見", "滿意，謝謝", CLOSED)
    life.goes_on()
    assert life.case.status is Status.CLOSED

    # Fault is found, confirmed, appealed against and ruled on (D27–D31).
    life.says(CARE, "責任 王經理 失職 未依扭力安裝", life.got(CARE, "resolved"))
    life.says(CARE, "確認", life.got(CARE, "penalty"))
    assert [penalty.state.value for penalty in life.case.penalties] == ["issued"]
    life.says(SERVICE_MANAGER, "申訴 當日扭力扳手送校", life.got(SERVICE_MANAGER, "penalty"))
    appeal = life.got(MANAGER, "appeal")
    assert any(name.endswith(".html") for name in appeal.enclosures), (
        "the case's history goes with the appeal"
    )
    life.says(MANAGER, "维持 校正记录不足以说明", appeal)
    assert [(penalty.state.value, str(penalty.amount)) for penalty in life.case.penalties] == [
        ("upheld", "200.00")
    ]
    assert life.got(SERVICE_MANAGER, "ruling")

    # The customer is called after 7 and 30 days, the rectification checked (D35, D36).
    told = life.got(CARE, "resolved")
    life.goes_on(days=7)
    life.says(CARE, "已回訪 客戶滿意", told)
    life.goes_on(days=23)
    life.says(CARE, "已回訪 客戶滿意，無異音", told)
    life.says(CARE, "已複查 未再發生", told)
    assert life.case.open_tasks == ()

    # After 60 days the case stands in the archive, and everybody was told everything once.
    life.goes_on(days=61)
    master = load_workbook(world.folder / "master.xlsx")
    assert not any(number in [str(row[0]) for row in sheet.values] for sheet in master.worksheets[:2])
    (archive,) = (world.folder / "archive").glob("*.xlsx")
    assert any(number == row[0] for sheet in load_workbook(archive).worksheets for row in sheet.values)
    assert set(world.copies().values()) == {1}
    with world.ledger() as ledger:
        assert ledger.verify() == []
        kinds = [row.event.kind for row in ledger.events(number)]
    assert [kinds.count(kind) for kind in ("resolved", "rectified", "informed", "closed", "finding")] == [
        1
    ] * 5
    page = subprocess.run(
        world.command("case", number), env=world.environment(), capture_output=True, timeout=PATIENCE
    )
    told_there = page.stdout.decode()
    for what in ("更換煞車片", "未依扭力安裝", "當日扭力扳手送校", "維持第 1 號處罰", "結案"):
        assert what in told_there
