"""What a mail about follow-up calls says: whom to call, how they were drawn, what was taken (D22–D25, D30)."""

from mailer.blocks import Block, Row
from mailer.draft import Draft
from mailer.letter import Customer, FollowUp

MOST = 60  # customers named in the mail itself; the list that goes with it has them all


def calling(draft: Draft) -> list[Block]:
    """Build the blocks about follow-up calls; none for any other mail."""
    known = draft.content.follow_up
    if known is None:
        return []
    return [*_lists(draft, known), *_customers(draft, known), *_sample(draft, known), *_how(draft, known)]


def _lists(draft: Draft, known: FollowUp) -> list[Block]:
    rows = tuple(Row(line.label, line.value) for line in known.lists)
    return [Block("rows", draft.say("headings.lists"), rows=rows)] if rows else []


def _customers(draft: Draft, known: FollowUp) -> list[Block]:
    if not known.customers:
        return []
    refused = known.kind in ("deliveries", "results")
    rows = [_customer(customer) for customer in known.customers[:MOST]]
    if (more := len(known.customers) - MOST) > 0:
        rows.append(Row("", draft.say("follow_up.more", more=more)))
    return [
        Block(
            "rows", draft.say("headings.refused_rows" if refused else "headings.customers"), rows=tuple(rows)
        )
    ]


def _customer(customer: Customer) -> Row:
    about = " · ".join(filter(None, (customer.phone, customer.car, customer.business, customer.mark)))
    return Row(customer.name, "\n".join(filter(None, (about, customer.note))))


def _sample(draft: Draft, known: FollowUp) -> list[Block]:
    return [Block("note", draft.say("headings.sample"), (known.sample,))] if known.sample else []


def _how(draft: Draft, known: FollowUp) -> list[Block]:
    """Say how to send results back, to whoever is to call."""
    if known.kind != "calls" or draft.content.reader != "owner":
        return []
    lines = tuple(draft.say(f"follow_up.{name}") for name in ("reply", "form", "workbook", "complaint"))
    return [
        Block("answer", draft.say("headings.answer_calls"), lines, example=draft.say("follow_up.example"))
    ]
