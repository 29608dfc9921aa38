"""What a mail about a message put aside shows of it, and how to say what becomes of it."""

from mailer.blocks import Block, Row
from mailer.draft import Draft


def held(draft: Draft) -> list[Block]:
    """Build the blocks of the mail `quarantine`; none for any other."""
    known = draft.content.held
    if known is None:
        return []
    sender = draft.say("general.pair", first=known.name, second=known.sender) if known.name else known.sender
    rows = (
        ("held_from", sender),
        ("held_subject", known.subject),
        ("held_at", draft.moment(known.at)),
        ("held_files", "\n".join(known.files)),
        ("held_words", known.words),
        ("held_detail", known.detail),
    )
    shown = tuple(Row(draft.say(f"rows.{name}"), value) for name, value in rows if value)
    return [Block("rows", draft.say("headings.quarantined"), rows=shown), *_answer(draft)]


def _answer(draft: Draft) -> list[Block]:
    if not draft.acts:
        return []
    lines = tuple(draft.say(f"ready.{name}") for name in ("how_release", "otherwise_release"))
    example = draft.say("ready.release")
    return [Block("answer", draft.say("headings.answer_release"), lines, example=example)]
