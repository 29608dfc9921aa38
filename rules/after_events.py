"""What happens to a case after its grade: orders to rectify, calls, approvals, corrections, closing (D22–D36, D40)."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rules.event_base import BaseEvent, JsonFacts, Party

ApprovalOf = Literal["rectification", "correction", "hold"]
NOBODY = Party()


class Rectified(BaseEvent):
    """A complete rectification order came back (D33)."""

    kind: Literal["rectified"] = "rectified"
    by: Party
    task: str
    facts: JsonFacts
    clause: str


class Informed(BaseEvent):
    """The customer was told the outcome; `opinion` is what he says of it (D34, D40)."""

    kind: Literal["informed"] = "informed"
    by: Party
    informed_at: AwareDatetime | None = None
    opinion: str = ""
    satisfied: bool | None = None
    clause: str


class Approval(BaseEvent):
    """`role` is asked to approve of something, or has decided; `request` is what would follow."""

    kind: Literal["approval"] = "approval"
    what: ApprovalOf
    role: str
    state: Literal["requested", "approved", "rejected"]
    by: Party
    note: str = ""
    request: JsonFacts = Field(default_factory=dict)
    clause: str


class Closed(BaseEvent):
    """Nothing is missing any more: the case is filed."""

    kind: Literal["closed"] = "closed"
    clause: str


class Reopened(BaseEvent):
    """The case is open again: the matter came back (`facts` are the new form's, D36), or somebody says so.

    `dropped` are the duties that are owed no longer.
    """

    kind: Literal["reopened"] = "reopened"
    because: Literal["recurrence", "correction"]
    by: Party
    facts: JsonFacts = Field(default_factory=dict)
    issued_by: str | None = None
    dropped: tuple[str, ...] = ()
    note: str = ""
    clause: str


class Corrected(BaseEvent):
    """Facts of the case were wrong; `was` is what stood there."""

    kind: Literal["corrected"] = "corrected"
    by: Party
    entries: JsonFacts
    was: JsonFacts
    note: str
    clause: str


class Withdrawn(BaseEvent):
    """The complaint was taken back, or was none."""

    kind: Literal["withdrawn"] = "withdrawn"
    by: Party
    dropped: tuple[str, ...] = ()
    note: str
    clause: str


class Merged(BaseEvent):
    """The case is the same as case `into` and goes on there."""

    kind: Literal["merged"] = "merged"
    by: Party
    into: str
    dropped: tuple[str, ...] = ()
    note: str
    clause: str


class Held(BaseEvent):
    """The clock stands still until `until`; `remaining` of the window is left (None: no window runs)."""

    kind: Literal["held"] = "held"
    by: Party
    until: AwareDatetime
    remaining_seconds: float | None
    note: str
    clause: str


class Resumed(BaseEvent):
    """The clock runs again, to `due`; nobody's doing where the time of the hold was over."""

    kind: Literal["resumed"] = "resumed"
    by: Party = NOBODY
    due: AwareDatetime | None
    clause: str


class Delivery(BaseModel):
    """A car handed over to its customer; `key` tells it from the others of its day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    business: str
    customer_name: str
    customer_phone: str
    plate_no: str = ""
    vin: str = ""


class Listed(BaseEvent):
    """A list of the cars handed over on `day` came in (D22–D25); `rows` are those not known before.

    `late` are the duties whose time was over when it came. `policy` is the hash of the rules the day is kept under.
    """

    kind: Literal["listed"] = "listed"
    policy: str = ""
    by: Party
    day: date
    rows: tuple[Delivery, ...]
    known: int = 0  # rows that were on an earlier list
    late: tuple[str, ...] = ()
    clause: str


class Drawn(BaseEvent):
    """Customers (`Delivery.key`) whom `role` has to call: `share` per cent of `pool`, rounded up (D22–D25).

    `late`: their list came after the call was due, so that nobody is fined for them.
    """

    kind: Literal["drawn"] = "drawn"
    task: str
    role: str
    customers: tuple[str, ...]
    pool: int
    share: Decimal
    late: bool = False
    clause: str


class Called(BaseEvent):
    """A customer was called, for the duty `task`; `customer` is the delivery's key, empty for a case's own customer."""

    kind: Literal["called"] = "called"
    task: str
    by: Party
    customer: str = ""
    called_at: AwareDatetime | None = None
    reached: bool
    satisfied: bool | None = None
    complaint: str = ""
    note: str = ""
    clause: str
