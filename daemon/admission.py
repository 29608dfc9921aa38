"""Who may send: whose messages are taken in, and why somebody's are put aside ([access]).

A machine's mail that carries no form can change nothing, so nobody need vouch for it: a mail server's own notes of
what it could not deliver have no Authentication-Results.
"""

from dataclasses import dataclass

from daemon.ledger import HeldFor
from daemon.site import Site
from mailer.authenticity import Verdict, authenticity
from mailer.message import Message

STRANGER = "the sender may not send forms ([access] senders)"
UNVERIFIED = "nobody can tell that it is from its sender ([access] authserv_id): {why}"
FORGED = "the mail server says that it is not from its sender ([access] authserv_id): {why}"
BY_SENDER = (HeldFor.STRANGER, HeldFor.UNVERIFIED, HeldFor.FORGED)  # what only a release lets in


@dataclass(frozen=True)
class Refusal:
    """Why a message is not taken in."""

    why: HeldFor
    reason: str


def refusal(site: Site, message: Message, *, forms: bool) -> Refusal | None:
    """Return why a message is not taken in because of who sent it, None if it is; `forms`: it may carry some."""
    access = site.config.access
    if not site.may_send(message.sender.email):
        return Refusal(HeldFor.STRANGER, STRANGER)
    if not access.authserv_id or (message.automatic and not forms):
        return None
    found = authenticity(message, access.authserv_id)
    if found.verdict is Verdict.VERIFIED or (found.silent and access.unsigned == "take"):
        return None
    if found.verdict is Verdict.FAILED:
        return Refusal(HeldFor.FORGED, FORGED.format(why=found.why))
    return Refusal(HeldFor.UNVERIFIED, UNVERIFIED.format(why=found.why))
