"""Who gets a mail about an event: holders of an office who are there, deputies of those who are not, or one person."""

from dataclasses import replace
from typing import NamedTuple

from daemon.changes import Changed, doer
from daemon.config import Person
from daemon.origins import is_ours
from daemon.site import Site
from daemon.standing import penalised
from rules.after_events import Approval, Drawn
from rules.case import Case
from rules.events import Event, Party, Penalised, Refused, Resolved
from rules.notices import ASKER, PENALISED, Notice, notices
from rules.penalties import WAITING, same_party

_DEMAND = {"owner": 0, "covering": 1, "reporter": 2, "informed": 3, "sender": 4}


class Addressee(NamedTuple):
    """Somebody who gets a mail, in his own place or in that of somebody on leave (`daemon.presence.Reached`)."""

    person: Person
    notice: Notice
    stands_in_for: tuple[Person, ...] = ()
    unattended: tuple[Person, ...] = ()
    unreached: tuple[Person, ...] = ()


def addressees(case: Case, event: Event, site: Site) -> list[Addressee]:
    """Return who gets a mail about `event`: each person one, in his most demanding part.

    `site` is as it is now: of those on leave their deputies get it. Answers to whoever sent a form are not among
    them: the intake gives one per message.
    """
    found: dict[str, Addressee] = {}
    if case.kind == "follow-up" and isinstance(event, Refused) and event.asked in ("deliveries", "call"):
        return []  # one answer to whoever sent the list tells of all its rows, and so does one to customer care
    for notice in notices(case, event, site.policy):
        for one in _reached(notice, event, case, site):
            key = one.person.email.lower()
            if key not in found or _DEMAND[one.notice.reader] < _DEMAND[found[key].notice.reader]:
                found[key] = one
    return [one for one in found.values() if _may_be_told(one, event, site)]


def _reached(notice: Notice, event: Event, case: Case, site: Site) -> list[Addressee]:
    if notice.to == "reporter":
        by = event.by if isinstance(event, Refused | Resolved) else Party()
        return [Addressee(person, notice) for person in _person_of(by, site)]
    if notice.to == PENALISED:
        party = event.party if isinstance(event, Penalised) else Party()
        return [Addressee(person, notice) for person in penalised(party, site)]
    if notice.to == ASKER:
        return [Addressee(person, notice) for person in _person_of(_asker(event, case), site)]
    if notice.to == "sender":
        senders = _senders(case, site) if isinstance(event, Resolved) else ()
        return [Addressee(person, notice) for sender in senders for person in _person_of(sender, site)]
    if isinstance(event, Penalised) and notice.to == _office_of(
        event
    ):  # about himself: leave makes no difference
        return [Addressee(person, notice) for person in penalised(event.party, site)]
    never = event.party.email if isinstance(event, Penalised) else ""
    if isinstance(event, Drawn) and not any(site.people(role) for role in notice.to):
        notice = replace(notice, to=_in_their_place(site), reader="informed")
    reached = [one for role in notice.to for one in site.reached(role, never)]
    attended = [
        one for one in reached if not one.unattended
    ]  # customer care need not hear where somebody acts
    return [
        Addressee(
            one.person,
            replace(notice, reader="informed") if one.unattended else notice,
            one.stands_in_for,
            one.unattended,
            one.unreached,
        )
        for one in attended or reached
    ]


def _in_their_place(site: Site) -> tuple[str, ...]:
    """Return who gets the calls of an office that nobody holds: whoever hears of late lists (customer care)."""
    return () if site.policy.follow_up is None else site.policy.follow_up.told


def _senders(case: Case, site: Site) -> tuple[Party, ...]:
    """Return who sent the form of a case: whoever passed it on, and whose it is where he is one of us.

    A stranger whose form was released hears nothing.
    """
    if not site.may_send(case.sender.email):
        return ()
    origin = case.sender.origin
    if origin is None or not is_ours(origin, site):
        return (case.sender,)
    return (case.sender, site.party(origin.email, origin.name))


def _asker(event: Event, case: Case) -> Party:
    """Return who asked for what an event decides, or did what it tells of."""
    if isinstance(event, Approval):
        asking = case.asking(event.what)
        return event.by if asking is None else asking.by
    return doer(event) if isinstance(event, Changed) else Party()


def _office_of(event: Penalised) -> tuple[str, ...] | None:
    """Return the office that a penalty concerns where it names no person."""
    return None if event.person or event.state in WAITING else event.party.roles


def _may_be_told(addressee: Addressee, event: Event, site: Site) -> bool:
    """Keep other people's fines from whoever may not see them; who has to decide on one must know it."""
    if not isinstance(event, Penalised) or addressee.notice.reader == "owner":
        return True
    person = addressee.person
    own = same_party(event.party, site.party(person.email, person.name))
    return own or site.may_see_fines(site.acting(person.email).roles)


def _person_of(who: Party, site: Site) -> list[Person]:
    if not who.email:
        return []
    return [site.person(who.email) or Person(name=who.name or who.email, email=who.email)]
