"""The page's parts: what it may show, and what that is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from daemon import words
from daemon.casepage.machines import MachineMail
from daemon.ledger import HeldMail, OutboxEntry, RecordedEvent, StoredAttachment
from daemon.othercases import OtherCases
from daemon.site import Site
from rules.case import Case, Penalty
from rules.locales import Locale, Text

Mood = Literal["good", "bad", "waiting", "plain"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pair(_Part):
    """A label and what stands beside it."""

    label: str
    value: str
    mood: Mood = "plain"


class Step(_Part):
    """One thing that happened; `wording` is its clause's, where the page cites it for the first time."""

    at: str
    text: str
    details: tuple[str, ...] = ()
    clause: str = ""
    wording: str = ""


class Entry(_Part):
    """A duty, a penalty, a file, a mail or another case: what it is, more about it, and how it stands."""

    title: str
    details: tuple[str, ...] = ()
    state: str = ""
    mood: Mood = "plain"
    clause: str = ""
    href: str = ""


class Section(_Part):
    """A part of the page under its heading; one of its three kinds of rows."""

    key: str
    heading: str
    pairs: tuple[Pair, ...] = ()
    steps: tuple[Step, ...] = ()
    entries: tuple[Entry, ...] = ()
    more: str = ""


class Story(_Part):
    """The whole page."""

    locale: Locale
    number: str
    title: str
    customer: str
    summary: str
    grade: str
    grade_key: str
    status: str
    mood: Mood
    sections: tuple[Section, ...]
    footer: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """All that the sections are made of: the case and the ledger's rows about it, as they stood at one event."""

    case: Case
    site: Site
    locale: Locale
    now: datetime
    rows: Sequence[RecordedEvent]
    mails: Sequence[OutboxEntry]
    files: Sequence[StoredAttachment]
    others: OtherCases
    penalties: Sequence[Penalty]
    machines: Sequence[MachineMail]  # none where it is told as of an event
    let_in: Sequence[HeldMail]  # mails about it that had been put aside, and somebody released
    past: bool  # told as of an event: what became of its mails later is not known yet
    cited: dict[str, None] = field(default_factory=dict)

    def say(self, text: Text, **values: object) -> str:
        """Return a wording of the page in the reader's language."""
        return text.get(self.locale).format(**values)

    def moment(self, at: datetime) -> str:
        """Write a time as the site's wall clock shows it."""
        return words.moment(at, self.site.zone)

    def wording(self, clause: str) -> str:
        """Return a clause's wording where the page has not cited it yet."""
        known = {each.key for each in self.site.policy.clauses}
        if not clause or clause in self.cited or clause not in known:
            return ""
        self.cited[clause] = None
        return self.site.policy.clause(clause).text.get(self.locale)
