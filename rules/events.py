"""What has happened to a case: the entries of the ledger, each naming its clause where a rule made it happen.

An event is a fact of the past and is never changed. Its JSON form is what the ledger keeps and chains.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from rules.facts import Json
from rules.spans import Span

JsonFacts = dict[str, Json]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: AwareDatetime


class Party(BaseModel):
    """Who did something: the roles he acts in, and his address where he is a person of flesh and blood."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[str, ...] = ()
    email: str = ""
    name: str = ""


class Opened(_Event):
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


class Amended(_Event):
    """A corrected form replaced the waiting draft (forms.md, What bad input gets)."""

    kind: Literal["amended"] = "amended"
    facts: JsonFacts
    sender: Party = Party()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Attached(_Event):
    """The same complaint was sent again and put to this case instead of opening a second one."""

    kind: Literal["attached"] = "attached"
    sender: Party = Party()
    clause: str


class Graded(_Event):
    """The case has a grade."""

    kind: Literal["graded"] = "graded"
    grade: str
    clause: str
    reason: str  # number of the grading row, from 1, as text: the policy holds its wording


class Assigned(_Event):
    """`roles` are responsible from now on, until `due` where the stage has a window.

    `because` tells a fresh grading from a lapse, whose escalation already carries the mail.
    """

    kind: Literal["assigned"] = "assigned"
    because: Literal["grading", "lapse"]
    stage: str
    roles: tuple[str, ...]
    window: Span | None
    due: AwareDatetime | None
    clause: str


class TaskOpened(_Event):
    """A duty beside the stages began (D26)."""

    kind: Literal["task"] = "task"
    task: str
    role: str
    due: AwareDatetime
    clause: str


class TaskDone(_Event):
    """A duty was done."""

    kind: Literal["task-done"] = "task-done"
    task: str
    role: str
    clause: str


class Reminded(_Event):
    """`roles` were reminded: shortly before a lapse, or again and again where no window runs."""

    kind: Literal["reminded"] = "reminded"
    stage: str
    roles: tuple[str, ...]
    due: AwareDatetime | None
    clause: str


class Lapsed(_Event):
    """The window of `stage` ended at `due` without a resolution."""

    kind: Literal["lapsed"] = "lapsed"
    stage: str
    grade: str
    due: AwareDatetime
    roles: tuple[str, ...]  # who let it lapse
    clause: str


class Escalated(_Event):
    """The case rose from one grade to the next; `report_to` are told to act or to know, `notify` that it is overdue."""

    kind: Literal["escalated"] = "escalated"
    from_: str = Field(alias="from")
    to: str
    stage: str
    report_to: tuple[str, ...]
    notify: tuple[str, ...]
    clause: str


class Reported(_Event):
    """Somebody told how the case stands."""

    kind: Literal["reported"] = "reported"
    by: Party
    facts: JsonFacts


class Noted(_Event):
    """A manager wrote beside the case in the workbook; `entries` by column, None where he emptied the cell."""

    kind: Literal["noted"] = "noted"
    by: Party
    entries: JsonFacts


class Refused(_Event):
    """A report was not accepted. `sent_to` are the lowest roles whose authority covers it (D38), if any."""

    kind: Literal["refused"] = "refused"
    by: Party
    reason: Literal["over-authority", "not-entitled", "case-closed", "unclear"]
    clause: str
    sent_to: tuple[str, ...] = ()
    facts: JsonFacts


class Resolved(_Event):
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
    | Reminded
    | Lapsed
    | Escalated
    | Reported
    | Noted
    | Refused
    | Resolved,
    Field(discriminator="kind"),
]

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def event_to_json(event: Event) -> dict[str, object]:
    """Write an event as plain JSON values."""
    return event.model_dump(mode="json", by_alias=True)


def event_from_json(raw: object) -> Event:
    """Read an event back; pydantic.ValidationError if it is none."""
    return _EVENT.validate_python(raw, strict=False)
