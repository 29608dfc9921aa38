"""What a mail about somebody's leave says below its lead: who, from when until when, and who stands in."""

from datetime import date

from mailer.blocks import Block, Row
from mailer.draft import Draft
from mailer.letter import AbsenceNews, Template


def absence(draft: Draft) -> list[Block]:
    """Build the blocks of the mail `absence`; none for any other."""
    known = draft.content.absence
    if draft.letter.template is not Template.ABSENCE or known is None:
        return []
    asked = [Block("note", draft.say("headings.detail"), (known.question,))] if known.question else []
    rows = _rows(draft, known)
    return [*asked, *([Block("rows", draft.say("headings.absence"), rows=rows)] if rows else [])]


def _rows(draft: Draft, known: AbsenceNews) -> tuple[Row, ...]:
    if known.kind not in ("away", "alone"):
        return ()
    rows = (
        ("absent", known.person),
        ("first_day", _day(draft, known.first)),
        ("last_day", _day(draft, known.last)),
        ("deputy", known.deputy or draft.say("absences.nobody")),
    )
    return tuple(Row(draft.say(f"rows.{name}"), value) for name, value in rows if value)


def _day(draft: Draft, day: date | None) -> str:
    return "" if day is None else draft.wording.day(day)
