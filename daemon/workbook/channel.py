"""Keeping one workbook, the master or that of penalties: what managers wrote is taken, what changed is written.

The order of a round is what a crash between any two of its steps leaves whole: what managers entered is committed
together with the memory of having seen it; a new version's number and contents are remembered before the file is
replaced, and confirmed after.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from daemon.bell import Bells
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import LedgerError
from daemon.workbook import wordings
from daemon.workbook.beside import LiveCopy, put_aside
from daemon.workbook.book import (
    NOTHING_ABSENT,
    Absent,
    Book,
    Drawn,
    absent_in,
    as_found,
    drawn,
    merged,
    open_book,
    refusal_in,
    with_feeds,
)
from daemon.workbook.drawing import Drawing, Told
from daemon.workbook.editions import mark_of, path_of
from daemon.workbook.entries import filled
from daemon.workbook.memory import Base, Memory, Rows
from daemon.workbook.shown import Shown
from daemon.workbook.taking import Taking
from daemon.workbook.telling import told_of
from daemon.workbook.trouble import Occasion, Troubles
from rules.locales import Text
from sheets.files import (
    UNKNOWN_HOLDER,
    Fingerprint,
    WorkbookBusy,
    WorkbookChanged,
    fingerprint,
    lock_holder,
    remove_leftover,
    write_if_unchanged,
)
from sheets.generation import Stamp, stamped
from sheets.livecopy import writable
from sheets.patch import PatchRefused
from sheets.peek import Glance, glance, peek
from sheets.reading import MasterReading

log = logging.getLogger("kesu.workbook")

AT_ONCE = timedelta(0)
HALF_WRITTEN = timedelta(minutes=2)  # a file that somebody is saving cannot be read for a moment
UNWRITABLE = timedelta(minutes=5)
GONE = timedelta(seconds=10)  # a program that saves takes the file away for a moment; a share may drop out
MISSING = "missing-since"
ABSENT = "absent"  # the ledger's mark: columns that were not there
FEEDS_EVERY = timedelta(seconds=10)


_MOST = 10**9  # versions; a larger number in a file is somebody's joke


def _bounded(stamp: Stamp) -> int:
    """Return the number that a new version must exceed."""
    found = stamp.generation or 0
    return found if found < _MOST else 0


Wanted = tuple[int, Told]  # the version of the rows; what the feeds tell of


class _Emptied(Exception):
    """The workbook looks emptied rather than edited; nothing is taken, nothing written."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class _Unwritable(Exception):
    """The workbook was read, but cannot be changed for certain; `reason` says what is in the way."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def _plain(error: Exception) -> Text:
    said = str(error)
    return Text(zh_hant=said, zh_hans=said, en=said)


class BookKeeper:
    """One workbook of a site."""

    def __init__(
        self,
        docket: Docket,
        clock: Clock,
        bells: Bells | None,
        shown: Shown,
        drawing: Drawing,
        live: LiveCopy | None = None,
        board: str = "",
    ) -> None:
        self._docket, self._clock, self._bells = docket, clock, bells
        self._shown, self._drawing = shown, drawing
        self._edition = drawing.edition
        self.path = path_of(self._edition, docket.site)
        self._live, self._board = live, board
        self._memory = Memory(docket.ledger, docket.site.zone, self._edition)
        self._troubles = Troubles(docket, self._names, self._edition)
        self._readings: Mapping[
            str, MasterReading
        ] = {}  # rows that are still the same need not be read again
        self._glance: Glance | None = None  # of the version that was read, or written, last
        self._base: Base | None = None  # what that version is compared with
        self._written: Wanted | None = None  # what of the ledger stands in it
        self._copied: Wanted | None = None  # and in the live copy
        self._absent: Absent = NOTHING_ABSENT
        self._fed_at: datetime | None = None  # when what kesu did, and the dashboard, were written last
        self._waits = False  # somebody has it open, and there is something to write
        self._was_written = False  # before this file was taken in
        with suppress(OSError):  # a share that cannot be written to is told of by the rounds
            remove_leftover(self.path)

    def forget(self) -> None:
        """Write it anew in the next round: the configuration changed."""
        self._written = None

    def attempt(self, now: datetime) -> bool:
        """Try a round; whatever keeps it from being done is told to customer care when it lasts."""
        try:
            return self._keep(now)
        except WorkbookBusy as busy:
            patience = timedelta(minutes=self._docket.site.config.workbook.held_minutes)
            self._in_trouble(Occasion("held", patience, holder=busy.holder, waiting=self._waiting()), now)
        except WorkbookChanged as changed:
            log.info("the workbook waits: %s", changed)
        except _Emptied as emptied:
            self._in_trouble(Occasion("emptied", AT_ONCE, emptied.reason), now)
        except _Unwritable as error:
            self._in_trouble(Occasion("unwritable", UNWRITABLE, error.reason, waiting=self._waiting()), now)
        except PatchRefused as refused:
            self._in_trouble(Occasion("unreadable", HALF_WRITTEN, refused.reason), now)
        except OSError as error:
            self._in_trouble(Occasion("unwritable", UNWRITABLE, _plain(error), waiting=self._waiting()), now)
        except LedgerError:
            raise
        except Exception as error:
            log.exception("the workbook cannot be kept")
            detail = filled(wordings.OUR_FAULT, error=type(error).__name__)
            self._in_trouble(Occasion("unwritable", HALF_WRITTEN, detail, waiting=self._waiting()), now)
        return False

    def _in_trouble(self, occasion: Occasion, now: datetime) -> None:
        detail = occasion.detail.en if occasion.detail else f"open by {occasion.holder}"
        log.warning("the workbook waits (%s): %s", occasion.kind, detail)
        self._troubles.seen(occasion, now)

    # ------------------------------------------------------------ one round

    def _keep(self, now: datetime) -> bool:
        before = fingerprint(self.path)
        if before is None:
            return self._missing(now)
        self._mark_missing("")
        holder = lock_holder(self.path)
        seen = peek(self.path)
        is_new = seen != self._glance
        if not is_new and self._is_written(now):
            self._troubles.over("held", "unreadable", "unwritable")
            return True
        if not is_new and holder is not None and self._copied == self.wanted(now):
            return self._unless_waiting(holder)
        book = self._read(before)
        self._troubles.over("unreadable")
        if is_new or self._base is None:
            self._was_written = self._memory.has_written
            self._base = self._take_in(book, self._memory.base_of(book.stamp.generation, book.readings), now)
            self._glance = seen
        return self._bring_up_to_date(book, self._base, before, holder, now)

    def _is_written(self, now: datetime) -> bool:
        """Tell whether the workbook reflects the ledger; what kesu did may follow a little later than the rows."""
        if self._written is None:
            return False
        rows, told = self.wanted(now)
        return self._written[0] == rows and (self._written[1] == told or not self._feeds_due(now))

    def _feeds_due(self, now: datetime) -> bool:
        return self._fed_at is None or now - self._fed_at >= FEEDS_EVERY

    def _unless_waiting(self, holder: str) -> bool:
        if self._waits:
            raise WorkbookBusy(holder)
        return True

    def _read(self, before: Fingerprint) -> Book:
        content = self.path.read_bytes()
        if fingerprint(self.path) != before:
            raise WorkbookChanged(self.path)
        site = self._docket.site
        book = open_book(content, site.locale, site.zone, self._readings, self._edition)
        if book.stamp.site not in (None, site.config.daemon.site):
            raise PatchRefused(filled(wordings.ANOTHER_SITE, site=str(book.stamp.site)))
        self._readings = book.readings
        return book

    def _ours(self) -> Rows:
        return {sheet.key: dict(self._shown.rows(sheet)) for sheet in self._edition.sheets}

    def _take_in(self, book: Book, base: Base, now: datetime) -> Base:
        """Commit what managers did since the last round, and the memory of having seen it."""
        self._absent = self._absent_before()
        actions = merged(book, base.rows, self._ours(), stale=base.stale, absent=self._absent)
        if (reason := refusal_in(actions)) is not None:
            self._glance = None
            raise _Emptied(reason)
        self._troubles.over("emptied", "restored")
        found = as_found(base.rows, actions, self._absent)
        head = self._memory.head
        with self._docket.ledger.writing() as entry:
            at = self._clock.now()  # under the lock of writing: what was committed before lies before
            taking = Taking(self._docket, entry, at)
            taking.take(book, actions, stale=base.stale)
            entry.mark(mark_of(self._edition, ABSENT), json.dumps(absent_in(book)))
            after = self._memory.see(entry, base, head, book.stamp.generation, found, at)
        self._memory.keep(after)
        self._after_commands(taking.recorded)
        if base.stale:
            self._tell_of_another_version(book, now)
        return after

    def _absent_before(self) -> dict[str, frozenset[str]]:
        """Return the columns that were not there when a file was read last."""
        known = json.loads(self._docket.ledger.mark_value(mark_of(self._edition, ABSENT)) or "{}")
        return {sheet: frozenset(columns) for sheet, columns in known.items()}

    def _after_commands(self, recorded: bool) -> None:
        if not recorded:
            return
        self._shown.follow()
        self._shown.answers_changed()
        if self._bells is not None:
            self._bells.outbox.ring()
            self._bells.lapses.ring()

    def _tell_of_another_version(self, book: Book, now: datetime) -> None:
        """Say that a file is not the version written last, unless this ledger never wrote one."""
        wanted, found = self._memory.confirmed, book.stamp.generation
        if not self._was_written:
            return
        is_newer = found is not None and found > wanted
        wording = wordings.NEWER_VERSION if is_newer else wordings.OLD_VERSION
        line = filled(wording, found=found or "?")
        log.warning("%s", line.en)
        with self._docket.ledger.writing() as entry:
            entry.note_activity(now, "another-version", line.model_dump_json(by_alias=True))
        self._troubles.seen(Occasion("restored", AT_ONCE, line), now)

    def _bring_up_to_date(
        self, book: Book, base: Base, before: Fingerprint, holder: str | None, now: datetime
    ) -> bool:
        wanted = self.wanted(now)
        is_fed = self._feeds_due(now)
        try:
            fresh = self._draw_changes(book, base, now)
        except PatchRefused as refused:
            raise _Unwritable(refused.reason) from refused
        content = fresh.content
        if holder is not None:
            self._waits = content != book.content
            self._copy(content, wanted, now)
            return self._unless_waiting(holder)
        if content != book.content or book.stamp.generation is None:
            try:
                content = self._replace(writable(content), fresh.base, before, _bounded(book.stamp), now)
            except (WorkbookBusy, OSError):
                self._copy(content, wanted, now)  # for those who cannot wait
                raise
        if is_fed:
            self._fed_at = now
        elif self._written is not None:
            wanted = (wanted[0], self._written[1])
        self._written, self._glance = wanted, glance(content)
        self._copy(content, wanted, now)
        if fresh.refused:
            raise _Unwritable(next(iter(fresh.refused.values())))
        self._troubles.over("held", "unwritable")
        return True

    def _draw_changes(self, book: Book, base: Base, now: datetime) -> Drawn:
        site = self._docket.site
        ours = self._ours()
        actions = merged(book, base.rows, ours, stale=base.stale, absent=self._absent)
        notes = {
            sheet.key: told_of(
                sheet, book.readings[sheet.key], actions[sheet.key], site.locale, stale=base.stale
            ).notes
            for sheet in book.sheets
        }
        fresh = drawn(book, base.rows, ours, actions, notes, site.locale, site.zone)
        for key, reason in {**fresh.kept, **fresh.refused}.items():
            log.warning("%s waits in the workbook: %s", key, reason.en)
        content = fresh.content
        if self._feeds_due(now):
            content = with_feeds(fresh.archive or content, self._drawing.feeds(now), site.locale, site.zone)
        return Drawn(content, fresh.base, fresh.kept, fresh.refused)

    def _replace(self, content: bytes, after: Rows, before: Fingerprint, above: int, now: datetime) -> bytes:
        """Put a new version in the file's place; its number and contents are remembered before, and confirmed after."""
        known = self._memory.head
        with self._docket.ledger.writing() as entry:
            number = entry.next_generation(now, above=above, book=self._edition.key)
            for sheet, rows in Memory.changed(known, after).items():
                entry.put_base(number, sheet, rows, book=self._edition.key)
        content = stamped(content, number, self._docket.site.config.daemon.site)
        write_if_unchanged(self.path, content, before)
        with self._docket.ledger.writing() as entry:
            entry.confirm_generation(number, book=self._edition.key)
        self._base = Base(number, after, stale=False)
        self._memory.keep(self._base)
        log.info("workbook=%s version=%d", self._edition.key, number)
        return content

    # ------------------------------------------------------------ a new one

    def _missing(self, now: datetime) -> bool:
        """Draw a workbook where there is none; one that was there may be away for a moment only."""
        if self._memory.has_written:
            if not self.path.parent.is_dir():
                raise FileNotFoundError(f"the folder {self.path.parent} is not there")
            if (holder := lock_holder(self.path)) is not None:
                raise WorkbookBusy(holder)
            value = self._docket.ledger.mark_value(mark_of(self._edition, MISSING))
            since = min(datetime.fromisoformat(value), now) if value else now  # a clock may be set back
            self._mark_missing(since.isoformat())
            if now - since < GONE:
                return False
        self.create()
        return True

    def _mark_missing(self, value: str) -> None:
        """Remember since when the file is away; '' when it is there."""
        if (self._docket.ledger.mark_value(mark_of(self._edition, MISSING)) or "") != value:
            with self._docket.ledger.writing() as entry:
                entry.mark(mark_of(self._edition, MISSING), value)

    def rebuild(self) -> Path | None:
        """Draw the workbook anew; return where the old file was put, after what managers wrote in it was taken.

        WorkbookBusy if somebody has it open; OSError if its folder cannot be written to.
        """
        if (holder := lock_holder(self.path)) is not None:
            raise WorkbookBusy(holder)
        aside = None
        if self.path.exists():
            self.attempt(self._clock.now())
            aside = put_aside(self.path)
        self.create()
        return aside

    def create(self) -> None:
        """Draw the workbook anew from the ledger; WorkbookChanged if there is one."""
        now = self._clock.now()
        self._shown.follow()
        ours = self._ours()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        changed, is_anew = Memory.changed(self._memory.head, ours), self._memory.has_written
        with self._docket.ledger.writing() as entry:
            number = entry.next_generation(now, book=self._edition.key)
            for sheet, rows in changed.items():
                entry.put_base(number, sheet, rows, book=self._edition.key)
            if is_anew:
                entry.note_activity(now, "drawn", wordings.DRAWN.model_dump_json(by_alias=True))
        wanted = self.wanted(now)
        content = self._drawing.new(ours, number, now)
        write_if_unchanged(self.path, content, None)
        with self._docket.ledger.writing() as entry:
            entry.confirm_generation(number, book=self._edition.key)
        self._base = Base(number, ours, stale=False)
        self._memory.keep(self._base)
        self._written, self._glance, self._fed_at = wanted, glance(content), now
        self._mark_missing("")
        self._troubles.over("held", "unreadable", "emptied", "restored", "unwritable")
        self._copy(content, wanted, now)

    # ------------------------------------------------------------ beside it

    def wanted(self, now: datetime) -> Wanted:
        """Return what the workbook is to reflect: its rows, and what its feeds tell of."""
        return self._shown.version, self._drawing.told(now)

    def _copy(self, content: bytes, wanted: Wanted, now: datetime) -> None:
        """Bring the live copy up to date; one that cannot be written now is tried again in the next round."""
        if self._live is None:
            self._copied = wanted
            return
        written, aside = self._live.write(content)
        self._copied = wanted if written else None
        if aside is not None:
            line = filled(wordings.LIVE_COPY_EDITED, name=aside.name)
            with self._docket.ledger.writing() as entry:
                entry.note_activity(now, "live-copy-edited", line.model_dump_json(by_alias=True))

    def held(self) -> list[str]:
        """Return what readers are told while somebody keeps it open; nothing otherwise."""
        holder, since = lock_holder(self.path), self._troubles.since("held")
        if holder is None or since is None:
            return []
        site = self._docket.site
        at = since.astimezone(site.zone).strftime("%H:%M")
        who = wordings.SOMEBODY.get(site.locale) if holder == UNKNOWN_HOLDER else holder
        return [wordings.HELD_BY.get(site.locale).format(who=who, since=at)]

    def _names(self) -> tuple[str, str, str]:
        return self.path.name, self._live.path.name if self._live else "", self._board

    def _waiting(self) -> int:
        """Return how many rows differ from what stands in the workbook."""
        ours, head = self._ours(), self._memory.head
        return sum(len(rows) for rows in Memory.changed(head, ours).values())

    def prune(self, now: datetime) -> None:
        """Forget versions that are too old to come back."""
        self._memory.prune(now)
