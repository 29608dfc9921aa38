"""How far a day's calls are, and why these customers were drawn (D22–D25)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules.after_events import Delivery
from rules.after_rules import Calls
from rules.case import Case, Task
from rules.case_parts import Call
from rules.follow_up import calls_of, lot
from rules.policy import Policy


def calls_made(case: Case, task: Task) -> tuple[int, int]:
    """Return how many of the customers of a duty were reached, and how many it has."""
    calls = calls_of(case, task.task)
    return sum(call.reached for call in calls), len(calls)


@dataclass(frozen=True)
class Draw:
    """How the customers of one duty were drawn: the pool by lot, the lowest first, each with his call if drawn."""

    rule: Calls
    task: Task
    pool: tuple[tuple[str, Delivery, Call | None], ...]

    @property
    def exact(self) -> Decimal:
        """The exact share of the pool, before it is rounded up."""
        return len(self.pool) * self.rule.share / 100

    @property
    def drawn(self) -> int:
        """How many were drawn."""
        return sum(call is not None for _, _, call in self.pool)


def draws_of(case: Case, policy: Policy) -> Iterator[Draw]:
    """Yield how each duty of a day was drawn; who was drawn from an earlier list stays drawn."""
    if policy.follow_up is None or case.day is None:
        return
    for rule in policy.follow_up.calls:
        task = case.task(rule.task)
        if task is None:
            continue
        calls = {call.customer: call for call in calls_of(case, rule.task)}
        pool = sorted(
            (
                (lot(case.day, rule, delivery.key), delivery, calls.get(delivery.key))
                for delivery in case.deliveries
                if delivery.business in rule.businesses
            ),
            key=lambda one: one[0],
        )
        yield Draw(rule, task, tuple(pool))
