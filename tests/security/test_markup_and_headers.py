"""What strangers write is words: no markup in a page or mail of ours, no header, no template (CWE-79, 93, 1336)."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from daemon.casepage import as_html, story_of
from daemon.report.monthly import queue
from mailer.compose import compose
from mailer.letter import Address, Enclosure, Template
from rules.locales import Locale
from rules.months import Month
from tests.daemon.office import (
    NINE,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    flawed,
    mail,
)
from tests.mailer.outbound.letters import full, letter
from tests.security.inert import Markup

WORDS = (
    '<script>alert("KESU")</script><img src=x onerror=alert(1)>"\'><a href="javascript:alert(1)">按此</a>'
    "{{ 7*191 }}{% for x in y %}{# weg #}${7*191}<!--「引號」“弯引号”‘单’&lt;b&gt;--></td></table><style>*{}</style>"
)
NUMBER = str(7 * 191)
OURS = {"from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references"} | {
    "auto-submitted",
    "x-auto-response-suppress",
    "importance",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
}
SCHEMES = ("mailto:", "cid:", "#", "http://schemas", "file://share/")
BREAKS = "x\r\nBcc: victim@example.net\r\n\r\nbody\x00\u2028\x85\u202e"


def harmless(page: str, *, script: bool = False) -> Markup:
    """Assert that a page has only our own elements, attributes and addresses; return it read."""
    read = Markup(page)
    forbidden = {"iframe", "object", "embed", "form", "base", "link"} | (set() if script else {"script"})
    assert not forbidden & set(read.tags)
    assert not [one for one in read.attributes if one[1].startswith("on")]
    led = [value for _, name, value in read.attributes if name in ("href", "src", "action", "background")]
    assert not [value for value in led if not value.lower().startswith(SCHEMES)]
    assert NUMBER not in page
    return read


def html_of(posted: Posted) -> str:
    body = posted.message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def attacked(office: Office) -> tuple[Office, list[Posted]]:
    """A case, a refused form, a quarantined mail and a settlement, all of them full of markup."""
    name = WORDS.replace('"', "'")
    form = complaint(customer_name=WORDS, description=WORDS, category="repair-quality")
    office.receive(
        mail(
            f'"{name}" <{STAFF}>',
            WORDS,
            WORDS,
            files={"form.xlsx": form, f"{name[:60]}.png": b"\x89PNG\r\n\x1a\n"},
        )
    )
    office.receive(mail(subject=WORDS, files={f"{name[:80]}.xlsx": flawed(name=WORDS)}))
    office.receive(mail(files={"broken.xlsx": b"PK\x03\x04 broken"}))
    office.receive(mail("someone@elsewhere.example", WORDS, WORDS, files={"form.xlsx": form}))
    posted = office.post()
    office.clock.forward(hours=2, minutes=5)
    office.lapses.run_due()
    posted += office.post()
    number = office.cases()[0].number
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{number}]", f"已解決 {WORDS}")))
    queue(office.docket, Month(2026, 11), office.clock.now())
    posted += office.post()
    office.workbook.round()
    return office, posted


def test_markup_stays_words_in_every_mail(attacked: tuple[Office, list[Posted]]) -> None:
    _, posted = attacked
    assert {"acknowledgement", "assignment", "form-problems", "escalation", "monthly-report"} <= {
        one.template for one in posted
    }
    told = 0
    for one in posted:
        read = harmless(html_of(one))
        said = "".join(read.words)
        told += '<script>alert("KESU")</script>' in said
        if "{{" in said:
            assert "{{ 7*191 }}{% for x in y %}{# weg #}" in said
    assert told >= 3


def test_markup_stays_words_on_the_board_and_on_a_cases_page(attacked: tuple[Office, list[Posted]]) -> None:
    office, _ = attacked
    board = harmless((office.folder / "master.html").read_text(encoding="utf-8"), script=True)
    assert board.tags.count("script") <= 1
    assert '<script>alert("KESU")</script>' in "".join(board.words)
    for locale in Locale:
        story = story_of(office.docket, office.cases()[0].number, locale, office.clock.now())
        assert story is not None
        assert '<script>alert("KESU")</script>' in "".join(harmless(as_html(story)).words)


def test_no_mail_has_a_header_that_we_do_not_write(attacked: tuple[Office, list[Posted]]) -> None:
    for one in attacked[1]:
        for part in one.message.walk():
            assert not {name.lower() for name in part} - OURS
        assert not one.message.defects


@pytest.mark.parametrize("header", ["Subject", "In-Reply-To", "References", "Message-ID", "From", "Reply-To"])
def test_a_line_break_in_a_strangers_header_adds_none_to_our_answer(office: Office, header: str) -> None:
    """Decoded words, and raw 8-bit, may hold what a header must not."""
    coded = "=?utf-8?q?x=0D=0ABcc:_victim@example.net=0D=0A=0D=0Abody=00=E2=80=AE?="
    value = {"From": f"{coded} <{STAFF}>", "Reply-To": f"{coded} <victim@example.net>"}.get(
        header, f"<{coded}@x>"
    )
    raw = mail(subject="SUBJECT", files={"form.xlsx": complaint()})
    del raw[header]
    content = f"{header}: {value if header != 'Subject' else coded}\r\n".encode() + raw.as_bytes()
    sender = "" if header == "From" else STAFF
    with office.ledger.writing() as entry:
        entry.store_mail(
            "INBOX",
            7,
            99,
            content,
            received_at=office.clock.now(),
            stored_at=office.clock.now(),
            message_id="<m@x>",
            sender=sender,
        )
    office.intake.take_waiting()
    posted = office.post()
    assert {one.to for one in posted} >= {STAFF, SERVICE_MANAGER}
    assert "victim@example.net" not in {one.to for one in posted}
    for one in posted:
        assert not {name.lower() for name in one.message} - OURS
        assert "bcc" not in one.message
        assert not set("\x00\u202e\u2028") & set(f"{one.subject}{one.message['To']}{one.message['From']}")


@pytest.mark.parametrize("where", ["name", "subject", "number", "id", "reply", "root", "file"])
def test_nothing_a_letter_holds_breaks_out_of_its_header(where: str) -> None:
    made = letter(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT))
    blank = Enclosure(name=f"{BREAKS}.xlsx", content=b"PK", media_type="application/zip")
    changed = {
        "name": {"to": Address(email="a@example.com", name=BREAKS)},
        "subject": {"subject_hint": BREAKS},
        "number": {"content": made.content.model_copy(update={"case_number": BREAKS})},
        "id": {"message_id": f"<{BREAKS}@x>"},
        "reply": {"in_reply_to": f"<{BREAKS}@x>"},
        "root": {"root": f"<{BREAKS}@x>"},
        "file": {"enclosures": (blank,)},
    }[where]
    sent = compose(made.model_copy(update=changed), NINE)
    wire = sent.as_bytes()
    assert not re.search(rb"^Bcc:", wire.partition(b"\r\n\r\n")[0], re.MULTILINE | re.IGNORECASE)
    assert b"\x00" not in wire
    read = message_from_bytes(wire, policy=policy.default)
    assert isinstance(read, EmailMessage)
    for part in read.walk():
        assert not {name.lower() for name in part} - OURS
    assert not set("\u202e\u2028\x85") & set("".join(str(value) for value in read.values()))
    assert not [part for part in read.iter_attachments() if "\u202e" in (part.get_filename() or "")]
