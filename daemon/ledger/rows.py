"""What the ledger hands out and takes in, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.case import OPEN_STATUSES, Case, Status
from rules.events import Event


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it stands in the chain."""

    seq: int
    event: Event
    policy_hash: str
    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """An event among those of all cases."""

    seq: int
    case_number: str
    event: Event
    policy_hash: str


@dataclass(frozen=True, slots=True)
class DueRow:
    """A deadline whose time has come; `name` is `lapse:<stage>` or `reminder:<stage>`."""

    case_number: str
    name: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """Cases that changed, oldest change first, and the event up to which this is all there is."""

    cases: tuple[Case, ...]
    up_to: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How many cases there are of each (status, grade)."""

    counts: Mapping[tuple[Status, str], int]

    @property
    def by_status(self) -> dict[Status, int]:
        """Return how many cases have each status."""
        return {status: sum(n for (of, _), n in self.counts.items() if of is status) for status in Status}

    @property
    def open_by_grade(self) -> dict[str, int]:
        """Return how many cases of each grade are still open."""
        found: dict[str, int] = {}
        for (status, grade), count in self.counts.items():
            if status in OPEN_STATUSES:
                found[grade] = found.get(grade, 0) + count
        return found


class MailState(StrEnum):
    """What became of a message that came in."""

    RECEIVED = "received"  # stored, nothing done yet
    TAKEN = "taken"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A message that came in; its bytes are `ledger.raw(sha256)`, `size` of them."""

    id: int
    folder: str
    uidvalidity: int
    uid: int
    sha256: str
    message_id: str
    sender: str
    received_at: datetime
    stored_at: datetime
    state: MailState
    reason: str
    target_folder: str
    moved_at: datetime | None
    size: int


class HeldFor(StrEnum):
    """Why a message was put aside."""

    STRANGER = "stranger"  # its sender may not send
    UNVERIFIED = "unverified"  # nobody can tell that it is from its sender
    FORGED = "forged"  # the mail server says that it is not from its sender's domain
    UNCONFIRMED = "unconfirmed"  # its sender would have to confirm it, and cannot be asked
    UNREADABLE = "unreadable"  # a file in it cannot be read
    FLAWED = "flawed"  # a form in it is to be mended; its case is open
    TOO_LARGE = "too-large"  # only its header was fetched
    PLACEHOLDER = "placeholder"  # its server gave a notice of its own in place of it
    DEFECT = "defect"  # taking it in failed


class Decision(StrEnum):
    """What may be decided about a message that was put aside."""

    RELEASE = "release"  # take it, whoever sent it
    RETRY = "retry"  # read it again as if it came now
    DISCARD = "discard"  # leave it where it is


class HeldState(StrEnum):
    """What was decided about a message that was put aside."""

    WAITING = "waiting"
    RELEASED = "released"
    RETRIED = "retried"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A message that was put aside; `parts` are the SHA-256 of the attachments nothing came of."""

    mail: StoredMail
    why: HeldFor
    parts: tuple[str, ...]
    since: datetime
    state: HeldState
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file that came to a case; its bytes are `ledger.raw(sha256)`.

    `over`: more than the case may hold came, so `sha256` is the whole mail's, in which the file still is. `mail_id`
    is None for what was kept before mails were noted.
    """

    name: str
    media_type: str
    sha256: str
    size: int
    over: bool = False
    mail_id: int | None = None
    sender: str = ""
    received_at: datetime | None = None


class OutboxState(StrEnum):
    """How far an outgoing mail has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"  # many of its kind came at once: it waits to leave with the others
    BUNDLED = "bundled"  # it leaves in the mail that carries all of them
    BOUNCED = "bounced"  # it left, and a mail system brought it back


@dataclass(frozen=True, slots=True)
class Storm:
    """What a mail is gathered with: `at_once` of a kind leave by themselves `within` a span, the rest together."""

    kind: str
    at_once: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is to leave, by template: `first` before all others, `last` after them.

    `first_only`: nobody else may leave now. `looked_up`: a mail that may have left already waits until it was looked
    up among what was sent.
    """

    first: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    first_only: bool = False
    looked_up: bool = False


@dataclass(frozen=True, slots=True)
class NoticeSeen:
    """A mail as whoever counts notices sees it: no words, no reader."""

    id: int
    template: str
    case_number: str | None
    event_seq: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A mail of which nobody knows whether it left; `since` is when it became necessary, `due` when it may be asked."""

    id: int
    message_id: str
    since: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Mails of one kind to one person that are to leave now."""

    kind: str
    recipient: str
    template: str
    locale: str
    ids: tuple[int, ...]


class RequestState(StrEnum):
    """How far somebody's unproven request has come."""

    WAITING = "waiting"  # he was asked whether it is his
    CONFIRMED = "confirmed"
    DENIED = "denied"
    REPLACED = "replaced"  # he said something else instead
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A message that acts only once its sender confirms it; `message_id` is that of the mail that asks him."""

    id: int
    mail_id: int
    sender: str
    message_id: str
    asked_at: datetime
    expires_at: datetime
    state: RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A mail to be sent once; `notice_key` is the promise, `message_id` stays the same however often it is tried.

    `body` is the letter request as JSON text. `answers` is the incoming mail it is said about, or None:
    such mails are what `replies_sent_to` counts.
    """

    notice_key: str
    message_id: str
    recipient: str
    template: str
    locale: str
    body: str
    created_at: datetime
    answers: int | None
    case_number: str | None = None
    event_seq: int | None = None
    storm: Storm | None = None  # None: it always leaves by itself


WITHOUT_FILES = 0  # bytes that a mail may have which leaves without its files, however large it is then


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMail:
    """A mail with all that is needed to write it; while leased for sending (`lease_until`) `attempts` counts this one.

    `uncertain`: an earlier try was cut off, so the mail may have left; look it up by its Message-ID first.
    `refusals` counts how often it was itself refused, `most_bytes` is what a server said it takes of it, or
    WITHOUT_FILES.
    """

    id: int
    notice_key: str
    message_id: str
    case_number: str | None
    event_seq: int | None
    answers: int | None
    recipient: str
    template: str
    locale: str
    body: str
    attempts: int
    uncertain: bool
    created_at: datetime
    lease_until: datetime | None
    kind: str | None
    refusals: int = 0
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """What became of one mail of a case."""

    notice_key: str
    message_id: str
    event_seq: int | None
    recipient: str
    template: str
    locale: str
    state: OutboxState
    attempts: int
    created_at: datetime
    next_try: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    last_error: str

    @property
    def accepted_at(self) -> datetime | None:
        """When it left for good; None for one that came back, of which its reader knows nothing."""
        return None if self.state is OutboxState.BOUNCED else self.sent_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """What a mail system said of a mail of ours, in the mail `mail_id` (None: it refused it by SMTP).

    `fate` is failed, delayed, delivered or too-large; until `until` its recipient counts as somebody mails do not
    reach.
    """

    outbox_id: int
    mail_id: int | None
    fate: str
    recipient: str
    at: datetime
    status: str = ""
    diagnostic: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody whom mails do not reach: since when, until when that is believed, and why.

    `returned`: a mail was taken for him and came back; else the server would not take it.
    """

    email: str
    since: datetime
    ends: datetime
    reason: str
    returned: bool


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail the server took."""

    case_number: str | None
    template: str
    recipient: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A mail that could not be delivered."""

    case_number: str | None
    template: str
    recipient: str
    failed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Something the daemon did outside the cases' histories; `body` is JSON text whose shape `code` tells."""

    at: datetime
    code: str
    body: str
    case_number: str | None


@dataclass(frozen=True, slots=True)
class AbsenceSaid:
    """What somebody said of himself: from `begins` until before `ends` he is away, or there after all (`back`).

    `deputy` is the address of who stands in for him, empty where he named nobody.
    """

    email: str
    back: bool
    begins: datetime
    ends: datetime
    deputy: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the ledger that cannot be as it was written; `seq` and `case_number` where they are known."""

    what: str
    seq: int | None = None
    case_number: str | None = None

    def __str__(self) -> str:
        place = [f"event {self.seq}" if self.seq else "", self.case_number or ""]
        return ": ".join([*filter(None, place), self.what])
