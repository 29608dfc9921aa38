"""The channel that keeps the master workbook: what managers wrote is taken, what changed is written, in one round.

The order of a round is what a crash between any two of its steps leaves whole: what managers entered is committed
together with the memory of having seen it; a new version's number and contents are remembered before the file is
replaced, and confirmed after.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from daemon.bell import Bells
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import Entry
from daemon.workbook import wordings
from daemon.workbook.archiving import Archiving
from daemon.workbook.beside import Board, LiveCopy
from daemon.workbook.book import (
    Actions,
    Book,
    Drawn,
    as_found,
    drawn,
    merged,
    open_book,
    refusal_in,
    with_feeds,
)
from daemon.workbook.entries import filled, take
from daemon.workbook.figures import actions_of, figures_of
from daemon.workbook.memory import Base, Memory, Rows
from daemon.workbook.rows import as_row, master_labels_of
from daemon.workbook.shown import Shown
from daemon.workbook.telling import Told, joined, missing_of, told_of, written_rows
from daemon.workbook.trouble import Occasion, Troubles
from rules.locales import Text
from sheets.columns import CellValue, Sheet
from sheets.dashboard import feeds_of
from sheets.files import (
    Fingerprint,
    WorkbookBusy,
    WorkbookChanged,
    fingerprint,
    lock_holder,
    remove_leftover,
    write_if_unchanged,
)
from sheets.generation import Stamp, stamped
from sheets.master import MasterContents, create_master
from sheets.patch import PatchRefused
from sheets.peek import Glance, glance, peek
from sheets.reading import MasterReading
from sheets.registry import ACTIONS, CLOSED, OPEN, TWO_WAY

log = logging.getLogger("kesu.workbook")

AT_ONCE = timedelta(0)
HALF_WRITTEN = timedelta(minutes=2)  # a file that somebody is saving cannot be read for a moment
UNWRITABLE = timedelta(minutes=5)
GONE = timedelta(seconds=10)  # a program that saves takes the file away for a moment; a share may drop out
MISSING = "workbook:missing-since"
LACKING = "workbook:lacking"
FEEDS_EVERY = timedelta(seconds=10)
BOARD_EVERY = timedelta(seconds=60)
PRUNE_EVERY = timedelta(hours=24)


_MOST = 10**9  # versions; a larger number in a file is somebody's joke


def _bounded(stamp: Stamp) -> int:
    """Return the number that a new version must exceed."""
    found = stamp.generation or 0
    return found if found < _MOST else 0


Wanted = tuple[int, tuple[object, ...]]  # the version of the rows; what the feeds tell of


class _Emptied(Exception):
    """The workbook looks emptied rather than edited; nothing is taken, nothing written."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Workbook:
    """The master workbook of one site."""

    def __init__(self, docket: Docket, clock: Clock, bells: Bells | None = None) -> None:
        self._docket = docket
        self._clock = clock
        self._bells = bells
        config = docket.site.config
        self._path = config.path(config.workbook.path)
        self._live = LiveCopy(self._path) if config.workbook.live_copy else None
        self._board = Board(docket, self._path) if config.workbook.board else None
        self._shown = Shown(docket, clock)
        self._memory = Memory(docket.ledger, docket.site.zone)
        self._archiving = Archiving(docket)
        self._troubles = Troubles(docket, self._names)
        self._readings: Mapping[
            str, MasterReading
        ] = {}  # rows that are still the same need not be read again
        self._glance: Glance | None = None  # of the version that was read, or written, last
        self._base: Base | None = None  # what that version is compared with
        self._written: Wanted | None = None  # what of the ledger stands in it
        self._copied: Wanted | None = None  # and in the live copy
        self._fed_at: datetime | None = None  # when what kesu did, and the dashboard, were written last
        self._waits = False  # somebody has it open, and there is something to write
        self._boarded: tuple[Wanted, list[str], datetime] | None = None
        self._pruned_at: datetime | None = None
        remove_leftover(self._path)

    def round(self) -> bool:
        """Take what managers wrote and write what changed; tell whether the workbook is up to date."""
        now = self._clock.now()
        self._shown.follow()
        self._archiving.move(self._shown, now)
        is_current = self._attempt(now)
        self._write_board(now)
        self._prune(now)
        return is_current

    def forget(self) -> None:
        """Take up a changed configuration: everything is looked at anew."""
        self._shown.forget()
        self._written = None

    def _attempt(self, now: datetime) -> bool:
        try:
            return self._keep(now)
        except WorkbookBusy as busy:
            patience = timedelta(minutes=self._docket.site.config.workbook.held_minutes)
            self._in_trouble(Occasion("held", patience, holder=busy.holder, waiting=self._waiting()), now)
        except WorkbookChanged as changed:
            log.info("the workbook waits: %s", changed)
        except _Emptied as emptied:
            self._in_trouble(Occasion("emptied", AT_ONCE, emptied.reason), now)
        except PatchRefused as refused:
            self._in_trouble(Occasion("unreadable", HALF_WRITTEN, refused.reason), now)
        except OSError as error:
            reason = str(error)
            detail = Text(zh_hant=reason, zh_hans=reason, en=reason)
            self._in_trouble(Occasion("unwritable", UNWRITABLE, detail), now)
        return False

    def _in_trouble(self, occasion: Occasion, now: datetime) -> None:
        detail = occasion.detail.en if occasion.detail else f"open by {occasion.holder}"
        log.warning("the workbook waits (%s): %s", occasion.kind, detail)
        self._troubles.seen(occasion, now)

    # ------------------------------------------------------------ one round

    def _keep(self, now: datetime) -> bool:
        before = fingerprint(self._path)
        if before is None:
            return self._missing(now)
        holder = lock_holder(self._path)
        if holder is None:
            self._troubles.over("held")
        seen = peek(self._path)
        is_new = seen != self._glance
        if not is_new and self._is_written(now):
            self._troubles.over("unreadable", "unwritable")
            return True
        if not is_new and holder is not None and self._copied == self._wanted(now):
            return self._unless_waiting(holder)
        book = self._read(before)
        if is_new or self._base is None:
            self._base = self._take_in(book, self._memory.base_of(book.stamp.generation, book.readings), now)
            self._glance = seen
        return self._bring_up_to_date(book, self._base, before, holder, now)

    def _is_written(self, now: datetime) -> bool:
        """Tell whether the workbook reflects the ledger; what kesu did may follow a little later than the rows."""
        if self._written is None:
            return False
        rows, told = self._wanted(now)
        return self._written[0] == rows and (self._written[1] == told or not self._feeds_due(now))

    def _feeds_due(self, now: datetime) -> bool:
        return self._fed_at is None or now - self._fed_at >= FEEDS_EVERY

    def _unless_waiting(self, holder: str) -> bool:
        if self._waits:
            raise WorkbookBusy(holder)
        return True

    def _read(self, before: Fingerprint) -> Book:
        content = self._path.read_bytes()
        if fingerprint(self._path) != before:
            raise WorkbookChanged(self._path)
        site = self._docket.site
        book = open_book(content, site.locale, site.zone, self._readings)
        self._readings = book.readings
        return book

    def _ours(self) -> Rows:
        return {sheet.key: dict(self._shown.rows(sheet)) for sheet in TWO_WAY}

    def _take_in(self, book: Book, base: Base, now: datetime) -> Base:
        """Commit what managers did since the last round, and the memory of having seen it."""
        actions = merged(book, base.rows, self._ours(), stale=base.stale)
        if (reason := refusal_in(actions)) is not None:
            self._glance = None
            raise _Emptied(reason)
        self._troubles.over("emptied", "restored", "unreadable")
        found = as_found(base.rows, actions)
        with self._docket.ledger.writing() as entry:
            told = self._perform(entry, book, base, actions, now)
            told = self._note_missing(entry, book, now) or told
            after = self._memory.see(entry, base, book.stamp.generation, found, now)
        self._after_commands(told)
        if base.stale:
            self._tell_of_old_version(book, now)
        else:
            self._memory.keep(after)
        return after

    def _perform(self, entry: Entry, book: Book, base: Base, actions: Actions, now: datetime) -> bool:
        """Carry out what managers entered and answer it row by row; tell whether anything was recorded."""
        locale, recorded = self._docket.site.locale, False
        for sheet in book.sheets:
            found, reading = actions[sheet.key], book.readings[sheet.key]
            told = told_of(sheet, reading, found, locale, stale=base.stale)
            reasons = {key: [reason.get(locale) for reason in why] for key, why in told.reasons.items()}
            for written in written_rows(sheet, reading, found):
                refused = take(self._docket, entry, written, now)
                recorded = True
                if refused:
                    reasons.setdefault(written.key, []).extend(refused)
                else:
                    told.cleared.add(written.key)
            for key in told.cleared - reasons.keys():
                entry.answer_row(sheet.key, key, None, now)
            for key, why in reasons.items():
                said = joined(why, locale)
                entry.answer_row(sheet.key, key, said, now)
                line = filled(wordings.ENTRY_REFUSED, key=key, why=said)
                entry.note_activity(now, "entry-refused", line.model_dump_json(by_alias=True), key)
            self._note(entry, told, now)
            recorded = recorded or bool(reasons or told.cleared or told.activity)
        return recorded

    def _note_missing(self, entry: Entry, book: Book, now: datetime) -> bool:
        """Say once which sheets and columns of ours are not there any more."""
        lines = missing_of(book)
        told = "\n".join(line.en for line in lines)
        if (self._docket.ledger.mark_value(LACKING) or "") == told:
            return False
        entry.mark(LACKING, told)
        for line in lines:
            entry.note_activity(now, "missing", line.model_dump_json(by_alias=True))
        return bool(lines)

    def _note(self, entry: Entry, told: Told, now: datetime) -> None:
        for code, number, line in told.activity:
            entry.note_activity(now, code, line.model_dump_json(by_alias=True), number)

    def _after_commands(self, recorded: bool) -> None:
        if not recorded:
            return
        self._shown.follow()
        self._shown.answers_changed()
        if self._bells is not None:
            self._bells.outbox.ring()
            self._bells.lapses.ring()

    def _tell_of_old_version(self, book: Book, now: datetime) -> None:
        """Say that a file is an older version, unless it is one this ledger never wrote."""
        wanted, found = self._memory.confirmed, book.stamp.generation
        if not wanted:
            return
        line = filled(wordings.OLD_VERSION, found=found or "?", wanted=wanted)
        log.warning("%s", line.en)
        with self._docket.ledger.writing() as entry:
            entry.note_activity(now, "old-version", line.model_dump_json(by_alias=True))
        self._troubles.seen(Occasion("restored", AT_ONCE, line), now)

    def _bring_up_to_date(
        self, book: Book, base: Base, before: Fingerprint, holder: str | None, now: datetime
    ) -> bool:
        wanted = self._wanted(now)
        is_fed = self._feeds_due(now)
        fresh = self._draw_changes(book, base, now)
        content = fresh.content
        if holder is not None:
            self._waits = content != book.content
            self._copy(content, wanted, now)
            return self._unless_waiting(holder)
        if content != book.content or base.stale:
            content = self._replace(content, fresh.base, before, _bounded(book.stamp), now)
        if is_fed:
            self._fed_at = now
        elif self._written is not None:
            wanted = (wanted[0], self._written[1])
        self._written, self._glance = wanted, glance(content)
        self._troubles.over("unreadable", "unwritable")
        self._copy(content, wanted, now)
        return not fresh.refused

    def _draw_changes(self, book: Book, base: Base, now: datetime) -> Drawn:
        site = self._docket.site
        ours = self._ours()
        actions = merged(book, base.rows, ours, stale=base.stale)
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
            content = with_feeds(content, self._feeds(now), site.locale, site.zone)
        return Drawn(content, fresh.base, fresh.kept, fresh.refused)

    def _replace(self, content: bytes, after: Rows, before: Fingerprint, above: int, now: datetime) -> bytes:
        """Put a new version in the file's place; its number and contents are remembered before, and confirmed after."""
        known = self._memory.head
        with self._docket.ledger.writing() as entry:
            number = entry.next_generation(now, above=above)
            for sheet, rows in Memory.changed(known, after).items():
                entry.put_base(number, sheet, rows)
        content = stamped(content, number)
        write_if_unchanged(self._path, content, before)
        with self._docket.ledger.writing() as entry:
            entry.confirm_generation(number)
        self._base = Base(number, after, stale=False)
        self._memory.keep(self._base)
        log.info("workbook version=%d", number)
        return content

    # ------------------------------------------------------------ a new one

    def _missing(self, now: datetime) -> bool:
        """Draw a workbook where there is none; one that was there may be away for a moment only."""
        if self._memory.has_written:
            if not self._path.parent.is_dir():
                raise FileNotFoundError(f"the folder {self._path.parent} is not there")
            if (holder := lock_holder(self._path)) is not None:
                raise WorkbookBusy(holder)
            value = self._docket.ledger.mark_value(MISSING)
            since = datetime.fromisoformat(value) if value else now
            if now - since < GONE:
                self._mark_missing(since.isoformat())
                return False
        self.create()
        self._mark_missing("")
        return True

    def _mark_missing(self, value: str) -> None:
        if (self._docket.ledger.mark_value(MISSING) or "") != value:
            with self._docket.ledger.writing() as entry:
                entry.mark(MISSING, value)

    def create(self) -> None:
        """Draw the workbook anew from the ledger; WorkbookChanged if there is one."""
        now = self._clock.now()
        site = self._docket.site
        self._shown.follow()
        ours = self._ours()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        changed, is_anew = Memory.changed(self._memory.head, ours), self._memory.has_written
        with self._docket.ledger.writing() as entry:
            number = entry.next_generation(now)
            for sheet, rows in changed.items():
                entry.put_base(number, sheet, rows)
            if is_anew:
                entry.note_activity(now, "drawn", wordings.DRAWN.model_dump_json(by_alias=True))
        contents = MasterContents(
            open=[as_row(key, values) for key, values in ours[OPEN.key].items()],
            closed=[as_row(key, values) for key, values in ours[CLOSED.key].items()],
            actions=actions_of(self._docket),
            figures=figures_of(self._docket, self._shown.briefs(), now),
        )
        wanted = self._wanted(now)
        content = create_master(
            contents, site.locale, labels=master_labels_of(site), zone=site.zone, generation=number
        )
        write_if_unchanged(self._path, content, None)
        with self._docket.ledger.writing() as entry:
            entry.confirm_generation(number)
        self._base = Base(number, ours, stale=False)
        self._memory.keep(self._base)
        self._written, self._glance, self._fed_at = wanted, glance(content), now
        self._copy(content, wanted, now)

    # ------------------------------------------------------------ beside it

    def _wanted(self, now: datetime) -> Wanted:
        """Return what the workbook is to reflect: rows, everything the ledger tells of, and the day of the figures."""
        ledger = self._docket.ledger
        latest = (*ledger.recent_mails(1), *ledger.recent_activity(1))
        return self._shown.version, (
            ledger.last_seq(),
            *latest,
            now.astimezone(self._docket.site.zone).date(),
        )

    def _feeds(self, now: datetime) -> Sequence[tuple[Sheet, Sequence[Mapping[str, CellValue]]]]:
        site = self._docket.site
        figures = figures_of(self._docket, self._shown.briefs(), now)
        return [
            (ACTIONS, actions_of(self._docket)),
            *feeds_of(figures, master_labels_of(site), site.locale),
        ]

    def _copy(self, content: bytes, wanted: Wanted, now: datetime) -> None:
        self._copied = wanted
        if self._live is None:
            return
        aside = self._live.write(content)
        if aside is not None:
            line = filled(wordings.LIVE_COPY_EDITED, name=aside.name)
            with self._docket.ledger.writing() as entry:
                entry.note_activity(now, "live-copy-edited", line.model_dump_json(by_alias=True))

    def _write_board(self, now: datetime) -> None:
        if self._board is None or not self._path.parent.is_dir():
            return
        wanted, notes = self._wanted(now), self._notes(lock_holder(self._path))
        if self._boarded is not None:
            known, told, at = self._boarded
            if (known, told) == (wanted, notes) and now - at < BOARD_EVERY:
                return
        self._board.write(self._shown, notes, now)
        self._boarded = (wanted, notes, now)

    def _notes(self, holder: str | None) -> list[str]:
        since = self._troubles.since("held")
        if holder is None or since is None:
            return []
        site = self._docket.site
        at = since.astimezone(site.zone).strftime("%H:%M")
        return [wordings.HELD_BY.get(site.locale).format(who=holder, since=at)]

    def _names(self) -> tuple[str, str, str]:
        return (
            self._path.name,
            self._live.path.name if self._live else "",
            self._board.path.name if self._board else "",
        )

    def _waiting(self) -> int:
        """Return how many rows differ from what stands in the workbook."""
        ours, head = self._ours(), self._memory.head
        return sum(len(rows) for rows in Memory.changed(head, ours).values())

    def _prune(self, now: datetime) -> None:
        if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
            self._memory.prune(now)
            self._pruned_at = now
