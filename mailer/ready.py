"""Buttons that open a ready reply, so that one tap on a phone reports a case, appeals or rules."""

from dataclasses import dataclass
from typing import Literal

from mailer.aftermath import asked_duty
from mailer.blocks import Block, Row
from mailer.draft import Draft
from mailer.letter import Template
from mailer.mailto import mailto
from mailer.penalty import asked_for

_OF_A_CASE = ("resolved", "partly")
_OF_A_PENALTY = {
    "confirmation": ("confirm", "drop"),
    "amount": ("amount", "drop"),
    "appeal": ("appeal",),
    "ruling": ("uphold", "revoke"),
}
_OF_A_DUTY = {
    "approval": ("approve", "reject"),
    "informing": ("informed",),
    "check": ("checked",),
}
_WHOLE = ("yes", "no", "release", "discard")  # nothing need be added to them
_OF_A_REFUSAL = {
    "over-authority": _OF_A_CASE,
    "unclear": _OF_A_CASE,
    "covering-over-authority": ("resolved",),
}


@dataclass(frozen=True)
class Action:
    """One button: its words, the link behind it, and whether it is the first thing to do."""

    label: str
    href: str
    look: Literal["first", "other"]


def actions(draft: Draft) -> tuple[Action, ...]:
    """Return the buttons of a mail; none where nothing is asked of its reader, or nobody could tell his answer."""
    if not draft.token:
        return ()
    verbs = _verbs(draft)
    return tuple(_action(draft, verb, first=verb == verbs[0]) for verb in verbs)


def _verbs(draft: Draft) -> tuple[str, ...]:
    template = draft.letter.template
    if template is Template.CONFIRM_REQUEST:
        return () if draft.variant else ("yes", "no")
    if template is Template.QUARANTINE:
        return ("release", "discard") if draft.acts else ()
    if draft.about_penalty:
        return _OF_A_PENALTY.get(asked_for(draft), ())
    if draft.about_duty:
        return _OF_A_DUTY.get(asked_duty(draft), ())
    if not draft.acts or draft.content.follow_up is not None or draft.about_many:
        return ()  # calls and lists are answered line by line: no single word settles them
    if template is Template.AUTHORITY_EXCEEDED:
        reader = f"{draft.content.reader}-{draft.variant}"
        return _OF_A_REFUSAL.get(reader, _OF_A_REFUSAL.get(draft.variant, ()))
    return () if draft.variant == "incomplete" else _OF_A_CASE


def _action(draft: Draft, verb: str, *, first: bool) -> Action:
    begins = draft.say(f"ready.{verb}")
    room = "\n\n" if verb in _WHOLE else " \n\n\n"
    body = f"{begins}{room}{draft.say('ready.keep')}\n"
    href = mailto(draft.letter.sender.email, f"Re: {draft.subject}", body)
    return Action(draft.say(f"buttons.{verb}"), href, "first" if first else "other")


def unproven(draft: Draft) -> list[Block]:
    """Build the blocks of a mail that asks whether a request is its reader's: what it says, and how to answer."""
    rows = tuple(Row(line.label, line.value) for line in draft.content.unproven)
    if not rows:
        return []
    lines = tuple(draft.say(f"ready.{name}") for name in ("how", "otherwise"))
    answer = Block("answer", draft.say("headings.answer_request"), lines, example=draft.say("ready.yes"))
    return [Block("rows", draft.say("headings.request"), rows=rows), answer]
