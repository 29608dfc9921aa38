"""The ledger as the daemon sees it: one transaction at a time to write, any number of readers beside it."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, insert, select

from daemon.ledger import (
    absences,
    activity,
    attachments,
    audit,
    bounces,
    gathering,
    histories,
    intake,
    outbox,
    projections,
    quarantine,
    reading,
    requests,
    sheets,
    sqlite,
    turns,
)
from daemon.ledger.answered import Answered
from daemon.ledger.chain import genesis
from daemon.ledger.entry import Entry
from daemon.ledger.errors import LedgerOfAnotherSite, LedgerRefused, LedgerUnavailable
from daemon.ledger.fresh import FreshBytes, Lasting
from daemon.ledger.intake import Incoming
from daemon.ledger.private import make_private
from daemon.ledger.projections import DeadlinesOf, KeysOf
from daemon.ledger.rows import (
    AbsenceSaid,
    Activity,
    CaseEvent,
    Changes,
    DueRow,
    Fault,
    GivenUp,
    HeldMail,
    InDoubt,
    MailState,
    NoticeSeen,
    OutboxEntry,
    OutboxState,
    QueuedMail,
    RecordedEvent,
    SentMail,
    Statistics,
    StoredAttachment,
    StoredMail,
    Turn,
    Unreached,
    WaitingRequest,
)
from daemon.ledger.schema import chain_head, events
from daemon.ledger.upgrade import shipped_migrations, upgrade
from daemon.ledger.writer import Writer
from rules.case import Case
from rules.courses import History

_log = logging.getLogger(__name__)
_CASES_AT_ONCE = 500
ANY_TURN = Turn()


class Ledger:
    """One site's ledger. All of it may be used from any thread; reading never waits for writing."""

    def __init__(self, path: Path, writer: Writer, readers: Engine, site: str, version: str) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers
        self._site = site
        self._version = version
        self._closed = False
        self._fresh = FreshBytes()
        self._said: Lasting[AbsenceSaid] = Lasting()
        self._silent: Lasting[Unreached] = Lasting()
        self._answered = Answered()

    @classmethod
    def open(
        cls, url: str, *, site: str, version: str, create: bool = True, busy_seconds: float = 5.0
    ) -> Self:
        """Open the ledger of `site` at `url` (`sqlite:///var/kesu.db`), making or upgrading it where needed.

        `version` is the software's, recorded with every event; `busy_seconds` is how long to wait for another
        process that writes. Any LedgerError says why it cannot be opened.
        """
        path = sqlite.ledger_path(url)
        _make_room(path, create=create)
        writer = Writer(sqlite.writing_engine(path, busy_seconds))
        try:
            with writer.connection() as connection:
                schema = upgrade(connection, shipped_migrations(), version)
            with writer.transaction() as connection:
                _settle_site(connection, site)
        except BaseException:
            writer.close()
            raise
        _log.info("ledger open: schema %d, SQLite %s", schema, sqlite.VERSION)
        return cls(path, writer, sqlite.reading_engine(path, busy_seconds), site, version)

    def close(self) -> None:
        """Wait for a running transaction, then let go of the file for good; RuntimeError inside a transaction."""
        self._writer.refuse_nesting()
        self._closed = True
        self._readers.dispose()
        self._writer.close()  # last, so that the log is folded into the file by the connection that writes

    def __enter__(self) -> Self:
        """Return the ledger itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the ledger."""
        self.close()

    @contextmanager
    def writing(self) -> Iterator[Entry]:
        """Begin a transaction; it is committed at the end of the block and undone by an exception out of it."""
        with self._writer.transaction(undone=self._answered.forget) as connection:
            entry = Entry(connection, self._site, self._version, self._said, self._silent, self._answered)
            yield entry
            entry.finish()
        if entry.said_more:
            self._said.forget()
        if entry.bounced_more:
            self._silent.forget()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._closed:
            raise LedgerUnavailable("the ledger is closed")
        with self._readers.connect() as connection, connection.begin():
            yield connection

    # ------------------------------------------------------------ cases and what happened to them

    def case(self, number: str) -> Case | None:
        """Return the case called `number`, None if there is none."""
        with self._reading() as connection:
            return reading.case(connection, number)

    def cases(self, *, open_only: bool = False) -> Iterator[Case]:
        """Yield the cases by number, read some at a time: a case may change between the first and the last."""
        after = ""
        while page := self._page_of_cases(after, open_only=open_only):
            yield from page
            after = page[-1].number

    def _page_of_cases(self, after: str, *, open_only: bool) -> list[Case]:
        with self._reading() as connection:
            return reading.page_of_cases(connection, after, open_only=open_only, size=_CASES_AT_ONCE)

    def resolved_cases(
        self, *, since: datetime | None = None, before: datetime | None = None
    ) -> Iterator[Case]:
        """Yield the cases resolved from `since` until before `before`, oldest first, read some at a time.

        Whoever wants the open cases too asks for them first: a case settled meanwhile then comes twice, not never.
        """
        last: Case | None = None
        while page := self._page_of_resolved(since, before, last):
            yield from page
            last = page[-1]

    def _page_of_resolved(
        self, since: datetime | None, before: datetime | None, after: Case | None
    ) -> list[Case]:
        with self._reading() as connection:
            return reading.page_of_resolved(connection, since, before, after, _CASES_AT_ONCE)

    def settled_cases(self, *, closed_since: datetime) -> Iterator[Case]:
        """Yield the settled cases by number, but none closed before a time; those that lack something are among them.

        Whoever wants the open cases too asks for them first: a case settled meanwhile then comes twice, not never.
        """
        after = ""
        while page := self._page_of_settled(closed_since, after):
            yield from page
            after = page[-1].number

    def _page_of_settled(self, closed_since: datetime, after: str) -> list[Case]:
        with self._reading() as connection:
            return reading.page_of_settled(connection, closed_since, after, _CASES_AT_ONCE)

    def owing_cases(self) -> Iterator[Case]:
        """Yield the resolved cases that may still have a duty open or a penalty undecided, read some at a time."""
        after = ""
        while page := self._page_of_owing(after):
            yield from page
            after = page[-1].number

    def _page_of_owing(self, after: str) -> list[Case]:
        with self._reading() as connection:
            return reading.page_of_owing(connection, after, _CASES_AT_ONCE)

    def open_cases_with(self, key: str, value: str) -> list[Case]:
        """Return the open cases recorded with `value` under `key`, by number."""
        with self._reading() as connection:
            return reading.open_cases_with(connection, key, value)

    def settled_cases_with(self, key: str, value: str) -> list[Case]:
        """Return the settled cases recorded with `value` under `key`, by number."""
        with self._reading() as connection:
            return reading.settled_cases_with(connection, key, value)

    def events(self, number: str) -> list[RecordedEvent]:
        """Return what happened to a case, in order; events whose payload was erased are left out."""
        with self._reading() as connection:
            return reading.events_of(connection, number)

    def penalised_cases(self) -> list[Case]:
        """Return the cases that have penalties, whatever became of them, by number."""
        with self._reading() as connection:
            return reading.penalised_cases(connection)

    def follow_ups(self, *, open_only: bool = False, since: datetime | None = None) -> list[Case]:
        """Return the days of follow-up calls, by number; of those that are filed only from `since` on."""
        with self._reading() as connection:
            return reading.follow_ups(connection, open_only=open_only, since=since)

    def changed_since(self, seq: int, limit: int) -> Changes:
        """Return cases with events after `seq`, at most `limit`, and up to which event that is all there is."""
        with self._reading() as connection:
            return reading.changed_since(connection, seq, limit)

    def last_seq(self) -> int:
        """Return the seq of the last event, 0 before the first."""
        return self.head()[0]

    def head(self) -> tuple[int, str]:
        """Return the seq and the hash of the last event: what the daily digest sends out."""
        with self._reading() as connection:
            return reading.head(connection)

    def statistics(self) -> Statistics:
        """Count the cases by status and grade."""
        with self._reading() as connection:
            return reading.statistics(connection)

    def policy_text(self, policy_hash: str) -> str | None:
        """Return the text of a policy that was ever used, None if there is none with this hash."""
        with self._reading() as connection:
            return reading.policy_text(connection, policy_hash)

    def mark_value(self, name: str) -> str | None:
        """Return what was last marked under `name`."""
        with self._reading() as connection:
            return reading.mark_value(connection, name)

    # ------------------------------------------------------------ what happened lately

    def recent_events(self, limit: int) -> list[CaseEvent]:
        """Return the events of all cases, newest first; those whose payload was erased are left out."""
        with self._reading() as connection:
            return activity.recent_events(connection, limit)

    def recent_mails(self, limit: int) -> list[SentMail]:
        """Return the mails that left, newest first."""
        with self._reading() as connection:
            return activity.recent_mails(connection, limit)

    def recent_activity(self, limit: int) -> list[Activity]:
        """Return what the daemon did outside the cases' histories, newest first."""
        with self._reading() as connection:
            return activity.recent_activity(connection, limit)

    def lapsed_since(self, since: datetime) -> list[CaseEvent]:
        """Return the lapses after a time, the latest first."""
        with self._reading() as connection:
            return activity.lapsed_since(connection, since)

    def given_up_since(self, since: datetime) -> list[GivenUp]:
        """Return the mails that were given up after a time, the latest first; of a bundle the notices it carried."""
        with self._reading() as connection:
            return activity.given_up_since(connection, since)

    def lapse_counts(self, since: datetime) -> dict[tuple[str, str], int]:
        """Count the lapses since a time by the policy they happened under (its hash) and the stage that lapsed."""
        with self._reading() as connection:
            return activity.lapse_counts(connection, since)

    # ------------------------------------------------------------ statistics

    def histories(self, since: datetime, as_of: int) -> Iterator[History]:
        """Yield what happened, up to event `as_of`, to each case that was open since a time or has a penalty."""
        with self._reading() as connection:
            yield from histories.touched_since(connection, since, as_of)

    def first_opening(self) -> datetime | None:
        """Return when the first case of all was opened; None while there is none."""
        with self._reading() as connection:
            return histories.first_opening(connection)

    # ------------------------------------------------------------ the master workbook, and others (`book`)

    def generation(self, book: str = sheets.MASTER) -> tuple[int, int]:
        """Return the workbook's last confirmed generation and the last number given out, each 0 if there is none."""
        with self._reading() as connection:
            return sheets.generation(connection, book)

    def knows_generation(self, number: int, book: str = sheets.MASTER) -> bool:
        """Tell whether the base of a generation, confirmed or not, can be read."""
        with self._reading() as connection:
            return sheets.knows(connection, number, book)

    def base(self, generation: int, book: str = sheets.MASTER) -> dict[str, dict[str, str]]:
        """Return what stood in the workbook in a generation: sheet → row key → JSON text; nothing in generation 0.

        LedgerRefused if the generation is not known.
        """
        with self._reading() as connection:
            return sheets.base(connection, generation, book)

    def answers(self) -> dict[str, dict[str, str]]:
        """Return why entries were refused: sheet → row key → JSON text."""
        with self._reading() as connection:
            return sheets.answers(connection)

    # ------------------------------------------------------------ deadlines

    def due(self, now: datetime, limit: int, *, aside: Collection[str] = ()) -> list[DueRow]:
        """Return the deadlines reached at `now`, earliest first, but none of the cases set `aside`."""
        with self._reading() as connection:
            return reading.due(connection, now, limit, aside)

    def next_due(self, *, aside: Collection[str] = ()) -> datetime | None:
        """Return the earliest deadline, reached or not, but of no case set `aside`; in UTC."""
        with self._reading() as connection:
            return reading.next_due(connection, aside)

    # ------------------------------------------------------------ what came in

    def received_mail(self, limit: int, after: int = 0) -> list[StoredMail]:
        """Return messages nothing was done with yet, oldest first, from behind the id `after` on.

        `raw(mail.sha256)` are their bytes.
        """
        with self._reading() as connection:
            return intake.mails_in_state(connection, MailState.RECEIVED, limit, after)

    def quarantine(self) -> list[StoredMail]:
        """Return the messages that could not be taken in, oldest first."""
        with self._reading() as connection:
            return intake.mails_in_state(connection, MailState.QUARANTINED)

    def quarantined(self, mail_id: int) -> HeldMail | None:
        """Return what is known of a message that was ever put aside; None of any other."""
        with self._reading() as connection:
            return quarantine.held(connection, mail_id)

    def quarantine_waiting(self) -> list[HeldMail]:
        """Return the messages put aside that nobody has decided on, oldest first."""
        with self._reading() as connection:
            return quarantine.waiting(connection)

    def quarantine_ever(self) -> list[HeldMail]:
        """Return every message that was ever put aside, whatever became of it, oldest first."""
        with self._reading() as connection:
            return quarantine.every(connection)

    def quarantine_to_decide(self) -> int:
        """Count the messages put aside that wait for somebody's decision."""
        with self._reading() as connection:
            return quarantine.to_decide(connection)

    def returned_mail(self) -> dict[int, HeldMail]:
        """Return the messages that are to be taken in again and were not yet, by their ids."""
        with self._reading() as connection:
            return quarantine.returned(connection)

    def any_returned(self) -> bool:
        """Tell whether a message is to be taken in again."""
        with self._reading() as connection:
            return quarantine.any_returned(connection)

    def unmoved_mail(self, limit: int) -> list[StoredMail]:
        """Return settled messages that do not lie in their target folder yet, oldest first."""
        with self._reading() as connection:
            return intake.unmoved_mail(connection, limit)

    def mail(self, mail_id: int) -> StoredMail:
        """Return one message; LedgerRefused if there is none of this id."""
        with self._reading() as connection:
            return intake.mail(connection, mail_id)

    def mails_about(self, case_number: str) -> list[StoredMail]:
        """Return the messages that concern a case, oldest first."""
        with self._reading() as connection:
            return intake.mails_about(connection, case_number)

    def raw(self, sha256: str) -> bytes:
        """Return archived bytes; LedgerRefused if there are none, LedgerDamaged if they are no longer the same."""
        if (content := self._fresh.take(sha256)) is not None:
            return content
        with self._reading() as connection:
            return intake.raw(connection, sha256)

    def just_stored(self, mails: Iterable[Incoming]) -> None:
        """Have messages at hand that were stored and committed a moment ago: `raw` is asked for each at once."""
        for mail in mails:
            self._fresh.put(mail.digest, mail.raw)

    def attachments(self, case_number: str, *, as_of: int | None = None) -> list[StoredAttachment]:
        """Return the files that came to a case, in their order; those known at event `as_of` where it is given."""
        with self._reading() as connection:
            return attachments.of_case(connection, case_number, as_of)

    def attachments_of_event(self, case_number: str, event_seq: int) -> list[StoredAttachment]:
        """Return the files that came in the mail which caused an event, the last one it caused in that case."""
        with self._reading() as connection:
            return attachments.of_event(connection, case_number, event_seq)

    def attachment_counts(self, *, after: int = 0) -> tuple[dict[str, int], int]:
        """Return how many files the cases hold to which any came after that id, and the id up to which that is all."""
        with self._reading() as connection:
            up_to = attachments.last_id(connection)
            counts = attachments.counts_since(connection, after) if up_to > after else {}
            return counts, max(up_to, after)

    def same_person(
        self, case_number: str, keys: Mapping[str, str], as_of: int, limit: int
    ) -> tuple[list[str], int]:
        """Return the newest other cases, `limit` at most, recorded with one of `keys`, and how many there are.

        Only those opened up to event `as_of` count.
        """
        with self._reading() as connection:
            return reading.same_person(connection, case_number, keys, as_of, limit)

    def highest_uid(self, folder: str, uidvalidity: int) -> int:
        """Return the highest UID stored of a folder, 0 if none is."""
        with self._reading() as connection:
            return intake.highest_uid(connection, folder, uidvalidity)

    def known_uids(self, folder: str, uidvalidity: int) -> frozenset[int]:
        """Return every UID stored of a folder."""
        with self._reading() as connection:
            return intake.known_uids(connection, folder, uidvalidity)

    def case_of_message(self, message_ids: Sequence[str]) -> str | None:
        """Return the case the first telling Message-ID belongs to; give the nearest (In-Reply-To) first."""
        with self._reading() as connection:
            return intake.case_of_message(connection, message_ids)

    # ------------------------------------------------------------ what goes out

    def outbox_lease(
        self, now: datetime, lease: timedelta, limit: int, turn: Turn = ANY_TURN
    ) -> list[QueuedMail]:
        """Lease the mails whose time has come to the caller alone until `now + lease`: by turn, the oldest first."""
        with self._writer.transaction() as connection:
            return outbox.lease(connection, now, lease, limit, turn)

    def outbox_in_doubt(self, now: datetime, limit: int) -> list[InDoubt]:
        """Return the mails that may have left and are to be looked up now, the oldest first."""
        with self._reading() as connection:
            return turns.in_doubt(connection, now, limit)

    def outbox_looked_up(self, ids: Collection[int], now: datetime) -> None:
        """Let mails in doubt that were not found among what was sent be tried again."""
        with self._writer.transaction() as connection:
            turns.looked_up(connection, ids, now)

    def outbox_left_since(self, since: datetime) -> int:
        """Count the mails that left after a time; a bundle is one."""
        with self._reading() as connection:
            return turns.left_since(connection, since)

    def outbox_nth_last(self, n: int) -> datetime | None:
        """Return when the `n`-th last mail left (1: the last), None where not so many have."""
        with self._reading() as connection:
            return turns.nth_last(connection, n)

    def outbox_last_id(self) -> int:
        """Return the number of the last mail queued, 0 if there is none."""
        with self._reading() as connection:
            return turns.last_id(connection)

    def outbox_notices(self, last: int, templates: Collection[str], limit: int) -> list[NoticeSeen]:
        """Return the mails of these kinds queued after mail `last`, the oldest first."""
        with self._reading() as connection:
            return turns.notices_after(connection, last, templates, limit)

    def outbox_waiting(self) -> tuple[int, datetime | None]:
        """Return how many mails are to leave, and since when the first of them could have."""
        with self._reading() as connection:
            return turns.waiting_since(connection)

    def outbox_gathering_due(self, now: datetime, latest: datetime) -> bool:
        """Tell whether held mails are to leave: their time has come, or lies beyond `latest` by a clock put back."""
        with self._reading() as connection:
            return gathering.due(connection, now, latest)

    def outbox_members(self, mail_id: int) -> list[QueuedMail]:
        """Return the mails that a bundle carries, in the order they became necessary; none if it is no bundle."""
        with self._reading() as connection:
            return gathering.members(connection, mail_id)

    def outbox_free(self, until: datetime) -> int:
        """Let the leases of a sender that is gone end at `until`; return how many there were.

        Only for whoever is sure to be the only sender.
        """
        with self._writer.transaction() as connection:
            return outbox.free(connection, until)

    def outbox_sent(self, mail_id: int, at: datetime, reply: str) -> bool:
        """Say that the server took a mail, with all it carries; False if that was known."""
        with self._writer.transaction() as connection:
            return outbox.sent(connection, mail_id, at, reply)

    def outbox_retry(
        self,
        mail_id: int,
        next_try: datetime,
        error: str,
        *,
        uncertain: bool = False,
        refused: bool = False,
        most_bytes: int | None = None,
    ) -> bool:
        """Put a leased mail back until `next_try`; False if it is not leased any more.

        `uncertain`: the connection broke after the message was handed over, so it may have left. `refused`: the mail
        itself was, which is counted. `most_bytes`: what the server takes of it.
        """
        with self._writer.transaction() as connection:
            return outbox.retry(
                connection,
                mail_id,
                next_try,
                error,
                uncertain=uncertain,
                refused=refused,
                most_bytes=most_bytes,
            )

    def outbox_failed(self, mail_id: int, error: str, at: datetime) -> bool:
        """Give a leased mail up, with all it carries; False if it is not leased any more."""
        with self._writer.transaction() as connection:
            return outbox.failed(connection, mail_id, error, at)

    def outbox_next(self, now: datetime, turn: Turn = ANY_TURN) -> datetime | None:
        """Return when a mail can next be leased or gathered, `now` if one can be already, None if nothing waits."""
        with self._reading() as connection:
            return outbox.next_time(connection, now, turn)

    def outbox_counts(self) -> dict[OutboxState, int]:
        """Count the mails in each state."""
        with self._reading() as connection:
            return outbox.counts(connection)

    def outbox_mail(self, message_id: str) -> QueuedMail | None:
        """Return the mail with this Message-ID, however far it has come; None if there is none."""
        with self._reading() as connection:
            return outbox.by_message_id(connection, message_id)

    def outbox_mail_numbered(self, mail_id: int) -> QueuedMail | None:
        """Return the mail with this id, however far it has come; None if there is none."""
        with self._reading() as connection:
            return outbox.numbered(connection, mail_id)

    def request_asked_by(self, message_id: str) -> WaitingRequest | None:
        """Return the request that the mail with this Message-ID asks its reader to confirm, None if it asks none."""
        with self._reading() as connection:
            return requests.asked_by(connection, message_id)

    def requests_over(self, now: datetime) -> bool:
        """Tell whether a request still waits whose time is over."""
        with self._reading() as connection:
            return requests.any_over(connection, now)

    def outbox_of(self, case_number: str) -> list[OutboxEntry]:
        """Return the mails of a case, in the order they became necessary."""
        with self._reading() as connection:
            return outbox.entries_of(connection, case_number)

    def replies_sent_to(self, address: str, since: datetime) -> int:
        """Count the automatic replies queued or sent to `address` since a time."""
        with self._reading() as connection:
            return outbox.replies_sent_to(connection, address, since)

    def absences(self, now: datetime) -> list[AbsenceSaid]:
        """Return what people said of absences that are not over, in the order they said it."""
        return self._said.not_over(now, self._said_absences)

    def _said_absences(self, now: datetime) -> list[AbsenceSaid]:
        with self._reading() as connection:
            return absences.not_over(connection, now)

    def unreached(self, now: datetime) -> list[Unreached]:
        """Return whom mails do not reach at present."""
        return self._silent.not_over(now, self._unreached)

    def _unreached(self, now: datetime) -> list[Unreached]:
        with self._reading() as connection:
            return bounces.unreached(connection, now)

    # ------------------------------------------------------------ proof and keeping

    def verify(self) -> list[Fault]:
        """Return everything that cannot be as it was written; empty if all is well."""
        with self._reading() as connection:
            return audit.faults(connection, self._site)

    def rebuild_projections(self, deadlines_of: DeadlinesOf, keys_of: KeysOf | None = None) -> int:
        """Derive cases and deadlines (and search keys, if told how) anew from the events; return how many cases.

        LedgerDamaged if the chain is not whole: nothing is derived from that.
        """
        with self._writer.transaction() as connection:
            return projections.rebuild(connection, self._site, deadlines_of, keys_of)

    def backup(self, path: Path) -> None:
        """Write a consistent copy while the ledger is in use; `path` is replaced once the copy is complete."""
        partial = path.with_name(f"{path.name}.partial")
        if path.absolute() == self.path:
            raise LedgerRefused("a backup cannot take the place of the ledger itself")
        partial.unlink(missing_ok=True)
        with self._reading() as connection:
            sqlite.copy_to(connection, partial)
        partial.replace(path)


def _make_room(path: Path, *, create: bool) -> None:
    if not create and not path.exists():
        raise LedgerUnavailable(f"there is no ledger at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(
            f"the ledger's folder {path.parent} cannot be made: {error.strerror}"
        ) from error
    with suppress(OSError):  # the attempt to open it says why it cannot be made
        make_private(path)


def _settle_site(connection: Connection, site: str) -> None:
    """Begin the chain of a new ledger; a ledger that has lost its head is left as it is, to be audited."""
    found = connection.execute(select(chain_head.c.site)).scalar()
    if found is None and connection.execute(select(events.c.seq).limit(1)).first() is None:
        connection.execute(insert(chain_head), {"site": site, "seq": 0, "hash": genesis(site)})
    elif found is not None and found != site:
        raise LedgerOfAnotherSite(found, site)
