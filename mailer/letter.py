"""What a mail says, as plain data: display-ready words in the reader's language, times still as times.

The daemon fills this in the same commit that made the mail necessary; the templates turn it into text and HTML when
it is sent, so that the time that remains is true at that moment.
"""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from mailer.monthly import MonthlyReport
from rules.events import Asked, RefusalReason
from rules.locales import Locale


class Template(StrEnum):
    """The mails this release sends (contract.md, E-mail templates)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    FORM_PROBLEMS = "form-problems"
    ASSIGNMENT = "assignment"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    OVERDUE = "overdue"
    PENALTY = "penalty"
    APPEAL = "appeal"
    RULING = "ruling"
    RESOLVED = "resolved"
    AUTHORITY_EXCEEDED = "authority-exceeded"
    CONFIRM_REQUEST = "confirm-request"
    QUARANTINE = "quarantine"
    CHANGED = "changed"
    WORKBOOK = "workbook"
    ABSENCE = "absence"
    MONTHLY_REPORT = "monthly-report"
    RECTIFICATION_ORDER = "rectification-order"
    RECTIFICATION_INCOMPLETE = "rectification-incomplete"
    APPROVAL_REQUEST = "approval-request"
    DIGEST = "digest"
    TASK_LIST = "task-list"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Part):
    """One row of a table: a label and what stands beside it."""

    label: str
    value: str


class Why(_Part):
    """The clause that made this mail necessary, in the reader's language."""

    clause: str  # e.g. "D07"
    text: str


class Step(_Part):
    """One thing that happened to the case, in words."""

    at: AwareDatetime
    text: str


class Flaw(_Part):
    """One problem of a form by sheet, cell and label (forms.md). `required`: the form cannot be graded before."""

    file: str
    sheet: str
    cell: str
    label: str
    message: str
    required: bool


class CaseLine(_Part):
    """One case in a list of several, such as an acknowledgement of a table of complaints."""

    number: str
    customer: str
    summary: str
    grade: str  # the title in the reader's language, empty while incomplete
    grade_key: str
    owners: str
    due: AwareDatetime | None
    again: bool = False  # the form was already known; it was put to this case
    settled: bool = False  # with `again`: that case is resolved already
    reopened: bool = False  # its matter had been settled and came back; the case is open again (D36)


class WorkbookTrouble(_Part):
    """What is wrong with the master workbook.

    held: somebody has had it open since `since`, and rows wait. unreadable: it is not recognised any more and was
    left untouched. emptied: most of it is gone at once; nothing was taken, nothing written. restored: the file is an
    older version; what newer entries contradict was not taken. unwritable: a read-only share, a full disk.
    """

    kind: Literal["held", "unreadable", "emptied", "restored", "unwritable"]
    name: str  # the workbook's file name
    holder: str = "?"  # who has it open, as far as the owner file tells; ? or empty: nobody knows
    since: AwareDatetime | None = None  # since when it has been so
    waiting: int = 0  # cases whose changes wait to be written
    detail: str = ""  # the reason, in the reader's language
    live_copy: str = ""  # file names beside the workbook that stay current; empty where there is none
    board: str = ""


class PenaltyStanding(_Part):
    """How a penalty stands and what led to it (D28–D31); what has not happened yet is empty."""

    number: int  # counts the case's penalties from 1
    state: Literal["proposed", "pending", "issued", "appealed", "upheld", "revoked", "dropped"]
    person: str  # whom it concerns: office and name
    cause: str
    amount: str = ""  # e.g. 50 元; empty while somebody has to set it
    amount_unknown: str = ""  # why somebody has to
    found_by: str = ""  # who found it; empty where a time ran out
    found: str = ""  # what he wrote about it
    confirmed_by: str = ""  # who issued it, where that was somebody else's decision
    issued_at: AwareDatetime | None = None
    ruler: str = ""  # to whom an appeal goes
    appeal: str = ""  # the reason given for it
    appealed_at: AwareDatetime | None = None
    ruled_by: str = ""
    ruling: str = ""  # what he wrote about it
    own: bool = False  # the reader is whom it concerns
    unreached: bool = False  # nobody's address is known; it has to be told in another way


class OrderStanding(_Part):
    """What an order to rectify says that came back (D33)."""

    lines: tuple[Line, ...] = ()
    by: str = ""  # who sent it: office and name
    opinion: str = ""  # the customer's, of the outcome (D40)
    required: str = ""  # the names of the boxes that must be filled in


class ApprovalStanding(_Part):
    """What somebody is asked to approve of, or how he decided (D40, corrections, holds)."""

    what: Literal["rectification", "correction", "hold"]
    state: Literal["requested", "approved", "rejected"] = "requested"
    by: str = ""  # who asked
    decided_by: str = ""
    note: str = ""  # the reason of whoever asked; once it is decided, of whoever decided
    lines: tuple[Line, ...] = ()  # what would follow


class AbsenceNews(_Part):
    """Somebody's leave, as he told it or as it begins.

    away: somebody stands in. alone: nobody does. back: he is there after all. present: he said so, but no leave of
    his is known. unclear: `question` says what could not be read; nothing was kept.
    """

    kind: Literal["away", "alone", "back", "present", "unclear"]
    person: str
    first: date | None = None
    last: date | None = None
    deputy: str = ""
    question: str = ""


class DigestRow(_Part):
    """One line of a mail about many cases; what it does not know is empty."""

    number: str = ""
    customer: str = ""
    summary: str = ""
    grade: str = ""
    grade_key: str = ""
    what: str = ""  # what happened, or is to be done
    who: str = ""
    due: AwareDatetime | None = None  # shown with what is left of it, or how long it is overdue
    at: AwareDatetime | None = None  # when it happened, where nothing is due
    waits: bool = False  # it has waited since then


class DigestSection(_Part):
    """One table of a mail about many cases; `total` counts what belongs into it, shown or not."""

    key: Literal[
        "overdue",
        "late",
        "open",
        "duties",
        "penalties",
        "appeals",
        "lapsed",
        "resolved",
        "undelivered",
        "quarantined",
    ]
    rows: tuple[DigestRow, ...]
    total: int


class Digest(_Part):
    """What a mail about many cases tells, table by table."""

    day: str = ""  # the site's day, as people of the language write it
    kind: str = ""  # of a bundle: the template of the notices it carries
    acts: bool = False  # the reader is asked to do something about it
    since: AwareDatetime | None = None  # since when it tells what happened
    grades: tuple[Line, ...] = ()  # how many open cases there are of each grade
    sections: tuple[DigestSection, ...] = ()
    held: int = 0  # messages put aside that wait for somebody's decision
    head_seq: int = 0  # the ledger's last event and its hash: a cut-off tail shows
    head_hash: str = ""


class Customer(_Part):
    """A customer to call, or one whose row is told about; what nobody knows is empty."""

    name: str
    phone: str = ""
    car: str = ""  # plate, else VIN
    business: str = ""
    mark: str = ""  # e.g. new on the list, a key customer
    note: str = ""  # e.g. why a result was refused


class FollowUp(_Part):
    """Follow-up calls of the cars handed over on `day`, or what came of a list about them (D22–D25, D30).

    calls: who is to be called. late: a list that came after calls of its day were due. deliveries, results: what was
    taken of a list that somebody sent. call: a mail about one customer's call, such as a penalty.
    """

    kind: Literal["calls", "late", "deliveries", "results", "call"]
    day: str = ""  # e.g. 2026-11-23; several of a list together
    duty: str = ""  # what the calls are called, e.g. 新車交車當日回訪
    total: int = 0  # whom the duty has to call in all
    made: int = 0
    fresh: int = 0  # new since the last mail
    sample: str = ""  # how they were drawn
    vacant: str = ""  # the office whose list this is, where nobody holds it
    customers: tuple[Customer, ...] = ()  # still to be called, or whose results were refused
    lists: tuple[Line, ...] = ()  # what was taken, by day and caller
    taken: int = 0  # rows that count now
    known: int = 0  # rows that were known already
    unfined: bool = False  # some calls were due before the list came: nobody is fined for them


class Paper(_Part):
    """A file that came with the case.

    enclosed: it goes with this mail. folder: it is too large for that, or no picture or PDF. mail: more came than the
    case may hold; the mail it came in, in the archive, still has it.
    """

    name: str
    size: str  # e.g. 1.2 MB
    where: Literal["enclosed", "folder", "mail"]


class LeftOut(_Part):
    """A file that the mail would carry if it were not too large for the mail server; `in_folder`: the case's has it."""

    name: str
    bytes: int
    in_folder: bool


class KnownCase(_Part):
    """Another case of the same customer."""

    number: str
    opened_at: AwareDatetime
    category: str
    summary: str
    grade: str
    grade_key: str
    outcome: str  # how it ended, or how it stands


class HeldNews(_Part):
    """A message that was put aside, as customer care is told of it.

    stranger: its sender may not send. unverified: nobody can tell that it is from its sender. forged: the mail server
    says that it is not. unclear: what was said of it is not. decided: somebody (`by`) was quicker. nothing: it was
    released, and nothing came of it, for the reason `detail`.
    """

    kind: Literal["stranger", "unverified", "forged", "unclear", "decided", "nothing"]
    number: int  # as `kesu quarantine` shows it
    sender: str  # the address it gives; anybody can write any
    name: str = ""
    subject: str = ""
    at: AwareDatetime | None = None  # when it came
    files: tuple[str, ...] = ()
    words: str = ""  # how it begins
    by: str = ""
    released: bool = False  # what was decided: to take it, or to leave it
    detail: str = ""


ChangeKind = Literal[
    "corrected",
    "reassigned",
    "withdrawn",
    "merged",
    "joined",
    "held",
    "resumed",
    "reopened",
    "recurred",
]


class Change(_Part):
    """What was changed about a case that people had a mail about, by whom and why."""

    kind: ChangeKind
    by: str = ""  # office and name; empty where a time ran out
    note: str = ""  # the reason given for it
    lines: tuple[Line, ...] = ()  # corrected facts: what stood there and what stands there now
    into: str = ""  # the case that goes on instead of this one
    joined: str = ""  # the case that was merged into this one


class Content(_Part):
    """Everything the templates may show. Fields a template does not need stay empty.

    `reader` says in which part the reader gets the mail: `owner` must act; `informed` need only know; `sender` sent
    the form; `reporter` sent the report this answers; `covering` holds the authority that the reporter lacks.
    """

    reader: Literal["owner", "informed", "sender", "reporter", "covering"]
    zone: str  # IANA name of the site's zone; times are shown in it
    case_number: str = ""
    reader_role: str = ""  # the reader's office, e.g. 服務經理
    grade: str = ""
    grade_key: str = ""  # level-3, level-2, level-1, extra, special, incomplete: picks the colour
    previous_grade: str = ""
    customer: str = ""
    summary: str = ""  # one line: category and the beginning of the description
    opened_at: AwareDatetime | None = None
    due: AwareDatetime | None = None  # when the reader's (or owner's) window ends
    window: str = ""  # its length in words, e.g. 2 小時
    lapsed_at: AwareDatetime | None = None  # when the previous window ended
    owners: str = ""  # who is responsible now: offices and names
    previous_owners: str = ""  # who let it lapse
    next_owners: str = ""  # to whom it goes at the next lapse
    next_told: str = ""  # who is told at the next lapse where nobody else takes it over (the board)
    task: bool = False  # the mail is about a duty beside the stages (D26): a report is owed by `due`
    unfined: Literal["", "not-told", "told-late"] = ""  # why an overdue duty costs nothing before `fine_at`
    fine_at: AwareDatetime | None = None
    penalty: PenaltyStanding | None = None
    standing: bool = False  # no window runs any more; the case is reminded of until it is resolved (D04, D18)
    incomplete: bool = False  # required facts are missing; customer care completes the case
    why: tuple[Why, ...] = ()
    reason: str = ""  # why it has this grade, e.g. 維修金額在 1000 元以內
    facts: tuple[Line, ...] = ()
    history: tuple[Step, ...] = ()
    papers: tuple[Paper, ...] = ()
    papers_folder: str = ""  # where they lie, as people find it
    papers_link: str = ""  # the same as an address to click on, where there is one
    left_out: tuple[LeftOut, ...] = ()
    other_cases: tuple[KnownCase, ...] = ()  # of the same customer, newest first
    more_cases: int = 0  # and how many more there are
    authority: str = ""  # what the reader may promise by his own word, e.g. 工時費優惠最多 30%
    outcome: tuple[Line, ...] = ()  # the report: result, resolution, concession
    resolved_by: str = ""
    refusal: Literal["", "unknown-case"] | RefusalReason = ""
    refusal_detail: str = ""  # e.g. what was promised against what may be; what was unclear
    refusal_hint: str = ""  # how to write what could not be read; stands in place of the usual sentence
    asked: Asked = "report"  # what was refused
    asked_cause: str = ""  # what a refused finding would have found
    sent_to: str = ""  # whose authority covers it
    flaws: tuple[Flaw, ...] = ()
    no_form: bool = False  # the message carried no form at all; a blank is attached
    unreadable: tuple[Line, ...] = ()  # file name and why it could not be read
    archives: int = 0  # how many of them are archives
    warnings: tuple[str, ...] = ()
    cases: tuple[CaseLine, ...] = ()
    quarantined: bool = False
    unfetched: bool = False
    forwarded_for: str = ""  # whose form the reader passed on: name and address
    forwarded_by: str = ""  # who passed on the reader's form: office and name
    pasted: bool = False  # the form stood as a table in the mail's text; it comes back filled in, in a file
    held: HeldNews | None = None
    undelivered: bool = (
        False  # the reader gets it because it did not reach whom it was for; a warning says whom
    )
    unproven: tuple[Line, ...] = ()  # case number and words of a request that its sender is asked to confirm
    valid_until: AwareDatetime | None = None  # until when he can; None: it is too late
    workbook: WorkbookTrouble | None = None
    absence: AbsenceNews | None = None
    report: MonthlyReport | None = None
    duty_title: str = ""  # the duty the mail is about, by its title; empty for a written report (D26)
    duty_done_by: Literal["", "rectification", "informing", "call", "check", "approval"] = ""
    rectification: OrderStanding | None = None
    approval: ApprovalStanding | None = None
    informing: bool = False  # the reader is to tell the customer the outcome (D34)
    lacking: tuple[str, ...] = ()  # what is missing before a resolved case can be closed
    digest: Digest | None = None
    follow_up: FollowUp | None = None
    change: Change | None = None
    held_until: AwareDatetime | None = None  # the clock stands still until then


class Address(_Part):
    """A mailbox with its display name."""

    email: str
    name: str = ""


class Enclosure(_Part):
    """A file to attach. `paper` names the file of the case that it is, as the case's folder has it."""

    name: str
    content: bytes
    media_type: str
    paper: str = ""


class Letter(_Part):
    """One mail to one person, ready to be composed.

    Threads: every mail of a case carries `root` (the case's stable id) in References; an answer to somebody's mail
    carries that mail's Message-ID in `in_reply_to`. `automatic_reply` marks answers (RFC 3834 auto-replied).
    """

    template: Template
    locale: Locale
    sender: Address
    to: Address
    message_id: str
    root: str = ""
    in_reply_to: str = ""
    automatic_reply: bool = False
    subject_hint: str = ""  # for one unchanged subject per case: customer and category
    content: Content
    enclosures: tuple[Enclosure, ...] = ()
    gathered: tuple["Letter", ...] = ()  # the notices that a bundle carries, in the order they are told
    token: str = ""  # proves that an answer comes from the reader; empty: the mail says nothing of one
