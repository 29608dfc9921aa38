"""An office without servers: a real site, ledger, reader and intake, and a clock that is put forward by hand.

Mails come in through `receive` and what is owed to people comes out of `post`, composed as it would be sent.
"""

import itertools
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook, load_workbook

from daemon import packs
from daemon.bell import Bells
from daemon.docket import Docket, OutboxBody
from daemon.intake import Intake
from daemon.lapses import Lapses
from daemon.ledger import Ledger, OutgoingMail, StoredMail
from daemon.letters import LetterOrder
from daemon.site import Site, load_site
from daemon.workbook import Workbook as MasterWorkbook
from mailer.compose import compose
from mailer.letter import Address, Content, Template
from mailer.message import read_message
from parsers.reader import FormReader
from rules.case import Case
from rules.facts import facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from sheets.blanks import blank_form

MAILBOX = "complaints@example.com"
STAFF = "staff.lin@example.com"
CARE = "care@example.com"
SERVICE_MANAGER = "service.manager@example.com"
WORKSHOP = "workshop@example.com"
AFTER_SALES = "after-sales@example.com"
SALES = "sales@example.com"
MANAGER = "gm@example.com"
BOARD = "board@example.com"
STRANGER = "someone@elsewhere.example"
NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")

CONFIG = """\
[daemon]
site = "main"
timezone = "Asia/Shanghai"
locale = "zh-Hant"
policy = "{policy}"
ledger = "sqlite:///kesu.db"

[mailbox]
host = "127.0.0.1"
port = {imap}
security = "plain"
username = "complaints@example.com"
password_env = "KESU_IMAP_PASSWORD"
poll_seconds = 1

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "plain"
sender = "客戶關愛部 <complaints@example.com>"

[workbook]
path = "master.xlsx"
archive = "archive"

[access]
senders = ["*@example.com"]

[people]
service-manager        = [{{ name = "王經理", email = "service.manager@example.com" }}]
workshop-director      = [{{ name = "陳主任", email = "workshop@example.com" }}]
after-sales-director   = [{{ name = "林總監", email = "after-sales@example.com" }}]
retail-manager         = [{{ name = "Grace", email = "retail@example.com", locale = "en" }}]
sales-director         = [{{ name = "李總監", email = "sales@example.com" }}]
general-manager        = [{{ name = "周总经理", email = "gm@example.com", locale = "zh-Hans" }}]
board                  = [{{ name = "董事會秘書", email = "board@example.com" }}]
customer-care          = [{{ name = "客戶關愛部", email = "care@example.com" }}]
customer-care-director = [{{ name = "吳總監", email = "care.director@example.com" }}]
"""

COMPLAINT: Mapping[str, object] = {
    "department": "after-sales",
    "source": "walk-in",
    "customer_name": "許雅婷",
    "customer_phone": "0912-345-678",
    "category": "repair-quality",
    "description": "更換煞車片後仍有異音",
    "repair_amount": "800",
}


def write_config(folder: Path, *, imap: int = 143, smtp: int = 25, rules: str = "dealership") -> Path:
    """Write the office's configuration and return where it is."""
    path = folder / "config.toml"
    path.write_text(CONFIG.format(imap=imap, smtp=smtp, policy=rules), encoding="utf-8")
    return path


class HandClock:
    """A clock that stands still until somebody puts it forward."""

    def __init__(self, at: datetime = NINE) -> None:
        self._now = at

    def now(self) -> datetime:
        return self._now

    def forward(self, **span: float) -> None:
        self._now += timedelta(**span)


@dataclass(frozen=True)
class Posted:
    """A mail that the office owes somebody."""

    template: str
    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def enclosures(self) -> dict[str, bytes]:
        """The attached files by name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
            for part in self.message.iter_attachments()
        }


@dataclass
class Office:
    """One site at work; `clock` is moved by the test."""

    folder: Path
    site: Site
    ledger: Ledger
    reader: FormReader
    clock: HandClock = field(default_factory=HandClock)
    bells: Bells = field(default_factory=Bells)
    uidvalidity: int = 7
    vouching: bool = False  # everybody who writes proves himself by a token of a mail he had once

    def __post_init__(self) -> None:
        self.docket = Docket(self.ledger, self.site)
        self.intake = Intake(self.docket, self.reader, self.clock)
        self.lapses = Lapses(self.docket, self.clock, self.bells)
        self.workbook = MasterWorkbook(self.docket, self.clock)
        self._uids = itertools.count(1)

    def restart_workbook(self) -> None:
        """Start the workbook's channel anew, as after a crash: it remembers what the ledger tells it."""
        self.workbook = MasterWorkbook(self.docket, self.clock)

    def configure(self, workbook: str = "", *, locale: Locale | None = None) -> None:
        """Change the configuration: lines for [workbook], or the site's language."""
        path = self.folder / "config.toml"
        text = path.read_text(encoding="utf-8").replace("[workbook]\n", f"[workbook]\n{workbook}\n")
        if locale is not None:
            text = text.replace('locale = "zh-Hant"', f'locale = "{locale.value}"', 1)
        path.write_text(text, encoding="utf-8")
        self.site = load_site(path)
        self.docket.adopt(self.site)
        self.restart_workbook()

    def put_in(self, raw: bytes | EmailMessage) -> int:
        """Store a message as the fetching does, without taking it in; return its id."""
        content = raw.as_bytes() if isinstance(raw, EmailMessage) else raw
        head = read_message(content)
        with self.ledger.writing() as entry:
            stored = entry.store_mail(
                "INBOX",
                self.uidvalidity,
                next(self._uids),
                content,
                received_at=self.clock.now(),
                stored_at=self.clock.now(),
                message_id=head.message_id,
                sender=head.sender.email,
            )
        assert stored is not None
        return stored

    def receive(self, raw: bytes | EmailMessage) -> StoredMail:
        """Store a message, take everything in, and return what became of it."""
        mail_id = self.put_in(self.vouched(raw) if self.vouching and isinstance(raw, EmailMessage) else raw)
        self.intake.take_waiting()
        return self.ledger.mail(mail_id)

    def vouched(self, message: EmailMessage) -> EmailMessage:
        """The same message with a token of its writer's below his words, from a mail about no case."""
        copy = deepcopy(message)
        body = copy.get_body(("plain",))
        assert body is not None
        body.set_content(f"{body.get_content()}\n{self.token_of(str(message['From']))}\n")
        return copy

    def token_of(self, address: str) -> str:
        """A token of somebody's: of a mail to him about no case, which he got before."""
        address = parseaddr(address)[1]
        message_id = f"<list-of-{address}>"
        order = LetterOrder(
            template=Template.WORKBOOK,
            locale=self.site.locale,
            to=Address(email=address),
            content=Content(reader="informed", zone="Asia/Shanghai"),
        )
        with self.ledger.writing() as entry:
            entry.queue(
                OutgoingMail(
                    notice_key=message_id,
                    message_id=message_id,
                    recipient=address,
                    template=order.template,
                    locale=order.locale,
                    body=OutboxBody(letter=order).model_dump_json(),
                    created_at=self.clock.now(),
                    answers=None,
                )
            )
        queued = self.ledger.outbox_mail(message_id)
        assert queued is not None
        self.ledger.outbox_sent(queued.id, self.clock.now(), "250 taken")
        return self.docket.seal.token(queued)

    def post(self) -> list[Posted]:
        """Send what waits, to nobody: the mails queued since the last call, composed as they would leave."""
        found = []
        self.docket.gather(self.clock.now())
        while mails := self.ledger.outbox_lease(self.clock.now(), timedelta(minutes=5), 100):
            for mail in mails:
                message = compose(self.docket.letter(mail), self.clock.now())
                raw = message_from_bytes(message.as_bytes(), policy=policy.default)
                assert isinstance(raw, EmailMessage)
                found.append(Posted(mail.template, mail.recipient, raw))
                self.ledger.outbox_sent(mail.id, self.clock.now(), "250 taken")
        return found

    def cases(self) -> list[Case]:
        return list(self.ledger.cases())

    def case(self, number: str = "") -> Case:
        """The case of that number; the only one if none is given."""
        if not number:
            (only,) = self.cases()
            return only
        found = self.ledger.case(number)
        assert found is not None
        return found

    def kinds(self, number: str = "") -> list[str]:
        """What happened to a case, by the kinds of its events."""
        return [row.event.kind for row in self.ledger.events(self.case(number).number)]

    def opened(self, sender: str = STAFF, **facts: object) -> Case:
        """Take in one complaint on our own blank and return its case; its mails are posted already."""
        before = {case.number for case in self.cases()}
        self.receive(mail(sender, files={"form.xlsx": complaint(**facts)}))
        self.post()
        (new,) = [case for case in self.cases() if case.number not in before]
        return new


def open_office(folder: Path, reader: FormReader, *, rules: str = "dealership") -> Office:
    """Open an office in `folder`."""
    site = load_site(write_config(folder, rules=rules))
    ledger = Ledger.open(site.config.ledger_url, site="main", version="test")
    return Office(folder, site, ledger, reader)


# ---------------------------------------------------------------- what people send


def mail(
    sender: str = STAFF,
    subject: str = "客訴",
    text: str = "請處理",
    *,
    files: Mapping[str, bytes] | None = None,
    answers: Posted | None = None,
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """A mail to the shared mailbox; `answers` makes it a reply as mail programs do."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = MAILBOX
    message["Subject"] = f"Re: {answers.subject}" if answers else subject
    message["Message-ID"] = make_msgid(domain="example.com")
    if answers is not None:
        message["In-Reply-To"] = str(answers.message["Message-ID"])
        message["References"] = f"{answers.message.get('References', '')} {answers.message['Message-ID']}"
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    for name, content in (files or {}).items():
        main, sub = ("image", "png") if name.endswith(".png") else XLSX
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message


def complaint(*, locale: Locale = Locale.ZH_HANT, **facts: object) -> bytes:
    """Our own complaint blank, filled in; None takes a fact out."""
    known = {key: value for key, value in {**COMPLAINT, **facts}.items() if value is not None}
    return _filled(FormKind.COMPLAINT, str(known.get("department", "after-sales")), locale, known)


def handling(number: str, *, locale: Locale = Locale.ZH_HANT, **facts: object) -> bytes:
    """Our own handling form, filled in."""
    known = {"case_number": number, "result": "resolved", "resolution": "已重新調整", **facts}
    return _filled(FormKind.HANDLING, "handling", locale, known)


def _filled(kind: FormKind, key: str, locale: Locale, facts: Mapping[str, object]) -> bytes:
    form = packs.catalogue().form(kind)
    blank = next(blank for blank in form.blanks if blank.key == key)
    return blank_form(form, blank, locale, prefill=facts_from_json(facts, form))


def typed(rows: Sequence[Sequence[object]], *, title: str = "", sheet: str = "表單") -> bytes:
    """A workbook somebody typed: rows of cells under an optional title."""
    workbook = Workbook()
    page = workbook.worksheets[0]
    page.title = sheet
    if title:
        page.append([title])
    for row in rows:
        page.append(list(row))
    return saved(workbook)


def flawed(*, amount: str = "一千左右", name: str = "徐太太", phone: str = "0966-777-888") -> bytes:
    """A form that cannot be graded: its amount, in B5 of the sheet 售後, is none."""
    return typed(
        [
            ["客戶姓名", name],
            ["聯絡電話", phone],
            ["抱怨類型", "等待時間"],
            ["維修金額", amount],
            ["抱怨內容", "保養等了四個小時"],
        ],
        title="售後客戶抱怨單",
        sheet="售後",
    )


def filled_in(content: bytes, label: str, value: object) -> bytes:
    """Fill in the cell to the right of `label`, as somebody does who got a form back."""
    workbook = load_workbook(BytesIO(content))
    for row in workbook.worksheets[0].iter_rows():
        for cell in row:
            if cell.value == label:
                workbook.worksheets[0].cell(cell.row, cell.column + 1).value = value
                return saved(workbook)
    raise AssertionError(f"no label {label}")


def saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def to(posted: Sequence[Posted], address: str, template: str | None = None) -> list[Posted]:
    """The mails to one person, of one template if it is named."""
    return [one for one in posted if one.to == address and template in (None, one.template)]
