"""One transaction on the ledger: all of what is said between its beginning and its end, or nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import Connection, bindparam, select

from daemon.ledger import (
    absences,
    activity,
    attachments,
    bounces,
    gathering,
    intake,
    outbox,
    projections,
    quarantine,
    reading,
    requests,
    sheets,
)
from daemon.ledger.answered import Answered
from daemon.ledger.fresh import Lasting
from daemon.ledger.intake import Incoming
from daemon.ledger.journal import Journal
from daemon.ledger.rows import (
    AbsenceSaid,
    Bounced,
    Decision,
    DueRow,
    Held,
    HeldFor,
    HeldMail,
    MailState,
    OutboxEntry,
    OutgoingMail,
    QueuedMail,
    RecordedEvent,
    RequestState,
    StoredMail,
    Unreached,
)
from daemon.ledger.schema import marks, numbers
from daemon.ledger.sqlite import insert, run, run_many
from daemon.ledger.unwritten import Unwritten
from rules.case import Case, Status
from rules.deadlines import Deadline
from rules.events import Event

_SERIAL = select(numbers.c.serial).where(numbers.c.site == bindparam("of"), numbers.c.day == bindparam("on"))
_NEW_SERIAL = insert(numbers)
_COUNT = _NEW_SERIAL.on_conflict_do_update(
    index_elements=["site", "day"], set_={"serial": _NEW_SERIAL.excluded.serial}
)
_NEW_MARK = insert(marks)
_MARK_ONCE = insert(marks).on_conflict_do_nothing()
_MARKED = select(marks.c.value).where(marks.c.name == bindparam("of"))
_MARK = _NEW_MARK.on_conflict_do_update(index_elements=["name"], set_={"value": _NEW_MARK.excluded.value})


class Entry:
    """What may be said inside `with ledger.writing() as entry`; its questions see what it has said already.

    Rows that nobody has asked for yet are written together (`unwritten`), at the end at the latest. A refusal by
    PromiseBroken out of `record` leaves the transaction as it was; any error of the database, whichever question or end
    it comes out of, costs all of it, even if it is caught.
    """

    def __init__(
        self,
        connection: Connection,
        site: str,
        version: str,
        said: Lasting[AbsenceSaid],
        silent: Lasting[Unreached],
        answered: Answered,
    ) -> None:
        self._quiet = connection  # for what has nothing to do with what is not written yet
        self._site = site
        self._version = version
        self._said = said
        self._silent = silent
        self.bounced_more = False  # the same of whom mails do not reach
        self.said_more = False  # of absences: what others know is out of date once this is committed
        self._held: dict[str, datetime] = {}  # kinds of mail known to be held, and until when
        self._unwritten = Unwritten(connection, answered)
        self._serials: dict[date, int] = {}  # the last taken of each day, written at the end

    @property
    def _connection(self) -> Connection:
        self._unwritten.write()
        return self._quiet

    @cached_property
    def _journal(self) -> Journal:
        return Journal(self._quiet, self._unwritten, self._site, self._version)

    def finish(self) -> None:
        """Close the books; the ledger does this before it commits."""
        self._unwritten.write()
        rows = [{"site": self._site, "day": day, "serial": last} for day, last in self._serials.items()]
        run_many(self._quiet, _COUNT, rows)
        if "_journal" in self.__dict__:
            self._journal.finish()

    # ------------------------------------------------------------ cases

    def next_serial(self, day: date) -> int:
        """Take the next serial number of the site's `day`, from 1."""
        if day not in self._serials:
            (last,) = run(self._quiet, _SERIAL, {"of": self._site, "on": day}).fetchone() or (0,)
            self._serials[day] = last
        self._serials[day] += 1
        return self._serials[day]

    def record(
        self,
        case_after: Case,
        events: Sequence[Event],
        deadlines: Sequence[Deadline],
        *,
        policy_hash: str,
        keys: Mapping[str, str] | None = None,
    ) -> list[int]:
        """Append `events` to the chain, make the case and its deadlines what they are after them; return the seqs.

        `keys` replaces what the case is found by; None leaves that as it is. Without events only deadlines and keys
        change. PromiseBroken if an event may happen once and did; LedgerRefused if the policy was not kept; ValueError
        if the first event of a case does not open it.
        """
        return self._journal.record(case_after, events, deadlines, policy_hash, keys)

    def drop_deadline(self, case_number: str, name: str) -> None:
        """Forget a deadline that came too late to matter, such as a reminder of a window that has ended since."""
        projections.drop_deadline(self._connection, case_number, name)

    def keep_policy(self, key: str, text: str) -> str:
        """Keep a policy's text for good and return its hash."""
        return self._journal.keep_policy(key, text)

    def attach(
        self, case_number: str, name: str, media_type: str, content: bytes, *, mail_id: int | None = None
    ) -> None:
        """Keep a file with a case, and the mail that brought it, linked before; the same file is kept once of each."""
        attachments.attach(
            self._connection, case_number, name, media_type, content, mail_id, self._journal.seq
        )

    def leave_out(self, case_number: str, name: str, media_type: str, size: int, *, mail_id: int) -> None:
        """Say that a file came which the case may not hold any more; the mail it came in still has it."""
        attachments.leave_out(
            self._connection, case_number, name, media_type, size, mail_id, self._journal.seq
        )

    def attached(self, case_number: str) -> tuple[int, int]:
        """Return how many files a case holds, and how many bytes they are."""
        return attachments.held(self._connection, case_number)

    def case(self, number: str) -> Case | None:
        """Return the case called `number`, None if there is none."""
        return reading.case(self._connection, number)

    def events(self, number: str) -> list[RecordedEvent]:
        """Return what happened to a case, in order; events whose payload was erased are left out."""
        return reading.events_of(self._connection, number)

    def event(self, seq: int) -> Event | None:
        """Return one event; None if there is none of this seq, or its payload was erased."""
        return reading.event_at(self._connection, seq)

    def knows_any(self, keys: Mapping[str, str]) -> bool:
        """Tell whether any case, open or settled, is recorded with one of `keys`."""
        return self._unwritten.knows_any(keys) or reading.knows_any(self._quiet, keys)

    def open_cases_with(self, key: str, value: str, *, status: Status | None = None) -> list[Case]:
        """Return the open cases recorded with `value` under `key`, by number; only those of `status` if given."""
        among = status is None or self._unwritten.opens_any_of(status)
        return reading.open_cases_with(self._connection if among else self._quiet, key, value, status)

    def settled_cases_with(self, key: str, value: str) -> list[Case]:
        """Return the settled cases recorded with `value` under `key`, by number."""
        return reading.settled_cases_with(self._connection, key, value)

    def follow_ups(self, *, open_only: bool = False) -> list[Case]:
        """Return the days of follow-up calls, by number."""
        return reading.follow_ups(self._connection, open_only=open_only)

    def due(self, now: datetime, limit: int, *, aside: Collection[str] = ()) -> list[DueRow]:
        """Return the deadlines reached at `now`, earliest first, but none of the cases set `aside`."""
        return reading.due(self._connection, now, limit, aside)

    def last_seq(self) -> int:
        """Return the seq of the last event recorded, in this transaction too; 0 before the first."""
        return self._journal.seq

    # ------------------------------------------------------------ what came in

    def store_mail(
        self,
        folder: str,
        uidvalidity: int,
        uid: int,
        raw: bytes,
        *,
        received_at: datetime,
        stored_at: datetime,
        message_id: str,
        sender: str,
    ) -> int | None:
        """Archive a message and return its id; None if it is known by its folder, UIDVALIDITY and UID already."""
        incoming = Incoming(uid, raw, message_id, sender, received_at)
        return self.store_mails(folder, uidvalidity, [incoming], stored_at)[0]

    def store_mails(
        self, folder: str, uidvalidity: int, mails: Sequence[Incoming], stored_at: datetime
    ) -> list[int | None]:
        """Archive messages of one folder and return their ids; None where one is known by its UID already."""
        return intake.store_mails(self._connection, folder, uidvalidity, mails, stored_at)

    def settle_mail(self, mail_id: int, state: MailState, reason: str = "", target_folder: str = "") -> None:
        """Say what became of a message, and the folder it is to be moved to (empty: it stays).

        Should there be no message of this id, LedgerRefused comes out of whatever has this written.
        """
        self._unwritten.settle(intake.fate_of(mail_id, state, reason, target_folder))

    def mark_moved(self, ids: Iterable[int], at: datetime) -> None:
        """Say that messages now lie in their target folder."""
        intake.mark_moved(self._connection, ids, at)

    def claim_part(self, message_id: str, sha256: str, mail_id: int) -> bool:
        """Claim one attachment of one message for this intake; False if it was taken before."""
        return intake.claim_part(self._quiet, message_id, sha256, mail_id)

    def link_mail(self, mail_id: int, case_number: str, *, since: int | None = None) -> None:
        """Say that a message concerns a case; its doing is what this transaction did to it after event `since`."""
        caused = None if since is None else self._journal.caused(case_number, since)
        self._unwritten.link(intake.link_of(mail_id, case_number, caused))

    def case_of_message(self, message_ids: Sequence[str]) -> str | None:
        """Return the case the first telling Message-ID belongs to; give the nearest (In-Reply-To) first."""
        return intake.case_of_message(self._connection, message_ids) if message_ids else None

    def mail(self, mail_id: int) -> StoredMail:
        """Return one message; LedgerRefused if there is none of this id."""
        return intake.mail(self._connection, mail_id)

    def say_absence(self, mail_id: int, statement: AbsenceSaid) -> bool:
        """Keep what a mail said of its sender's absence; False if it was kept before."""
        self.said_more = True
        return absences.say(self._connection, mail_id, statement)

    def absences(self, now: datetime) -> list[AbsenceSaid]:
        """Return what people said of absences that are not over, in the order they said it."""
        if self.said_more:
            return absences.not_over(self._quiet, now)
        return self._said.not_over(now, lambda now: absences.not_over(self._quiet, now))

    # ------------------------------------------------------------ what goes out

    def queue(self, mail: OutgoingMail) -> bool:
        """Put a mail in the outbox, to be tried at once or held for its kind; False if its notice is there already.

        PromiseBroken if another notice has its Message-ID.
        """
        return outbox.queue(self._connection, outbox.row_of(self._quiet, mail, self._held))

    def queue_soon(self, mail: OutgoingMail) -> None:
        """Put a mail in the outbox like `queue`, but together with others, and without saying if it was there."""
        kind = mail.storm.kind if mail.storm else None
        if kind is not None and kind not in self._held and self._unwritten.queues(kind):
            self._unwritten.write()  # whether this one is held depends on those
        self._unwritten.queue(mail, outbox.row_of(self._quiet, mail, self._held))

    def held_mails(self, now: datetime, latest: datetime) -> list[Held]:
        """Return the held mails that are to leave now, by kind; `latest` as in `Ledger.outbox_gathering_due`."""
        return gathering.ready(self._connection, now, latest)

    def release(self, held: Held, now: datetime) -> None:
        """Let held mails leave by themselves."""
        gathering.release(self._connection, held.ids, now)
        self._held.pop(held.kind, None)

    def bundle(self, held: Held, mail: OutgoingMail) -> None:
        """Queue `mail` to carry held ones: what becomes of it becomes of them."""
        self.queue(mail)
        gathering.bundle(self._connection, held.ids, mail.notice_key)
        self._held.pop(held.kind, None)

    def outbox_mail(self, message_id: str) -> QueuedMail | None:
        """Return the mail with this Message-ID, however far it has come; None if there is none."""
        return outbox.by_message_id(self._connection, message_id)

    def mails_about(self, case_number: str, event_seq: int) -> list[OutboxEntry]:
        """Return the mails about one event of a case, in the order they became necessary."""
        return outbox.entries_of(self._connection, case_number, event_seq)

    def replies_sent_to(self, address: str, since: datetime) -> int:
        """Count the automatic replies queued or sent to `address` since a time, those of this transaction too."""
        waiting = self._unwritten.replies(since)
        his = sum(mail.recipient.lower() == address.lower() for mail in waiting)
        return outbox.replies_sent_to(self._quiet, address, since) + his

    def notices_sent_to(self, address: str, key: str, since: datetime) -> int:
        """Count the mails about incoming messages under `key` queued or sent to `address` since a time.

        Those of this transaction count too.
        """
        ending = f"{key}:{address.lower()}"
        waiting = sum(mail.notice_key.endswith(ending) for mail in self._unwritten.replies(since))
        return outbox.notices_sent_to(self._quiet, address, ending, since) + waiting

    # ------------------------------------------------------------ what was put aside

    def put_aside(self, mail_id: int, why: HeldFor, parts: Sequence[str], at: datetime) -> None:
        """Say why a message is put aside; `parts` are the SHA-256 of the attachments nothing came of."""
        quarantine.put_aside(self._connection, mail_id, why, parts, at)

    def decide_quarantined(self, mail_id: int, decision: Decision, by: str, at: datetime) -> bool:
        """Record what was decided about a message put aside; False if it is decided already.

        One that is released or retried is among those received again. What was discarded can still be.
        """
        return quarantine.decide(self._connection, mail_id, decision, by, at)

    def quarantined(self, mail_id: int) -> HeldMail | None:
        """Return what is known of a message that was ever put aside; None of any other."""
        return quarantine.held(self._connection, mail_id)

    def mails_of(self, case_number: str) -> list[OutboxEntry]:
        """Return the mails of a case, in the order they became necessary."""
        return outbox.entries_of(self._connection, case_number)

    def replies_sent(self, address: str, since: datetime) -> tuple[int, int]:
        """Count the automatic replies since a time, to `address` and to all, those of this transaction too."""
        return self._unwritten.replies_sent(address, since)

    def refusals_sent_to(self, address: str, case_number: str, since: datetime) -> int:
        """Count the notices to `address`, since a time, that something asked about a case was refused."""
        return outbox.refusals_sent_to(self._connection, address, case_number, since)

    # ------------------------------------------------------------ what came back

    def returned(self, said: Bounced) -> bool:
        """Keep that a mail came back, with all it carries; False if that was known."""
        self.bounced_more = True
        return bounces.returned(self._connection, said)

    def came_back_too_large(self, said: Bounced) -> bool:
        """Let a mail that came back for its size leave once more without its files; False if it did so before."""
        return bounces.too_large(self._connection, said)

    def note_bounce(self, said: Bounced) -> bool:
        """Keep what else a mail system said of a mail; False if the same was said before."""
        self.bounced_more = True
        return bounces.note(self._connection, said)

    def unreached(self, now: datetime) -> list[Unreached]:
        """Return whom mails do not reach at present."""
        if self.bounced_more:
            return bounces.unreached(self._quiet, now)
        return self._silent.not_over(now, lambda now: bounces.unreached(self._quiet, now))

    def heard_from(self, address: str, now: datetime) -> None:
        """Say that somebody wrote to us: he counts as reached again."""
        self.bounced_more = True
        bounces.heard_from(self._connection, address, now)

    # ------------------------------------------------------------ what waits to be confirmed

    def ask_once(
        self, mail_id: int, sender: str, digest: str, message_id: str, at: datetime, until: datetime
    ) -> bool:
        """Remember that a message waits for its sender to confirm it; False if the same (`digest`) waits already.

        `message_id` is that of the mail that asks him.
        """
        return requests.ask_once(self._connection, mail_id, sender, digest, message_id, at, until)

    def settle_request(self, request_id: int, state: RequestState, at: datetime) -> bool:
        """Say what became of a request; False if it does not wait any more."""
        return requests.settle(self._connection, request_id, state, at)

    def expire_requests(self, now: datetime) -> int:
        """Give up the requests whose time is over; return how many."""
        return requests.expire(self._connection, now)

    # ------------------------------------------------------------ the master workbook, and others (`book`)

    def next_generation(self, at: datetime, *, above: int = 0, book: str = sheets.MASTER) -> int:
        """Take the number of the workbook's next version, from 1; it is unconfirmed, and its base that of the newest.

        `above` is a number seen in the workbook: a ledger restored from a backup would give it out a second time.
        """
        return sheets.next_generation(self._connection, at, above, book)

    def put_base(
        self, generation: int, sheet: str, rows: Mapping[str, str | None], *, book: str = sheets.MASTER
    ) -> None:
        """Make these rows (key → JSON text, None: gone) of a generation what is given; others stay as they are.

        LedgerRefused if the generation is not known.
        """
        sheets.put_base(self._connection, generation, sheet, rows, book)

    def confirm_generation(self, number: int, *, book: str = sheets.MASTER) -> None:
        """Say that the workbook of this number was written; LedgerRefused if the number is not known."""
        sheets.confirm(self._connection, number, book)

    def forget_attempts(self, confirmed: int, *, book: str = sheets.MASTER) -> None:
        """Forget the unconfirmed generations above `confirmed`; their numbers are not given out again."""
        sheets.forget_attempts(self._connection, confirmed, book)

    def prune_generations(self, before: datetime, *, book: str = sheets.MASTER) -> int:
        """Forget generations older than `before`, with what only they needed; return how many.

        The newest confirmed one and every attempt after it are kept.
        """
        return sheets.prune(self._connection, before, book)

    def answer_row(self, sheet: str, row_key: str, body: str | None, at: datetime) -> None:
        """Say (as JSON text) why an entry of a row was refused; None takes the answer back."""
        sheets.answer_row(self._connection, sheet, row_key, body, at)

    # ------------------------------------------------------------ the daemon itself

    def note_activity(self, at: datetime, code: str, body: str, case_number: str | None = None) -> None:
        """Keep something the daemon did outside the cases' histories; `body` is JSON text."""
        activity.note(self._connection, at, code, body, case_number)

    def marked_once(self, name: str, value: str) -> str:
        """Return what is remembered under `name`; `value`, from now on, where nothing was."""
        self._connection.execute(_MARK_ONCE, {"name": name, "value": value})
        return str(self._connection.execute(_MARKED, {"of": name}).scalar_one())

    def mark(self, name: str, value: str) -> None:
        """Remember `value` under `name`, such as the event up to which the workbook was written."""
        self._connection.execute(_MARK, {"name": name, "value": value})
