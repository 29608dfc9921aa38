"""What a mail about many cases says: a bundle of notices, the daily digest of customer care, a morning list."""

from datetime import datetime

from mailer.blocks import Block, Entry, Row
from mailer.colours import COLOURS, PLAIN
from mailer.draft import Draft, draft
from mailer.letter import DigestRow, DigestSection, Letter

_COLUMNS = ("case", "customer", "what", "time")


def digest(draft: Draft) -> list[Block]:
    """Build the tables of a mail about many cases; none for any other mail."""
    known = draft.content.digest
    if known is None:
        return []
    grades = tuple(Row(line.label, line.value) for line in known.grades)
    counted = [Block("rows", draft.say("sections.grades"), rows=grades)] if grades else []
    proof = [Block("note", "", (draft.say("sections.head"),))] if known.head_hash else []
    return [*counted, *(_table(draft, section) for section in known.sections), *proof]


def headline(letter: Letter, now: datetime) -> str:
    """Return what a letter says in one line at `now`, as it would stand above its text."""
    zone = now.tzinfo
    if zone is None:
        raise ValueError("the time needs a zone")
    return draft(letter, now, zone).line("headline")


def _table(draft: Draft, section: DigestSection) -> Block:
    entries = tuple(_entry(draft, row) for row in section.rows)
    left_off = section.total - len(entries)
    more = (draft.say("sections.more", more=left_off),) if left_off > 0 else ()
    heading = draft.say(f"sections.{section.key}", total=section.total)
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
        left=_left(draft, row.due, late=late),
        late=late,
    )


def _left(draft: Draft, due: datetime | None, *, late: bool) -> str:
    if due is None:
        return ""
    if late:
        return draft.say("digest_columns.over", over=draft.wording.span(draft.now - due))
    return draft.say("digest_columns.left", left=draft.wording.span(due - draft.now))
