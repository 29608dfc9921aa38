"""What a policy says of the time after the grade: duties, gates, orders to rectify, calls, corrections (D22–D36)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.conditions import Condition
from rules.locales import Text
from rules.penalty_rules import Overdue
from rules.spans import Span

_Cells = dict[str, Condition]
_Roles = Annotated[tuple[str, ...], Field(min_length=1)]
Begins = Literal["opened", "graded", "resolved", "rectified", "closed"]
DoneBy = Literal["report", "rectification", "informing", "call", "check"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Duty(_Model):
    """Something a role owes beside the stages: `role` must do it `within` the time, or what `overdue` says.

    It `begins` when the case is opened, or reaches one of `grades`, or is resolved, rectified or closed. `days` counts
    calendar days instead: it is due at the end of the last one, and nobody's business before that day begins.
    `done_by` is what does it. `kind` is its name in the timeline where several duties are one kind.
    """

    key: str
    kind: str = ""
    title: Text | None = None
    when: _Cells = {}
    grades: tuple[str, ...] = ()
    begins: Begins = "opened"
    role: str
    within: Span = timedelta(0)
    days: Annotated[int, Field(ge=0)] | None = None
    done_by: DoneBy = "report"
    remind_before: Span | None = None
    remind_every: Span | None = None  # once it is overdue, until it is done
    clause: str
    overdue: Overdue | None = None

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if (self.days is None) == (self.within == timedelta(0)):
            raise ValueError(f"duty {self.key}: exactly one of within and days is needed")
        if bool(self.grades) != (self.begins == "graded") and self.begins in ("opened", "graded"):
            raise ValueError(f"duty {self.key}: a duty begins at grades exactly where it names them")
        return self


class Gate(_Model):
    """What must be there before a resolved case can be closed: a fact of the order, or an approval.

    `grades`: only for cases of these; empty: for all.
    """

    key: str
    title: Text
    fact: str = ""
    approval: str = ""
    grades: tuple[str, ...] = ()
    clause: str

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Self:
        if bool(self.fact) == bool(self.approval):
            raise ValueError(f"gate {self.key}: exactly one of fact and approval is needed")
        return self


class Review(_Model):
    """Who approves of something, where `when` holds."""

    when: _Cells = {}
    role: str
    clause: str


class Rectification(_Model):
    """What an order to rectify must say when it comes back (D33), and who reviews it before it is filed (D40).

    `incomplete_to` are told, beside whoever sent it, of an order that lacks something.
    """

    required: tuple[str, ...]
    review: tuple[Review, ...] = ()
    remind_review: Span | None = None
    clause: str


class Recurrence(_Model):
    """When a new form is a settled case come back: one of `same_person`, all of `same_matter`, within the time (D36).

    No fact of `never_differing` may differ; a form of the very time of the first is that form again, not a recurrence.
    """

    within: Span
    same_person: _Roles
    same_matter: _Roles
    never_differing: tuple[str, ...] = ()
    clause: str


class Calls(_Model):
    """Whom `role` calls of the customers of a day: `share` per cent of those of `businesses`, rounded up.

    Due at the end of the calendar day `days` after the handing over, which is day 0. `penalty` is what a customer who
    was not called costs.
    """

    key: str
    title: Text
    role: str
    businesses: _Roles
    share: Annotated[Decimal, Field(gt=0, le=100)]
    days: Annotated[int, Field(ge=0)]
    remind_before: Span | None = None
    clause: str
    overdue: Overdue

    @property
    def task(self) -> str:
        """The duty's name."""
        return f"call-{self.key}"

    def duty(self) -> Duty:
        """Return the duty of making these calls."""
        return Duty(
            key=self.task,
            kind="call",
            title=self.title,
            role=self.role,
            days=self.days,
            done_by="call",
            remind_before=self.remind_before,
            clause=self.clause,
            overdue=self.overdue,
        )


class FollowUp(_Model):
    """Follow-up calls of the customers whose cars were handed over (D22–D25)."""

    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    calls: tuple[Calls, ...]
    told: tuple[str, ...]  # who hears of lists that came too late and of results for cars on no list
    keep_days: Annotated[int, Field(ge=1)] = 14  # how long after the last due time a day is kept open
    clause: str


class Corrections(_Model):
    """Who may correct a case (`by`), and whose consent a lower grade needs."""

    by: _Roles
    downgrade: tuple[Review, ...] = ()
    clause: str


class Holds(_Model):
    """How long a case may be held at most; the next higher role grants it, at the top `top` does."""

    longest: Span
    top: str
    remind_every: Span | None = None
    clause: str


class _Afterwards(Protocol):
    @property
    def gates(self) -> tuple[Gate, ...]: ...
    @property
    def rectification(self) -> Rectification | None: ...
    @property
    def recurrence(self) -> Recurrence | None: ...
    @property
    def follow_up(self) -> FollowUp | None: ...
    @property
    def corrections(self) -> Corrections | None: ...
    @property
    def holds(self) -> Holds | None: ...


def names_afterwards(policy: _Afterwards) -> Iterator[tuple[str, str, str]]:
    """Yield (where, what it names, the name) for every reference in these parts of a policy."""
    for gate in policy.gates:
        yield f"gate {gate.key}", "clause", gate.clause
        yield from ((f"gate {gate.key}", "grade", grade) for grade in gate.grades)
    if (order := policy.rectification) is not None:
        yield "rectification", "clause", order.clause
        yield from _of_reviews("rectification", order.review)
    if policy.recurrence is not None:
        yield "recurrence", "clause", policy.recurrence.clause
    if policy.follow_up is not None:
        yield from _of_calls(policy.follow_up)
    if (corrections := policy.corrections) is not None:
        yield "corrections", "clause", corrections.clause
        yield from (("corrections", "role", role) for role in corrections.by)
        yield from _of_reviews("corrections", corrections.downgrade)
    if policy.holds is not None:
        yield "holds", "clause", policy.holds.clause
        yield "holds", "role", policy.holds.top


def _of_reviews(place: str, reviews: tuple[Review, ...]) -> Iterator[tuple[str, str, str]]:
    for review in reviews:
        yield place, "role", review.role
        yield place, "clause", review.clause


def _of_calls(follow_up: FollowUp) -> Iterator[tuple[str, str, str]]:
    yield "follow_up", "clause", follow_up.clause
    yield from (("follow_up", "role", role) for role in follow_up.told)
    for calls in follow_up.calls:
        place = f"follow_up calls {calls.key}"
        yield place, "role", calls.role
        yield place, "clause", calls.clause
        yield place, "clause", calls.overdue.clause
        yield from ((place, "role", role) for role in calls.overdue.notify)
        if calls.overdue.penalty is not None:
            yield place, "penalty", calls.overdue.penalty
