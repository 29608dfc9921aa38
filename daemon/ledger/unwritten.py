"""What a transaction has said and not written yet: new cases, what became of messages, mails to be sent.

Most of what a backlog says is never asked for in the same transaction, and many rows written at once cost a fraction
of what they cost singly. Whoever asks for what may be among them has them written first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from daemon.ledger import intake, outbox, projections
from daemon.ledger.answered import Answered
from daemon.ledger.columns import storable
from daemon.ledger.projections import Row
from daemon.ledger.rows import OutgoingMail
from daemon.ledger.schema import events, payloads
from daemon.ledger.sqlite import insert, run_many, whole
from rules.case import Case, Status
from rules.deadlines import Deadline

_ADD_EVENTS = insert(events)
_ADD_PAYLOADS = insert(payloads)

Linked = tuple[Row, Row]  # an event in the chain, and its payload


def add_events(connection: Connection, linked: Sequence[Linked]) -> None:
    """Add events to the chain."""
    run_many(connection, _ADD_EVENTS, [event for event, _ in linked])
    run_many(connection, _ADD_PAYLOADS, [payload for _, payload in linked])


@dataclass
class _Waiting:
    """What waits, by table."""

    opened: dict[str, Status] = field(default_factory=dict)  # the new cases, by number
    found_by: set[tuple[str, str]] = field(default_factory=set)  # what these are found by
    linked: list[Linked] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    deadlines: list[Row] = field(default_factory=list)
    keys: list[Row] = field(default_factory=list)
    fates: list[Row] = field(default_factory=list)
    concerned: list[Row] = field(default_factory=list)
    mails: list[tuple[OutgoingMail, Row]] = field(default_factory=list)
    replies: list[OutgoingMail] = field(default_factory=list)  # those of the mails that answer messages


class Unwritten:
    """What waits to be written in one transaction."""

    def __init__(self, connection: Connection, answered: Answered) -> None:
        self._connection = connection
        self._waiting = _Waiting()
        self._empty = True
        self._answered = answered
        self._looked = False  # at the outbox, since something was written

    # ------------------------------------------------------------ what waits

    def open(
        self, case: Case, linked: Sequence[Linked], row: Row, due: Sequence[Deadline], keys: Mapping[str, str]
    ) -> None:
        """Let a new case wait: what happened to it, and all that is derived from that."""
        waiting = self._more()
        waiting.opened[case.number] = case.status
        waiting.found_by |= _as_stored(keys)
        waiting.linked += linked
        waiting.cases.append(row)
        waiting.deadlines += projections.deadline_rows(case.number, due)
        waiting.keys += projections.key_rows(case.number, keys)

    def settle(self, fate: Row) -> None:
        """Let what became of a message wait."""
        self._more().fates.append(fate)

    def link(self, concerned: Row) -> None:
        """Let it wait that a message concerns a case."""
        self._more().concerned.append(concerned)

    def queue(self, mail: OutgoingMail, row: Row) -> None:
        """Let a mail wait for the outbox."""
        waiting = self._more()
        waiting.mails.append((mail, row))
        if mail.answers is not None:
            waiting.replies.append(mail)

    def _more(self) -> _Waiting:
        self._empty = False
        return self._waiting

    # ------------------------------------------------------------ questions about what waits

    def opens(self, number: str) -> bool:
        """Tell whether a case is among the new ones that wait."""
        return number in self._waiting.opened

    def opens_any_of(self, status: Status) -> bool:
        """Tell whether any of the new cases that wait has this status."""
        return status in self._waiting.opened.values()

    def knows_any(self, keys: Mapping[str, str]) -> bool:
        """Tell whether any of the new cases that wait is found by one of `keys`."""
        return not self._waiting.found_by.isdisjoint(_as_stored(keys))

    def queues(self, kind: str) -> bool:
        """Tell whether a mail that waits may be gathered with others of this kind."""
        return any(mail.storm is not None and mail.storm.kind == kind for mail, _ in self._waiting.mails)

    def replies(self, since: datetime) -> list[OutgoingMail]:
        """Return the mails that wait and answer incoming messages, made since a time."""
        return [mail for mail in self._waiting.replies if mail.created_at >= since]

    def replies_sent(self, address: str, since: datetime) -> tuple[int, int]:
        """Count the automatic replies since a time, to `address` and to all, those in the outbox among them."""
        if not (self._looked and self._answered.covers(since)):
            self._answered.look(self._connection, since)
            self._looked = True
        return self._answered.count(address, since, self.replies(since))

    # ------------------------------------------------------------ writing

    def write(self) -> None:
        """Write everything, each table after those it refers to; whoever has it written may write more himself."""
        self._looked = False
        if self._empty:
            return
        said, self._waiting, self._empty = self._waiting, _Waiting(), True
        with whole(self._connection):
            add_events(self._connection, said.linked)
            projections.put_cases(self._connection, said.cases)
            projections.put_deadlines(self._connection, said.deadlines)
            projections.put_keys(self._connection, said.keys)
            intake.settle_mails(self._connection, said.fates)
            intake.link_mails(self._connection, said.concerned)
            outbox.queue_all(self._connection, [row for _, row in said.mails])


def _as_stored(keys: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(key, storable(value)) for key, value in keys.items()}
