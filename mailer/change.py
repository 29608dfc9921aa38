"""What a mail about a changed case says below its lead: what was changed, by whom and why, and how the clock stands."""

from mailer.blocks import Block, Panel, Row
from mailer.draft import Draft

ENDED = ("withdrawn", "merged")  # nothing is timed any more


def change(draft: Draft) -> list[Block]:
    """Build the block of what was changed; none for any other mail."""
    known = draft.content.change
    if known is None:
        return []
    rows = [Row(line.label, line.value) for line in known.lines]
    told = (
        ("merged_into", known.into),
        ("joined", known.joined),
        ("changed_by", known.by),
        ("change_note", known.note),
    )
    rows += [Row(draft.say(f"rows.{name}"), value) for name, value in told if value]
    return [Block("rows", draft.say("headings.change"), rows=tuple(rows))] if rows else []


def hold_panel(draft: Draft) -> Panel:
    """Build the panel of a clock that stands still."""
    main, rest = draft.say("deadline.held"), draft.say("deadline.held_note")
    return Panel("standing", draft.say("deadline.label_held"), main, "", main, (rest,))
