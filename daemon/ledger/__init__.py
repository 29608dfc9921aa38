"""The ledger: what happened, forever, and everything that follows from it. The one place that speaks SQL."""

from daemon.ledger.entry import Entry
from daemon.ledger.errors import (
    LedgerDamaged,
    LedgerError,
    LedgerOfAnotherSite,
    LedgerRefused,
    LedgerTooNew,
    LedgerUnavailable,
    LedgerUnsupported,
    PromiseBroken,
)
from daemon.ledger.ledger import Ledger
from daemon.ledger.rows import (
    Activity,
    CaseEvent,
    Changes,
    DueRow,
    Fault,
    MailState,
    OutboxEntry,
    OutboxState,
    OutgoingMail,
    QueuedMail,
    RecordedEvent,
    SentMail,
    Statistics,
    StoredAttachment,
    StoredMail,
)

__all__ = [
    "Activity",
    "CaseEvent",
    "Changes",
    "DueRow",
    "Entry",
    "Fault",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerOfAnotherSite",
    "LedgerRefused",
    "LedgerTooNew",
    "LedgerUnavailable",
    "LedgerUnsupported",
    "MailState",
    "OutboxEntry",
    "OutboxState",
    "OutgoingMail",
    "PromiseBroken",
    "QueuedMail",
    "RecordedEvent",
    "SentMail",
    "Statistics",
    "StoredAttachment",
    "StoredMail",
]
