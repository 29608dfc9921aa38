"""What a mail about the master workbook says below its lead: how to mend it, how it stands, what goes on meanwhile."""

from mailer.blocks import Block, Row
from mailer.draft import Draft
from mailer.letter import Template, WorkbookTrouble

# The sentences of `[trouble]` in the order they are to be tried; one that names a file that is not there is empty.
_STEPS = {
    "held": ("close", "look", "leftover"),
    "unreadable": ("undo", "put_back", "rebuild"),
    "emptied": ("undo", "copy_back", "rebuild"),
    "restored": ("enter_again", "origin"),
    "unwritable": ("remove_cause", "look"),
}


def trouble(draft: Draft) -> list[Block]:
    """Build the blocks of the mail `workbook`; none for any other."""
    known = draft.content.workbook
    if draft.letter.template is not Template.WORKBOOK or known is None:
        return []
    steps = tuple(filter(None, (draft.say(f"trouble.{name}") for name in _STEPS[known.kind])))
    detail = [Block("note", draft.say("headings.detail"), (known.detail,))] if known.detail else []
    going_on = [] if known.kind == "restored" else [Block("note", "", (draft.say("trouble.meanwhile"),))]
    return [
        *detail,
        Block("steps", draft.say("headings.steps"), steps),
        Block("rows", draft.say("headings.workbook"), rows=_standing(draft, known)),
        *going_on,
    ]


def _standing(draft: Draft, known: WorkbookTrouble) -> tuple[Row, ...]:
    held = known.kind == "held"
    time = "since" if held else "noticed"
    waits = known.waiting and known.kind != "restored"
    rows = (
        ("file", known.name),
        ("holder", draft.say("trouble.holder") if held else ""),
        (time, draft.say(f"trouble.{time}")),
        ("waiting", draft.say("trouble.waiting") if waits else ""),
        ("live_copy", known.live_copy),
        ("board", known.board),
    )
    return tuple(Row(draft.say(f"rows.{name}"), value) for name, value in rows if value)
