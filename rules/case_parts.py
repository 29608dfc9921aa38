"""What a case is made of beside its facts: how it stands, duties, calls, approvals and penalties."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from rules.after_events import ApprovalOf
from rules.events import JsonFacts, Party, PenaltyState, PendingReason


class Status(StrEnum):
    """How a case stands."""

    INCOMPLETE = "incomplete"  # required facts are missing; its clock runs all the same
    OPEN = "open"
    RESOLVED = "resolved"  # settled; it is closed once nothing is missing any more
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


OPEN_STATUSES = (Status.INCOMPLETE, Status.OPEN)
SETTLED_STATUSES = tuple(status for status in Status if status not in OPEN_STATUSES)


class Task(BaseModel):
    """A duty beside the stages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    role: str
    due: AwareDatetime
    clause: str
    opened_at: AwareDatetime | None = None
    starts: AwareDatetime | None = None  # nobody's business before
    done: bool = False
    done_at: AwareDatetime | None = None
    reminded_at: AwareDatetime | None = None
    opening: int = 1  # of the case's openings, the one it belongs to
    times: int = 1  # how often it was asked for: an order sent back is asked for again
    overdue_at: AwareDatetime | None = None  # when it was found not done in time
    fine_at: AwareDatetime | None = None  # when its penalty is looked at again

    @property
    def occurrence(self) -> str:
        """The fault of not doing it in time, told from any other of the case."""
        return f"task:{self.task}" if self.times == 1 else f"task:{self.task}:{self.times}"


class Call(BaseModel):
    """A customer (`Delivery.key`) whom a duty has somebody call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    customer: str
    late: bool = False  # his list came after the call was due: nobody is fined
    attempts: int = 0
    reached: bool = False
    satisfied: bool | None = None
    called_at: AwareDatetime | None = None
    complaint: str = ""
    note: str = ""


class Asking(BaseModel):
    """Something that waits for somebody's approval, or had it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: ApprovalOf
    role: str
    state: Literal["requested", "approved", "rejected"]
    by: Party  # who asked
    decided_by: Party = Party()
    request: JsonFacts
    clause: str = ""
    asked_at: AwareDatetime
    reminded_at: AwareDatetime | None = None
    note: str = ""


class Penalty(BaseModel):
    """A penalty of the case, as its last event left it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    key: str
    cause: str
    occurrence: str
    party: Party
    role: str
    person: str
    amount: Decimal | None
    clause: str
    state: PenaltyState
    reason: PendingReason | None
    imposed_at: AwareDatetime
    changed_at: AwareDatetime
