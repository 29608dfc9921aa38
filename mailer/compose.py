"""Composes a letter into an e-mail: headers, thread, text and HTML, enclosures (contract.md, E-mail templates).

Subject. Gmail splits a thread when the subject changes, so every mail of a case has the same one, `[<case number>]`
and the letter's hint, and never says whether it is a reminder or an overdue. That stands where mail programs show it
beside the subject: the first line of the text and the hidden preheader of the HTML are the headline, marked by its
kind (`【逾時】…`); and mails that cannot wait carry `Importance: high`, which Outlook and Apple Mail show in the list.
A mail about no single case has a subject of its own.

Loops (RFC 3834). Every mail says that a machine wrote it, so that no well-behaved machine answers it.
"""

from datetime import datetime, tzinfo
from email.errors import MessageError
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from mailer import layouts
from mailer.cleaning import one_line
from mailer.draft import Draft, draft
from mailer.envelope import carried
from mailer.headers import POLICY
from mailer.letter import Address, Enclosure, Letter, Template
from mailer.page import Page, page
from mailer.report import pictures

_URGENT = (Template.REMINDER, Template.ESCALATION, Template.OVERDUE)


class AddressError(ValueError):
    """An address no mail can be sent to or from; `address` is what was given."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address!r} is not an e-mail address")
        self.address = address


def compose(letter: Letter, now: datetime, zone: tzinfo | None = None) -> EmailMessage:
    """Return `letter` as it is sent at `now`; times are shown in `zone`, by default the letter's own.

    AddressError if the sender's or the recipient's address is none; zoneinfo.ZoneInfoNotFoundError for an unknown
    zone. The message serialises with CRLF (`email.policy.SMTP`) and is pure ASCII on the wire.
    """
    prepared = draft(letter, now, zone or ZoneInfo(letter.content.zone))
    message = EmailMessage(policy=POLICY)
    _address(message, letter)
    message["Subject"] = prepared.subject
    message["Date"] = prepared.now
    _thread(message, letter)
    _mark(message, prepared)
    laid_out = page(prepared)
    message.set_content(layouts.text(laid_out, prepared.wording))
    _add_html(message, laid_out, letter)
    for enclosure in letter.enclosures:
        _enclose(message, enclosure)
    return message


def page_of(letter: Letter, now: datetime) -> str:
    """Return the HTML of `letter` as a page of its own, the pictures in it; for browsers, not for mail."""
    return layouts.html(page(draft(letter, now, ZoneInfo(letter.content.zone))))


def _address(message: EmailMessage, letter: Letter) -> None:
    sender = _mailbox(letter.sender)
    message["From"] = sender
    message["To"] = _mailbox(letter.to)
    message["Reply-To"] = sender


def _mailbox(address: Address) -> Mailbox:
    try:
        spec, name = carried(address.email), one_line(address.name)
        if spec.isascii():
            return Mailbox(display_name=name, addr_spec=spec)
        local, _, domain = spec.rpartition("@")  # RFC 6531; the mail server says whether it takes it
        return Mailbox(display_name=name, username=local, domain=domain)
    except (
        ValueError,
        IndexError,
        MessageError,
    ):  # the standard library raises each of them for broken addresses
        raise AddressError(address.email) from None


def _thread(message: EmailMessage, letter: Letter) -> None:
    message["Message-ID"] = one_line(letter.message_id)
    answered, root = one_line(letter.in_reply_to), one_line(letter.root)
    answered = answered if answered.isascii() else ""  # a stranger's, who may write what no header carries
    if answered:
        message["In-Reply-To"] = answered
    if root or answered:
        message["References"] = " ".join(dict.fromkeys(filter(None, (root, answered))))


def _mark(message: EmailMessage, prepared: Draft) -> None:
    message["Auto-Submitted"] = "auto-replied" if prepared.letter.automatic_reply else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    template = next((one.template for one in prepared.letter.gathered), prepared.letter.template)
    if template is Template.OVERDUE or (template in _URGENT and prepared.acts):
        message["Importance"] = "high"


def _add_html(message: EmailMessage, laid_out: Page, letter: Letter) -> None:
    """Add the HTML part, and the pictures it shows as parts related to it, each by its Content-ID (RFC 2387, 2392)."""
    shown, mail = pictures(laid_out.blocks), one_line(letter.message_id).strip("<>")
    source = {
        name: f"{name}.{mail}" for name in shown
    }  # unlike those of any other mail, or Outlook mixes them up
    written = layouts.html(laid_out, lambda picture: f"cid:{source[picture.name]}")
    message.add_alternative(written, subtype="html")
    part = message.get_body(("html",))
    for name, picture in shown.items():
        part.add_related(  # type: ignore[union-attr] # it was added just now
            picture.content,
            maintype="image",
            subtype="png",
            cid=f"<{source[name]}>",
            disposition="inline",
            filename=picture.file_name,
        )


def _enclose(message: EmailMessage, enclosure: Enclosure) -> None:
    name = one_line(enclosure.name).replace("/", "_").replace("\\", "_")
    name = name.replace("=?", "=_")  # the standard library would decode what follows, line breaks too
    main, _, sub = enclosure.media_type.partition("/")
    if main in ("multipart", "message") or not sub:
        main, sub = "application", "octet-stream"
    message.add_attachment(
        enclosure.content, maintype=main, subtype=sub, filename=name, params={"name": name}
    )
