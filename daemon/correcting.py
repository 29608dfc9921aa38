"""Changes of a case that somebody asks for: the command they become, and doubles joined in one commit (K06, K07)."""

import dataclasses
from datetime import datetime

from daemon import naming
from daemon.docket import Docket
from daemon.ledger import Entry
from daemon.site import Site
from parsers.change_texts import which_office, why_change
from parsers.change_verbs import ChangeKind
from parsers.reply_corrections import ChangeAsked, is_reason, split_reason
from parsers.wordings import quoted
from rules.case import Case, Status
from rules.commands import (
    AttachForm,
    Command,
    Correct,
    Correction,
    Hold,
    Merge,
    Reassign,
    Release,
    Reopen,
    Withdraw,
)
from rules.events import Asked, Party
from rules.locales import Text

_CHAIN = 20  # cases merged one into the other that are followed


def asked_of(kind: ChangeKind) -> Asked:
    """Return what a refusal of such a request is about."""
    return "hold" if kind in (ChangeKind.HOLD, ChangeKind.RELEASE) else "correction"


def command_of(change: ChangeAsked, by: Party, site: Site) -> Correction | Text:
    """Return the command that a request becomes, or the question it is asked back."""
    if change.problems:
        return change.problems[0]
    match change.kind:
        case ChangeKind.CORRECT:
            return Correct(by, change.entries, change.note)
        case ChangeKind.REASSIGN:
            return _reassign(change.rest, by, site)
        case ChangeKind.MERGE:
            return Merge(by, change.into, change.note)
        case ChangeKind.WITHDRAW:
            return Withdraw(by, change.note)
        case ChangeKind.REOPEN:
            return Reopen(by, change.note)
        case ChangeKind.HOLD if change.until is not None:
            return Hold(by, change.until, change.note)
        case _:
            return Release(by, change.note)


def _reassign(said: str, by: Party, site: Site) -> Reassign | Text:
    before, marked = split_reason(said)
    named = naming.offices(before, site)
    if named is None:
        return which_office(quoted(said))
    roles, rest = named
    note = "\n".join(part for part in (rest, marked) if is_reason(part))
    return Reassign(by, roles, note) if note else why_change(ChangeKind.REASSIGN, quoted(said))


def perform(docket: Docket, entry: Entry, case: Case, command: Command, now: datetime) -> Case:
    """Carry out a command; a case that is merged is put to the one that goes on, in the same commit."""
    if not isinstance(command, Merge):
        return docket.perform(entry, case, command, now)
    target = entry.case(command.into)
    known = target is not None and target.is_open and target.kind == "complaint"
    merged = docket.perform(entry, case, dataclasses.replace(command, known=known), now)
    if target is not None and merged.status is Status.MERGED and case.status is not Status.MERGED:
        docket.perform(entry, target, AttachForm(case.sender, case.number), now)
    return merged


def going_on(entry: Entry, case: Case) -> Case:
    """Return the case that a merged one goes on in; itself where it was not merged."""
    for _ in range(_CHAIN):
        following = entry.case(case.merged_into) if case.status is Status.MERGED else None
        if following is None:
            break
        case = following
    return case
