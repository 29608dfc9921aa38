"""What mails about the time after the grade say: orders to rectify, approvals, telling the customer (D32–D36, D40)."""

from typing import Final

from mailer.blocks import Block, Panel, Row
from mailer.draft import Draft
from mailer.letter import Template

_ORDERS = (Template.RECTIFICATION_ORDER, Template.RECTIFICATION_INCOMPLETE)
_ANSWERS: Final = {  # duty → the sentences that say how it is done; the first one's example is shown
    "rectification": (),
    "informing": ("informing", "workbook_informing"),
    "check": ("check",),
    "call": ("call",),
    "approval": ("approve", "reject"),
}


def duty_panel(draft: Draft) -> Panel | None:
    """Build the panel with the time the reader has; None where nothing is asked of him by a time."""
    content = draft.content
    if content.due is None or not (draft.acts or content.duty_title):
        return None
    label = draft.say(f"due.{_kind(draft) or 'other'}")
    if content.due <= draft.now:
        main, rest, state = draft.say("deadline.passed"), draft.say("deadline.over"), "over"
    else:
        main, rest, state = draft.say("deadline.by"), draft.say("deadline.left"), "running"
    line = draft.say("general.pair", first=main, second=rest)
    told = (draft.say("due.told"),) if content.next_told and state == "running" else ()
    return Panel("over" if state == "over" else "running", label, main, rest, line, told)


def afterwards(draft: Draft) -> list[Block]:
    """Build the blocks of an order, an approval and what is lacking; none for any other mail."""
    return [*_approval(draft), *_order(draft), *_lacking(draft), *_steps(draft), *_answer(draft)]


def _order(draft: Draft) -> list[Block]:
    known = draft.content.rectification
    rows = tuple(Row(line.label, line.value) for line in known.lines) if known else ()
    return [Block("rows", draft.say("headings.order"), rows=rows)] if rows else []


def _approval(draft: Draft) -> list[Block]:
    known = draft.content.approval
    if known is None or (known.what == "rectification" and not known.note):
        return []
    said = (
        *((line.label, line.value) for line in known.lines),
        (draft.say("approvals.asked_by"), known.by),
        (draft.say("approvals.decided_by"), known.decided_by),
        (draft.say("approvals.note"), known.note),
    )
    rows = tuple(Row(label, value) for label, value in said if value)
    return [Block("rows", draft.say("headings.approval"), rows=rows)] if rows else []


def _lacking(draft: Draft) -> list[Block]:
    """Name what is missing before a resolved case can be closed."""
    named = draft.content.lacking
    text = draft.say("general.separator").join(named)
    return [Block("prose", draft.say("headings.lacking"), (text,))] if named else []


def _steps(draft: Draft) -> list[Block]:
    """Say how an order goes back: it is attached, filled in as far as it was."""
    if not draft.acts or not draft.letter.enclosures or _kind(draft) != "rectification":
        return []
    again = draft.letter.template is Template.RECTIFICATION_INCOMPLETE
    names = ("open_again" if again else "open", "send", "then")
    lines = tuple(draft.say(f"order_steps.{name}") for name in names)
    return [Block("steps", draft.say("headings.steps"), lines)]


def asked_duty(draft: Draft) -> str:
    """Return what the reader is asked to do, as duties are called; empty where he is asked for nothing."""
    return _kind(draft) if draft.acts else ""


def _answer(draft: Draft) -> list[Block]:
    names = _ANSWERS.get(asked_duty(draft), ())
    if not names:
        return []
    lines = tuple(draft.say(f"duty_answers.{name}") for name in names)
    example = draft.say(f"duty_answers.example_{names[0]}")
    return [Block("answer", draft.say("headings.duty_answer"), lines, example=example)]


def _kind(draft: Draft) -> str:
    """Return what the reader is asked for, as duties are called."""
    content = draft.content
    if draft.letter.template in _ORDERS:
        return "rectification"
    if draft.letter.template is Template.APPROVAL_REQUEST:
        return "approval"
    return "informing" if content.informing else content.duty_done_by
