"""What a mail about many cases says: a bundle of notices, the daily digest of customer care, a morning list."""

from collections.abc import Sequence
from datetime import datetime

from mailer.blocks import Block, Entry, Row
from mailer.colours import COLOURS, PLAIN
from mailer.draft import Draft
from mailer.draft import draft as prepare
from mailer.letter import DigestRow, DigestSection

_COLUMNS = ("case", "customer", "what", "time")


def digest(draft: Draft) -> list[Block]:
    """Build the tables of a mail about many cases; none for any other mail."""
    known = draft.content.digest
    if known is None:
        return []
    grades = tuple(Row(line.label, line.value) for line in known.grades)
    counted = [Block("rows", draft.say("sections.grades"), rows=grades)] if grades else []
    held = [Block("note", "", (draft.say("sections.held"),))] if known.held else []
    proof = [Block("note", "", (draft.say("sections.head"),))] if known.head_hash else []
    return [
        *counted,
        *_gathered(draft),
        *(_section(draft, section) for section in known.sections),
        *held,
        *proof,
    ]


def _gathered(draft: Draft) -> list[Block]:
    rows = [_row(prepare(letter, draft.now, draft.zone)) for letter in draft.letter.gathered]
    return [_table(draft, "gathered", rows, len(rows))] if rows else []


def _row(notice: Draft) -> DigestRow:
    """Return what a notice says in one line; of a penalty its number too, by which it can be appealed."""
    content = notice.content
    known = content.penalty
    return DigestRow(
        number=content.case_number,
        customer=content.customer,
        summary=content.summary,
        grade=content.grade,
        grade_key=content.grade_key,
        what="\n".join((notice.line("headline"), *content.warnings)),
        who=notice.say("penalties.line") if known else content.owners,
        due=None if notice.about_penalty else content.due,
        at=known.issued_at if known else None,
    )


def _section(draft: Draft, section: DigestSection) -> Block:
    return _table(draft, section.key, section.rows, section.total)


def _table(draft: Draft, key: str, rows: Sequence[DigestRow], total: int) -> Block:
    entries = tuple(_entry(draft, row) for row in rows)
    left_off = total - len(entries)
    beyond = "sections.more_quarantined" if key == "quarantined" else "sections.more"
    more = (draft.say(beyond, more=left_off),) if left_off > 0 else ()
    heading = draft.say(f"sections.{key}", total=total)
    columns = tuple(draft.say(f"digest_columns.{name}") for name in _COLUMNS)
    return Block("table", heading, more, entries=entries, columns=columns)


def _entry(draft: Draft, row: DigestRow) -> Entry:
    late = row.due is not None and row.due <= draft.now
    return Entry(
        number=row.number,
        customer=row.customer,
        summary=row.summary,
        grade=row.grade,
        colour=COLOURS.get(row.grade_key, PLAIN),
        what=row.what,
        who=row.who,
        when=draft.moment(row.due or row.at),
        left=_left(draft, row, late=late),
        late=late,
    )


def _left(draft: Draft, row: DigestRow, *, late: bool) -> str:
    """Return how much time is left, or how long it is overdue or has waited."""
    if row.due is None:
        waits = row.waits and row.at is not None
        return draft.say("digest_columns.waits", age=_span(draft, row.at, draft.now)) if waits else ""
    if late:
        return draft.say("digest_columns.over", over=_span(draft, row.due, draft.now))
    return draft.say("digest_columns.left", left=_span(draft, draft.now, row.due))


def _span(draft: Draft, start: datetime | None, end: datetime) -> str:
    return "" if start is None else draft.wording.span(end - start)
