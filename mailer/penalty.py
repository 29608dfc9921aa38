"""What a mail about a penalty says below its lead: how it stands, what led to it, and how to answer (D28–D31)."""

from typing import Final, Literal

from mailer.blocks import Block, Panel, Row
from mailer.draft import Draft
from mailer.letter import PenaltyStanding, Template

_Look = Literal["running", "soon", "over", "standing"]
_LOOKS: Final[dict[str, _Look]] = {
    "proposed": "soon",
    "pending": "soon",
    "issued": "over",
    "appealed": "standing",
    "upheld": "over",
    "revoked": "running",
    "dropped": "running",
}


def penalty_panel(draft: Draft) -> Panel | None:
    """Build the panel with the amount and how it stands."""
    known = draft.content.penalty
    if known is None:
        return None
    main = known.amount or draft.say("penalties.amount_open")
    rest = draft.say(f"penalties.{known.state}")
    line = draft.say("general.pair", first=main, second=rest)
    return Panel(_LOOKS[known.state], draft.say("penalties.label"), main, rest, line)


def penalty(draft: Draft) -> list[Block]:
    """Build the blocks about a penalty, or about a finding that was refused; none for any other mail."""
    known = draft.content.penalty
    if known is None:
        return _refused_finding(draft)
    return [Block("rows", draft.say("headings.penalty"), rows=_rows(draft, known)), *_answer(draft)]


def _refused_finding(draft: Draft) -> list[Block]:
    cause = draft.content.asked_cause
    rows = (Row(draft.say("rows.cause"), cause),)
    return [Block("rows", draft.say("headings.finding"), rows=rows)] if cause else []


def _rows(draft: Draft, known: PenaltyStanding) -> tuple[Row, ...]:
    rows = (
        ("amount", "" if draft.about_penalty else known.amount),  # elsewhere the panel shows it
        ("state", "" if draft.about_penalty else draft.say(f"penalties.{known.state}")),
        ("person", known.person),
        ("cause", known.cause),
        ("amount_unknown", known.amount_unknown[:1].upper() + known.amount_unknown[1:]),
        ("found_by", known.found_by),
        ("found", known.found),
        ("confirmed_by", known.confirmed_by),
        ("issued_at", draft.moment(known.issued_at)),
        ("appeal", known.appeal),
        ("appealed_at", draft.moment(known.appealed_at)),
        ("ruled_by", known.ruled_by),
        ("ruling", known.ruling),
    )
    return tuple(Row(draft.say(f"rows.{name}"), value) for name, value in rows if value)


def _answer(draft: Draft) -> list[Block]:
    """Say how to confirm, to appeal or to rule by a reply, and by which form; nothing for who need only know."""
    what = asked_for(draft)
    if not what:
        return []
    by_form = ("form_ruling",) if any(file.name.endswith(".xlsx") for file in draft.letter.enclosures) else ()
    names = {"appeal": (), "ruling": ("other_ruling", *by_form)}.get(what, ("drop",))
    lines = tuple(draft.say(f"penalties.answer_{name}") for name in (what, *names))
    heading = draft.say(f"headings.answer_{what}")
    return [Block("answer", heading, lines, example=draft.say(f"penalties.example_{what}"))]


def asked_for(draft: Draft) -> str:
    """Name what the reader of a mail about a penalty is asked for; empty where he need only know."""
    if draft.content.reader != "owner":
        return ""
    match draft.letter.template:
        case Template.PENALTY:
            return {"proposed": "confirmation", "pending": "amount"}.get(draft.variant, "appeal")
        case Template.APPEAL:
            return "ruling"
        case _:
            return ""
