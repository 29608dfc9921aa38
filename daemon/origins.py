"""Whose form it is that one of us passes on, and in which role it is issued.

What a forwarded mail says of its sender anybody could have written. So it names him, and gives nobody his roles, his
authority, or his proof: those stay with whoever sent the message.
"""

from daemon.site import Site
from mailer.message import Attachment, Forwarded, Message
from parsers.reply_verdicts import says_nothing
from rules.events import Origin, Party


def submitter(sender: Party, message: Message, file: Attachment, site: Site) -> Party:
    """Return who sends the form in a file: its message's sender, who may have passed on somebody else's."""
    lies_within = message.forwarded is None or message.forwarded.attached
    forwarded = file.forwarded if lies_within else file.forwarded or message.forwarded
    origin = None if forwarded is None else _origin(forwarded, sender, site)
    return sender if origin is None else sender.model_copy(update={"origin": origin})


def _origin(forwarded: Forwarded, sender: Party, site: Site) -> Origin | None:
    """Return whose mail it was; None where it is the forwarder's own, or the daemon's, or a stranger tells it."""
    email = forwarded.sender.email.lower()
    if not (email or forwarded.sender.name) or email in (sender.email.lower(), site.own_address):
        return None
    if not site.may_send(sender.email):
        return None
    known = site.person(email) if email else None
    return Origin(email=forwarded.sender.email, name=known.name if known else forwarded.sender.name)


def issuer(sender: Party, site: Site) -> str | None:
    """Return the role in which a form is issued (D26).

    A form passed on is issued in a role that both hold: nobody gains by naming a colleague, and customer care does
    not make another's form its own. A stranger's is issued by whoever of us passes it on.
    """
    origin = sender.origin
    if origin is None or not is_ours(origin, site):
        return site.issuer(sender.email)
    role = site.issuer(origin.email)
    return role if role in site.roles_of(sender.email) else None


def comes_back(message: Message, site: Site) -> bool:
    """Tell whether a message only passes on a mail of ours, or a machine's: to answer it could start a loop."""
    forwarded = message.forwarded
    if forwarded is None or message.automatic or not says_nothing(message.text):
        return False  # a bounce, which returns a mail of ours too, is known as a machine's by itself
    return forwarded.automatic or forwarded.sender.email.lower() == site.own_address


def lies_in_ours(file: Attachment, site: Site) -> bool:
    """Tell whether a file lies in a mail of ours that comes back whole: nobody can have filled it in there."""
    return file.forwarded is not None and file.forwarded.sender.email.lower() == site.own_address


def is_ours(origin: Origin, site: Site) -> bool:
    """Tell whether somebody whose mail was passed on may send forms himself, so that he may hear of his."""
    return bool(origin.email) and site.may_send(origin.email)
