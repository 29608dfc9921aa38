"""Storms: which notices may leave together, and the one mail that then carries them.

What asks somebody for a decision about a penalty, and what answers somebody's own message, always leaves by itself.
A penalty that is issued may leave with others: its line names its number and its amount.
"""

import logging
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from daemon import words
from daemon.config import DigestSection, Person
from daemon.ledger import Held, QueuedMail, Storm
from daemon.letters import EnclosureOrder, LetterOrder
from daemon.site import Site
from mailer.letter import Address, Content, Digest, Template
from rules.after_events import Drawn
from rules.events import Event, Penalised, PenaltyState, Refused
from rules.fields import FormKind
from rules.locales import Locale
from rules.notices import Reader

log = logging.getLogger("kesu.storms")

_CONCERNED: tuple[Reader, ...] = ("owner", "informed")  # the others have asked, sent or are asked something
_REPORTED_ON = (Template.ASSIGNMENT, Template.REMINDER, Template.ESCALATION, Template.OVERDUE)


class BundleOrder(BaseModel):
    """A mail that carries notices of one template, as the outbox keeps it; the notices themselves stand there too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: Person
    template: Template


def may_gather(reader: Reader, event: Event) -> bool:
    """Tell whether a notice of `event` may leave with others of its kind."""
    if isinstance(event, Penalised):
        return reader in _CONCERNED and event.state is PenaltyState.ISSUED
    return reader in _CONCERNED and not isinstance(event, Refused | Drawn)  # a list to fill in goes by itself


def storm_of(template: str, email: str, settings: DigestSection) -> Storm:
    """Return what a notice is gathered with: those of its template to the same person."""
    return Storm(f"{template}:{email.lower()}", settings.at_once, settings.within)


def bundle_order(held: Held, site: Site) -> BundleOrder:
    """Return the order of the mail that is to carry what is held."""
    person = site.person(held.recipient) or Person(
        name=held.recipient, email=held.recipient, locale=Locale(held.locale)
    )
    return BundleOrder(person=person, template=Template(held.template))


def write_bundle(
    order: BundleOrder,
    members: Sequence[QueuedMail],
    order_of: Callable[[QueuedMail], LetterOrder],
    site: Site,
) -> LetterOrder:
    """Write the mail that carries `members`, the most urgent first."""
    locale = order.person.locale or site.locale
    letters = sorted((_member(mail, order, order_of, site) for mail in members), key=_urgency)
    acts = any(letter.content.reader == "owner" for letter in letters)
    reports = acts and order.template in _REPORTED_ON
    digest = Digest(kind=order.template.value, acts=reports)
    reader: Reader = "owner" if acts else "informed"
    return LetterOrder(
        template=Template.DIGEST,
        locale=locale,
        to=Address(email=order.person.email, name=order.person.name),
        content=Content(reader=reader, zone=site.config.daemon.timezone, digest=digest),
        enclosures=(EnclosureOrder(form=FormKind.HANDLING, blank="handling"),) if reports else (),
        gathered=tuple(letter.model_copy(update={"enclosures": ()}) for letter in letters),
    )


def _member(
    mail: QueuedMail, order: BundleOrder, order_of: Callable[[QueuedMail], LetterOrder], site: Site
) -> LetterOrder:
    """Write one notice; its case's number alone where it cannot be written, so that it costs no other its turn."""
    try:
        return _with_contact(order_of(mail), site)
    except Exception:
        log.exception("mail %d cannot be written; its bundle names its case", mail.id)
    return LetterOrder(
        template=order.template,
        locale=Locale(mail.locale),
        to=Address(email=mail.recipient),
        content=Content(
            reader="informed", zone=site.config.daemon.timezone, case_number=mail.case_number or ""
        ),
    )


def _with_contact(letter: LetterOrder, site: Site) -> LetterOrder:
    """Tell whoever has to act how the customer is reached: the line of a bundle has no room for all the facts."""
    if letter.content.reader != "owner":
        return letter
    form = site.catalogue.form(FormKind.COMPLAINT)
    wanted = {form.field(key).label.get(letter.locale) for key in site.policy.intake.same_person}
    contact = words.JOIN.get(letter.locale).join(
        line.value for line in letter.content.facts if line.label in wanted
    )
    summary = "\n".join(part for part in (letter.content.summary, contact) if part)
    return letter.model_copy(update={"content": letter.content.model_copy(update={"summary": summary})})


def _urgency(letter: LetterOrder) -> tuple[bool, bool, float]:
    """Put first what the reader has to act on, and of that what is due first."""
    content = letter.content
    return (
        content.reader != "owner",
        content.due is None,
        content.due.timestamp() if content.due else 0.0,
    )
