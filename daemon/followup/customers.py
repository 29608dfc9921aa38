"""Key customers: those who complained lately are called with more care (D35)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from rules.after_events import Delivery
from rules.case import Case
from rules.policy import Policy
from rules.sameness import persons

LATELY = timedelta(days=180)


class Known(Protocol):
    """Who remembers the complaints of customers: the ledger, or a transaction on it."""

    def open_cases_with(self, key: str, value: str) -> list[Case]:
        """Return the open cases recorded with `value` under `key`."""
        ...

    def settled_cases_with(self, key: str, value: str) -> list[Case]:
        """Return the settled cases recorded with `value` under `key`."""
        ...


def complained(delivery: Delivery, known: Known, policy: Policy, now: datetime) -> bool:
    """Tell whether the customer of a car, or anybody about it, complained within the last half year."""
    facts = {"customer_phone": delivery.customer_phone, "plate_no": delivery.plate_no, "vin": delivery.vin}
    keys = persons({key: value for key, value in facts.items() if value}, policy.intake.same_person)
    return any(
        case.opened_at > now - LATELY for key, value in keys.items() for case in _cases(key, value, known)
    )


def _cases(key: str, value: str, known: Known) -> Iterable[Case]:
    yield from known.open_cases_with(key, value)
    yield from known.settled_cases_with(key, value)


def key_customers(case: Case, known: Known, policy: Policy, now: datetime) -> frozenset[str]:
    """Return the customers of a day's calls (Delivery.key) who complained lately."""
    drawn = {call.customer for call in case.calls}
    return frozenset(
        delivery.key
        for delivery in case.deliveries
        if delivery.key in drawn and complained(delivery, known, policy, now)
    )
