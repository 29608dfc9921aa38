"""What has happened to a case: the entries of the ledger, each naming its clause where a rule made it happen.

An event is a fact of the past and is never changed. Its JSON form is what the ledger keeps and chains.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from rules.after_events import (
    Approval,
    Called,
    Closed,
    Corrected,
    Drawn,
    Held,
    Informed,
    Listed,
    Merged,
    Rectified,
    Reopened,
    Resumed,
    Withdrawn,
)
from rules.event_base import BaseEvent as BaseEvent
from rules.event_base import JsonFacts as JsonFacts
from rules.event_base import Origin as Origin
from rules.event_base import Party as Party
from rules.spans import Span

# Why an overdue duty costs nothing now: its notice was never accepted, was accepted late, or the case fined it before.
Unfined = Literal["not-told", "told-late", "fined-before"]
# Why somebody has to set a penalty's amount (D29).
PendingReason = Literal["labour-fee-unknown", "no-authority", "role-unclear", "amount-zero"]
# What was refused, and why.
Asked = Literal[
    "report",
    "finding",
    "confirmation",
    "appeal",
    "ruling",
    "rectification",
    "review",
    "deliveries",
    "call",
    "correction",
    "hold",
]
RefusalReason = Literal[
    "over-authority",
    "not-entitled",
    "case-closed",
    "unclear",
    "unknown-person",
    "unknown-cause",
    "unknown-penalty",
    "already-recorded",
    "amount-missing",
    "amount-fixed",
    "amount-invalid",
    "not-issued",
    "not-appealed",
    "already-issued",
    "already-appealed",
    "already-ruled",
    "incomplete",
    "not-on-list",
    "nothing-asked",
    "not-open",
    "no-reason",
    "unknown-fact",
    "unknown-case",
    "too-long",
]


class Opened(BaseEvent):
    """A complaint came in. `missing` are required facts nobody gave; `warnings` what was odd about it, as text.

    `policy` is the hash of the rules it was opened under and keeps.
    """

    kind: Literal["opened"] = "opened"
    policy: str = ""
    facts: JsonFacts
    issued_by: str | None = None
    sender: Party = Party()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Amended(BaseEvent):
    """A corrected form replaced the waiting draft (forms.md, What bad input gets)."""

    kind: Literal["amended"] = "amended"
    facts: JsonFacts
    sender: Party = Party()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Attached(BaseEvent):
    """The same complaint was sent again and put to this case; `merged` is the case of its own that it had."""

    kind: Literal["attached"] = "attached"
    sender: Party = Party()
    merged: str = ""
    clause: str


class Graded(BaseEvent):
    """The case has a grade."""

    kind: Literal["graded"] = "graded"
    grade: str
    clause: str
    reason: str  # number of the grading row, from 1, as text: the policy holds its wording


class Assigned(BaseEvent):
    """`roles` are responsible from now on, until `due` where the stage has a window.

    `because` tells a fresh grading from a lapse, whose escalation already carries the mail, and from a correction.
    """

    kind: Literal["assigned"] = "assigned"
    because: Literal["grading", "lapse", "correction"]
    stage: str
    roles: tuple[str, ...]
    window: Span | None
    due: AwareDatetime | None
    by: Party = Party()  # who corrected it, and why (`note`)
    note: str = ""
    clause: str


class TaskOpened(BaseEvent):
    """A duty beside the stages began (D26); it is nobody's business before `starts`, where that is given."""

    kind: Literal["task"] = "task"
    task: str
    role: str
    due: AwareDatetime
    starts: AwareDatetime | None = None
    note: str = ""  # why it is asked for again
    clause: str


class TaskDone(BaseEvent):
    """A duty was done."""

    kind: Literal["task-done"] = "task-done"
    task: str
    role: str
    by: Party = Party()
    note: str = ""
    clause: str


class TaskOverdue(BaseEvent):
    """A duty was not done by `due`.

    `told_at` is when its notice was accepted for whoever owes it, as far as known. Where a penalty may follow only
    later, `fine_at` is when that is looked at, and `unfined` why not now.
    """

    kind: Literal["task-overdue"] = "task-overdue"
    task: str
    role: str
    due: AwareDatetime
    told_at: AwareDatetime | None = None
    fine_at: AwareDatetime | None = None
    unfined: Unfined | None = None
    clause: str


class PenaltyWithheld(BaseEvent):
    """An overdue duty costs nothing yet (`until` when it is looked at again), or for good where that is None."""

    kind: Literal["penalty-withheld"] = "penalty-withheld"
    task: str
    role: str
    reason: Unfined
    told_at: AwareDatetime | None = None
    until: AwareDatetime | None = None
    clause: str


class Finding(BaseEvent):
    """Who is entitled to found what `party` did (D27); `cause` as the policy names it."""

    kind: Literal["finding"] = "finding"
    by: Party
    party: Party
    cause: str
    occurrence: str = ""
    labour_fee: Decimal | None = None
    note: str = ""
    clause: str


class PenaltyState(StrEnum):
    """How a penalty stands."""

    PROPOSED = "proposed"  # waits to be confirmed
    PENDING = "pending"  # its amount has to be set
    ISSUED = "issued"
    APPEALED = "appealed"  # suspended until it is ruled on
    UPHELD = "upheld"
    REVOKED = "revoked"
    DROPPED = "dropped"  # never issued


class Penalised(BaseEvent):
    """A penalty as it stands from now on: number `penalty` of the case, counted from 1.

    `by` did what changed it (found, confirmed, appealed, ruled) and said `note`; nobody where a time ran out.
    `role` and `person` name `party` briefly. `occurrence` tells one fault from another of the same kind.
    """

    kind: Literal["penalty"] = "penalty"
    penalty: int
    key: str
    cause: str
    occurrence: str = ""
    party: Party
    role: str = ""
    person: str = ""
    amount: Decimal | None
    state: PenaltyState
    reason: PendingReason | None = None
    by: Party = Party()
    note: str = ""
    clause: str


class Reminded(BaseEvent):
    """`roles` were reminded: shortly before a lapse, or again and again where no window runs.

    `about` is `task:<key>` or `approval:<what>` where it is no stage's.
    """

    kind: Literal["reminded"] = "reminded"
    stage: str
    roles: tuple[str, ...]
    due: AwareDatetime | None
    about: str = ""
    clause: str


class Lapsed(BaseEvent):
    """The window of `stage` ended at `due` without a resolution."""

    kind: Literal["lapsed"] = "lapsed"
    stage: str
    grade: str
    due: AwareDatetime
    roles: tuple[str, ...]  # who let it lapse
    round: int = 1  # how often the case was opened, or begun anew, so far
    clause: str


class Escalated(BaseEvent):
    """The case rose from one grade to the next; `report_to` are told to act or to know, `notify` that it is overdue."""

    kind: Literal["escalated"] = "escalated"
    from_: str = Field(alias="from")
    to: str
    stage: str
    report_to: tuple[str, ...]
    notify: tuple[str, ...]
    clause: str


class Reported(BaseEvent):
    """Somebody told how the case stands."""

    kind: Literal["reported"] = "reported"
    by: Party
    facts: JsonFacts


class Noted(BaseEvent):
    """A manager wrote beside the case in the workbook; `entries` by column, None where he emptied the cell."""

    kind: Literal["noted"] = "noted"
    by: Party
    entries: JsonFacts


class Refused(BaseEvent):
    """What somebody `asked` was not accepted; `sent_to` are the lowest roles whose authority covers it (D38)."""

    kind: Literal["refused"] = "refused"
    by: Party
    asked: Asked = "report"
    reason: RefusalReason
    clause: str
    sent_to: tuple[str, ...] = ()
    facts: JsonFacts


class Resolved(BaseEvent):
    """The complaint is settled and its clock stands still."""

    kind: Literal["resolved"] = "resolved"
    by: Party
    facts: JsonFacts
    clause: str


Event = Annotated[
    Opened
    | Amended
    | Attached
    | Graded
    | Assigned
    | TaskOpened
    | TaskDone
    | TaskOverdue
    | Finding
    | Penalised
    | PenaltyWithheld
    | Reminded
    | Lapsed
    | Escalated
    | Reported
    | Noted
    | Refused
    | Resolved
    | Rectified
    | Informed
    | Approval
    | Closed
    | Reopened
    | Corrected
    | Withdrawn
    | Merged
    | Held
    | Resumed
    | Listed
    | Drawn
    | Called,
    Field(discriminator="kind"),
]

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def event_to_json(event: Event) -> dict[str, object]:
    """Write an event as plain JSON values."""
    return event.model_dump(mode="json", by_alias=True)


def event_from_json(raw: object) -> Event:
    """Read an event back; pydantic.ValidationError if it is none."""
    return _EVENT.validate_python(raw, strict=False)
