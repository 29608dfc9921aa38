"""Calls made of calls due, and duties done, counted from the events of cases and of days of calls."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon import packs
from rules.after_events import Delivery
from rules.case import Case, apply
from rules.commands import Command, DeadlineReached, OpenCase, ReceiveList, RecordCall, Report
from rules.courses import History
from rules.deadlines import due_now
from rules.decide import decide
from rules.duty_statistics import Done
from rules.events import Event, Party
from rules.follow_up import delivery_key
from rules.months import Month
from rules.statistics import Figures, figures_of

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = packs.read_policy(packs.policy_text("dealership"), "dealership")
NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
SHOWROOM, CARE = Party(roles=("showroom-manager",)), Party(roles=("customer-care",))


class Record:
    """One case as its events make it."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.case: Case | None = None
        self.events: list[Event] = []

    def do(self, command: Command, now: datetime) -> None:
        for event in decide(self.case, command, POLICY, now, ZONE, {}):
            self.case = apply(self.case, event, self.number)
            self.events.append(event)

    def pass_time(self, now: datetime) -> None:
        """Act on whatever falls due; every notice was accepted at once."""
        while self.case is not None and (deadline := due_now(self.case, POLICY, now)) is not None:
            self.do(DeadlineReached(deadline.name, self.case.opened_at), deadline.due)


def car(n: int, business: str = "new-car") -> Delivery:
    said = {"customer_name": f"客戶{n}", "customer_phone": f"1380000{n:04}", "plate_no": "", "vin": ""}
    return Delivery(key=delivery_key(**said, business=business), business=business, **said)


def figures(*records: Record, now: datetime = NINE + timedelta(days=30)) -> Figures:
    histories = [History(record.number, tuple(record.events)) for record in records]
    return figures_of(histories, Month(2026, 11), now, ZONE)


def test_D22_calls_are_counted_in_time_later_missed_and_of_late_lists() -> None:
    day = Record("HF-20261123-001")
    day.do(ReceiveList(CARE, date(2026, 11, 23), tuple(car(n) for n in range(4))), NINE)
    day.do(RecordCall(SHOWROOM, reached=True, phone=car(0).customer_phone), NINE + timedelta(hours=1))
    day.do(RecordCall(SHOWROOM, reached=False, phone=car(1).customer_phone), NINE + timedelta(hours=2))
    day.pass_time(NINE + timedelta(hours=20))
    day.do(RecordCall(SHOWROOM, reached=True, phone=car(2).customer_phone), NINE + timedelta(hours=21))
    day.do(ReceiveList(CARE, date(2026, 11, 23), (car(9),)), NINE + timedelta(days=1))
    counted = figures(day)
    (showroom,) = (done for done in counted.calls if done.role == "showroom-manager")
    assert showroom == Done("call-new-cars", "showroom-manager", 4, 2, 1, 1, late_lists=1)
    assert counted.duties == ()
    assert (counted.flow.opened, counted.flow.settled, counted.unknown) == (0, 0, 0), "a day is no complaint"
    assert counted.penalties.issued.count == 2, "one missed, one called too late: each was fined at midnight"


def test_what_falls_due_later_is_not_counted_yet() -> None:
    day = Record("HF-20261129-001")
    day.do(ReceiveList(CARE, date(2026, 11, 29), (car(1),)), NINE + timedelta(days=6))
    assert [done.role for done in figures(day).calls] == ["showroom-manager"]  # D25 runs into December
    assert figures(day, now=NINE + timedelta(days=6)).calls == ()


def test_D26_duties_of_complaints_are_counted_by_kind() -> None:
    case = Record("KS-20261123-001")
    facts = {"department": "sales", "category": "attitude"}
    case.do(OpenCase(facts, issued_by="customer-care"), NINE)
    case.do(Report(Party(roles=("retail-manager",)), {"result": "resolved"}), NINE + timedelta(hours=1))
    case.pass_time(NINE + timedelta(days=3))
    done = {each.key: (each.due, each.in_time, each.missed) for each in figures(case).duties}
    assert done["feedback-sales"] == (1, 0, 1)
    assert done["inform-customer"] == (1, 0, 1)
    assert "revisit-30" not in done
