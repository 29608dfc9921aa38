"""The channel that fetches: raw bytes from the mailbox into the ledger, and settled messages to their folders.

The order survives a crash anywhere (facts: peek, store, commit, take in, commit, move): until a message is stored it
stays where it was, and a move may be repeated.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence

from daemon.arriving import Arrived, Batches
from daemon.bell import Either, Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.intake import Intake
from daemon.ledger import StoredMail
from daemon.unfetched import Unfetched
from mailer.inbox import Inbox, MailboxSettings, MoveRefused
from mailer.message import head_of, read_message

log = logging.getLogger("kesu.fetching")

BATCH = 100
ENOUGH_REFUSALS = 3
COMPARE_EVERY = 20  # rounds between looks at every UID, in case the mark and the ledger disagree


class Fetching:
    """Empties one mailbox into the ledger, round by round, on one connection."""

    def __init__(self, docket: Docket, intake: Intake, settings: MailboxSettings, clock: Clock) -> None:
        self._docket = docket
        self._intake = intake
        self._settings = settings
        self._clock = clock
        self._inbox: Inbox | None = None
        self._rounds = 0
        self._unfetched = Unfetched(docket)
        self._unmovable: set[int] = set()

    def round(self, stopped: Stopped = never) -> int:
        """Fetch, take in and file what is new, until `stopped`; return how many messages were taken in.

        MailboxUnavailable if cut off.
        """
        taken = self.take_in(stopped)
        self.file()
        self._rounds += 1
        return taken

    def take_in(self, stopped: Stopped = never) -> int:
        """Fetch and take in what is new, until `stopped`; return how many messages were taken in.

        What somebody released from quarantine is here already, and does not wait for the mailbox.
        """
        returned = self._intake.take_waiting(stopped) if self._docket.ledger.any_returned() else 0
        inbox = self._connected()
        with Batches(inbox.fetch(self._new_uids(inbox), batch=BATCH), self._store) as arriving:
            self._intake.take_waiting(stopped, arriving)
        if not stopped():
            self._unfetched.note(inbox, self._settings.folder, self._clock.now())
        return arriving.stored + returned

    def wait(self, stop: threading.Event) -> None:
        """Wait until the server says that something arrived, a message is to be taken again, or it is time to look."""
        if self._inbox is not None:
            woken = Either(stop, self._docket.ledger.any_returned)
            self._inbox.wait(woken, self._settings.poll_seconds if not self._settings.idle else 300)

    def hang_up(self) -> None:
        """Forget the connection; the next round makes a new one."""
        if self._inbox is not None:
            self._inbox.close()
            self._inbox = None

    def _connected(self) -> Inbox:
        if self._inbox is None:
            self._intake.warm_up()
            inbox = Inbox(self._settings)
            inbox.connect()
            self._inbox = inbox
            self._rounds = 0
            self._unmovable.clear()
            log.info("mailbox connected folder=%s uidvalidity=%d", self._settings.folder, inbox.uidvalidity)
        return self._inbox

    def _new_uids(self, inbox: Inbox) -> list[int]:
        """Return the UIDs to fetch; after a reconnect and now and then all are compared with the ledger."""
        ledger, folder = self._docket.ledger, self._settings.folder
        if self._rounds % COMPARE_EVERY:
            mark = ledger.highest_uid(folder, inbox.uidvalidity)
            return [*self._unfetched.wanted(mark), *inbox.uids_above(mark)]
        known = ledger.known_uids(folder, inbox.uidvalidity)
        return [uid for uid in inbox.all_uids() if uid not in known]

    def _store(self, batch: Sequence[Arrived]) -> None:
        with self._docket.ledger.writing() as entry:
            first, incoming = batch[0].mail, [one.incoming for one in batch]
            ids = entry.store_mails(first.folder, first.uidvalidity, incoming, self._clock.now())
            for one, mail_id in zip(batch, ids, strict=True):
                if one.mail.truncated and mail_id is not None:
                    self._intake.refuse_large(entry, mail_id, read_message(head_of(one.mail.raw)))
        self._docket.ledger.just_stored(incoming)

    def file(self) -> None:
        """Move what is settled; what the server will not move stays, and is tried again by the next connection."""
        inbox = self._connected()
        if self._rounds % COMPARE_EVERY == 0:
            self._unmovable.clear()
        while settled := self._to_move():
            by_target: dict[str, list[StoredMail]] = defaultdict(list)
            for mail in settled:
                here = mail.folder == self._settings.folder and mail.uidvalidity == inbox.uidvalidity
                by_target[mail.target_folder if here else ""].append(mail)
            for folder, mails in by_target.items():
                moved = self._move(inbox, mails, folder) if folder else mails
                with self._docket.ledger.writing() as entry:
                    entry.mark_moved([mail.id for mail in moved], self._clock.now())

    def _to_move(self) -> list[StoredMail]:
        settled = self._docket.ledger.unmoved_mail(BATCH + len(self._unmovable))
        return [mail for mail in settled if mail.id not in self._unmovable]

    def _move(self, inbox: Inbox, mails: Sequence[StoredMail], folder: str) -> list[StoredMail]:
        """Move mails together or, where the server refuses one of them, each by itself; return those that went."""
        try:
            inbox.move([mail.uid for mail in mails], folder)
        except MoveRefused as refusal:
            if len(mails) > 1:
                return self._move_singly(inbox, mails, folder)
            self._unmovable.add(mails[0].id)
            log.error("message %d stays where it is: %s", mails[0].id, refusal)
            return []
        return list(mails)

    def _move_singly(self, inbox: Inbox, mails: Sequence[StoredMail], folder: str) -> list[StoredMail]:
        moved: list[StoredMail] = []
        for tried, mail in enumerate(mails):
            if tried >= ENOUGH_REFUSALS and not moved:  # it is the folder, or the whole mailbox
                self._unmovable |= {left.id for left in mails[tried:]}
                break
            moved += self._move(inbox, [mail], folder)
        return moved
