"""What may be asked of a case: every one ends in `decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from rules.after_events import ApprovalOf, Delivery
from rules.conditions import FactValue
from rules.events import Party
from rules.facts import NO_FACTS, Facts, Json

NOBODY = Party()


@dataclass(frozen=True)
class OpenCase:
    """A complaint form came in; `missing` are required facts that it lacks or that could not be read.

    `policy` is the hash of the rules it is opened under.
    """

    facts: Facts
    issued_by: str | None = None
    sender: Party = NOBODY
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    policy: str = ""


@dataclass(frozen=True)
class AmendCase:
    """A corrected form for a case that is still incomplete."""

    facts: Facts
    sender: Party = NOBODY
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttachForm:
    """The same complaint came again; `merged` is the case of its own that it had until now."""

    sender: Party = NOBODY
    merged: str = ""


@dataclass(frozen=True)
class Report:
    """Somebody tells how the case stands; `facts` are the handling form's. `unclear` says what was ambiguous."""

    by: Party
    facts: Facts = field(default_factory=lambda: NO_FACTS)
    unclear: str = ""


@dataclass(frozen=True)
class Annotate:
    """A manager wrote beside the case in the workbook; `entries` are what stands there now, None where emptied."""

    by: Party
    entries: Mapping[str, Json]


@dataclass(frozen=True)
class RecordFinding:
    """Somebody found what `party` did (D27): `cause` as the policy names it.

    `known` is False where nobody of that name works here. The same cause of the same party is one occurrence unless
    `occurrence` tells them apart. `labour_fee` is this case's, where its form does not say. `confirmed`: it came by a
    way that is itself a confirmation (a tokened mail), so that what it costs is issued at once.
    """

    by: Party
    party: Party
    cause: str
    note: str = ""
    labour_fee: Decimal | None = None
    occurrence: str = ""
    known: bool = True
    confirmed: bool = False


@dataclass(frozen=True)
class ConfirmPenalty:
    """Somebody confirms or drops a penalty that waits for it; `amount` is set where the policy could not tell it."""

    by: Party
    penalty: int
    decision: Literal["confirm", "drop"]
    amount: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class Appeal:
    """Somebody asks for a penalty of his to be taken back (D31)."""

    by: Party
    penalty: int
    text: str = ""


@dataclass(frozen=True)
class Rule:
    """Somebody rules on an appeal (D31)."""

    by: Party
    penalty: int
    decision: Literal["uphold", "revoke"]
    note: str = ""


@dataclass(frozen=True)
class DeadlineReached:
    """The time of one of the case's deadlines has come (`rules.deadlines`); `name` is the deadline's.

    For `overdue:` and `penalty:` deadlines `told_at` is when the notice of the duty was accepted by SMTP, None if it
    never was, and `whom` the person it was accepted for, where one is known. `untold` are the customers (Delivery.key)
    of whom a caller's notice came too late, or never.
    """

    name: str
    told_at: datetime | None = None
    whom: Party = NOBODY
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rectify:
    """An order to rectify came back (D33); `facts` are its form's.

    `unread` says of facts that could not be read what is wrong with them, `places` in which cells facts stand or
    should stand. `proven`: it is from `by` for certain, so that whoever reviews orders has reviewed his own.
    """

    by: Party
    facts: Facts = field(default_factory=lambda: NO_FACTS)
    unread: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    proven: bool = True


@dataclass(frozen=True)
class Inform:
    """Somebody told the customer the outcome (D34)."""

    by: Party
    informed_at: datetime | None = None
    opinion: str = ""
    satisfied: bool | None = None


@dataclass(frozen=True)
class Review:
    """Somebody approves or rejects what waits for it: `what`, or the only thing that waits for him.

    `in_person`: nobody else can have said it; whoever can write a shared file may not consent to a lower grade by it.
    """

    by: Party
    decision: Literal["approve", "reject"]
    what: ApprovalOf | Literal[""] = ""
    note: str = ""
    in_person: bool = True


@dataclass(frozen=True)
class ReceiveList:
    """A list of the cars handed over on `day`; `policy` is the hash of the rules a new day is kept under."""

    by: Party
    day: date
    rows: tuple[Delivery, ...]
    policy: str = ""


@dataclass(frozen=True)
class RecordCall:
    """Somebody called a customer, told by his telephone number, plate, VIN or name; on a case, its own customer."""

    by: Party
    reached: bool
    phone: str = ""
    plate_no: str = ""
    vin: str = ""
    name: str = ""
    satisfied: bool | None = None
    complaint: str = ""
    called_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class CompleteTask:
    """Somebody did a duty that nothing else shows, such as looking whether a rectification holds (D36)."""

    by: Party
    task: str
    note: str = ""


@dataclass(frozen=True)
class Recur:
    """A form shows that a settled matter has come back (D36); `issued_by` is its sender's role, as of OpenCase."""

    facts: Facts
    issued_by: str | None = None
    sender: Party = NOBODY


@dataclass(frozen=True)
class Correct:
    """Facts of the case are wrong; `entries` are the right ones, typed (None: there is none).

    `in_person`: nobody else can have said it; else a lower grade needs a consent, whatever role it came in.
    """

    by: Party
    entries: Mapping[str, FactValue | None]
    note: str
    in_person: bool = True


@dataclass(frozen=True)
class Reassign:
    """Other roles are to act; the clock goes on."""

    by: Party
    roles: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Withdraw:
    """The complaint was taken back, or was none."""

    by: Party
    note: str


@dataclass(frozen=True)
class Merge:
    """The case is the same as `into` (its number); `known` is False where no such case is open."""

    by: Party
    into: str
    note: str
    known: bool = True


@dataclass(frozen=True)
class Reopen:
    """A settled case is not settled."""

    by: Party
    note: str


@dataclass(frozen=True)
class Hold:
    """Whoever is responsible asks to stop the clock until a time, and why; nobody else may."""

    by: Party
    until: datetime
    note: str


@dataclass(frozen=True)
class Release:
    """A hold ends before its time."""

    by: Party
    note: str = ""


Correction = Correct | Reassign | Withdraw | Merge | Reopen | Hold | Release

Command = (
    OpenCase
    | AmendCase
    | AttachForm
    | Report
    | Annotate
    | RecordFinding
    | ConfirmPenalty
    | Appeal
    | Rule
    | DeadlineReached
    | Rectify
    | Inform
    | Review
    | ReceiveList
    | RecordCall
    | CompleteTask
    | Recur
    | Correction
)
