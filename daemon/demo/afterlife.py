"""The demo's second act: what follows a grade (orders, fines, an appeal, calls), by mail alone."""

from collections.abc import Callable
from datetime import date

from daemon.demo import paper
from daemon.demo.script import Reply, Sending
from rules.locales import Locale

CUSTOMER = "蔡先生"
_ORDER = {
    "cause": "The allocation list was not checked for eleven weeks",
    "corrective_action": "Delivery date confirmed with the factory; the customer is called every Friday",
    "persons_responsible": "Grace Chang",
}
_DECISION = {"decision_on_persons": "A talk, and the list is on her desk every Monday"}


def sendings(today: date) -> list[Sending]:
    """Return what staff send beside complaints: the list of the cars handed over today."""
    cars = [
        ("方太太", "0911-000-001", "AAA-0001", today, "新車"),
        ("Mr Lee", "0911-000-002", "AAA-0002", today, "新車"),
        *((f"保養客戶{n}", f"0911-000-1{n:02}", f"BBB-{n:04}", today, "保養") for n in range(1, 12)),
    ]
    return [
        Sending(
            1.2,
            "staff.chang@example.com",
            "今日交車清單",
            "請回訪",
            "the cars handed over today: whom to call",
            (("交車清單.xlsx", paper.deliveries(cars)),),
        )
    ]


def replies() -> list[Reply]:
    """Return how people answer the mails of the second act."""
    return [*_of_the_order(), *_of_the_fine(), *_of_the_calls()]


def _order(**facts: object) -> Callable[[str], bytes]:
    return lambda number: paper.rectification(Locale.EN, {"case_number": number, **facts})


def _of_the_order() -> list[Reply]:
    return [
        Reply(
            "retail@example.com",
            "rectification-order",
            CUSTOMER,
            4.0,
            "",
            "returns the order without a decision",
            _order(**_ORDER),
        ),
        Reply(
            "retail@example.com",
            "rectification-incomplete",
            CUSTOMER,
            3.0,
            "",
            "returns it complete",
            _order(**_ORDER, **_DECISION),
        ),
        Reply(
            "sales@example.com", "approval-request", CUSTOMER, 2.0, "同意 請盯緊交期", "approves the order"
        ),
        Reply(
            "care@example.com",
            "resolved",
            CUSTOMER,
            4.0,
            "已告知 客戶滿意，願意等到下週三",
            "has told the customer",
        ),
    ]


def _of_the_fine() -> list[Reply]:
    return [
        Reply(
            "care@example.com",
            "rectification-order",
            CUSTOMER,
            1.0,
            "責任 Grace Chang 失職 十一週未主動告知交期",
            "finds who was at fault",
        ),
        Reply("care@example.com", "penalty", CUSTOMER, 1.5, "確認", "confirms the penalty"),
        Reply(
            "retail@example.com",
            "penalty",
            CUSTOMER,
            2.0,
            "appeal I wrote to the customer twice, see the mails of August and October",
            "appeals",
        ),
        Reply("gm@example.com", "appeal", CUSTOMER, 2.0, "撤销 确有两次书面告知", "revokes it"),
        Reply(
            "care@example.com",
            "ruling",
            CUSTOMER,
            1.0,
            "已回訪 客戶滿意，已如期交車",
            "calls the customer again",
        ),
    ]


def _of_the_calls() -> list[Reply]:
    return [
        Reply(
            "showroom@example.com",
            "task-list",
            "HF-",
            5.0,
            "0911-000-001 已接通 滿意\n0911-000-002 reached, complaint: the second key is missing",
            "has called both; one complains",
        )
    ]
