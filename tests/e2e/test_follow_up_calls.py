"""A day of follow-up calls over real IMAP and SMTP: list in, call lists out, results back, fines, an appeal."""

import pytest

from daemon import packs
from tests.daemon.handover import (
    BODY_PAINT,
    NUMBER,
    SHOWROOM,
    called,
    car,
    customers_in,
    deliveries,
    list_of,
    phone,
)
from tests.daemon.office import CARE, MANAGER, SERVICE_MANAGER, STAFF, HandClock, mail
from tests.e2e.by_hand import passes
from tests.e2e.conftest import NewWorld
from tests.e2e.world import PASSWORD

pytestmark = pytest.mark.slow


def test_a_day_of_calls_from_the_list_to_the_ruling(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", PASSWORD)
    world, clock = new_world(packs.policy_text("dealership")), HandClock()
    with world.config.open("a", encoding="utf-8") as config:
        config.write(f'showroom-manager = [{{ name = "趙經理", email = "{SHOWROOM}" }}]\n')
        config.write(f'body-paint-supervisor = [{{ name = "孫主任", email = "{BODY_PAINT}" }}]\n')

    world.send(
        mail(files={"list.xlsx": deliveries([car(1, "新車"), car(2, "新車"), *map(car, range(3, 14))])})
    )
    passes(world, clock)
    (showroom,) = world.mails(SHOWROOM, "task-list")
    (service,) = world.mails(SERVICE_MANAGER, "task-list")
    assert customers_in(list_of(showroom)) == [phone(1), phone(2)]
    drawn = customers_in(list_of(service))
    assert len(drawn) == 2  # 10 % of 11, rounded up
    assert len(customers_in(list_of(*world.mails(CARE, "task-list")))) == 13
    assert "新增 13 筆" in world.mails(STAFF, "acknowledgement")[0].text

    clock.forward(hours=3)
    filled = called(
        list_of(showroom), {phone(1): {"是否接通": "是", "是否滿意": "否", "客戶抱怨內容": "門板異音"}}
    )
    world.send(mail(SHOWROOM, files={"back.xlsx": filled}, answers=showroom))
    world.send(mail(SERVICE_MANAGER, text="\n".join(f"{one} 已接通 滿意" for one in drawn), answers=service))
    passes(world, clock)
    (case,) = world.cases()
    assert (case.facts["description"], case.grade) == ("門板異音", "level-3")
    assert case.number in world.mails(SHOWROOM, "acknowledgement")[0].text
    assert "已登錄 2 筆" in world.mails(SERVICE_MANAGER, "acknowledgement")[0].text

    clock.forward(hours=12)  # past midnight: one new car was not called
    passes(world, clock)
    (fine,) = world.mails(SHOWROOM, "penalty")
    assert "客戶2" in fine.text
    assert "50 元" in fine.text
    assert not world.mails(SERVICE_MANAGER, "penalty")

    world.send(mail(SHOWROOM, text="申訴 客戶手機停機，附通話紀錄", answers=fine))
    passes(world, clock)
    (appeal,) = world.mails(MANAGER, "appeal")
    world.send(mail(MANAGER, text="撤销 有通话记录", answers=appeal))
    passes(world, clock)
    assert world.mails(SHOWROOM, "ruling")
    with world.ledger() as ledger:
        day = ledger.case(NUMBER)
        assert day is not None
        assert [penalty.state.value for penalty in day.penalties] == ["revoked"]
        assert ledger.verify() == []
    assert set(world.copies().values()) == {1}
