"""Forms pasted into a mail as a table: they open no case, and come back as a file, filled in, to check and send."""

from daemon.answers import MOST_ENCLOSURES, blank_of
from daemon.docket import Docket
from daemon.intake.numbers import CASE_NUMBER, case_number
from daemon.ledger import Entry
from daemon.letters import EnclosureOrder, LetterOrder
from daemon.reading import Reading
from mailer.letter import Address, Content, Flaw, Template
from parsers.results import ParsedForm, Severity
from rules.case import Status
from rules.facts import facts_to_json
from rules.fields import FormKind
from rules.locales import Locale, Text

MORE = Text(
    zh_hant="信中的表格共有 {total} 筆，附件只填好了前 {shown} 筆；其餘的請自行填在 Excel 表中寄來。",
    zh_hans="邮件里的表格共有 {total} 笔，附件只填好了前 {shown} 笔；其余的请自行填在 Excel 表中发来。",
    en="The table in your mail has {total} rows; only the first {shown} are filled in. Send the others in a workbook.",
)


def is_all(reading: Reading) -> bool:
    """Tell whether a pasted form is all that a message brings: no file, no words to act on."""
    parts = any(part.speaks for _, part in reading.parts)
    return bool(reading.pasted) and not (reading.files or reading.speaks or parts or reading.absence)


def offer(docket: Docket, entry: Entry, reading: Reading, thread: str) -> LetterOrder:
    """Return the mail that gives pasted forms back as files; `thread` is the case its thread is about."""
    locale = docket.site.locale_of(reading.sender.email)
    shown = reading.pasted[:MOST_ENCLOSURES]
    alone = len(reading.pasted) == 1
    enclosures = tuple(
        _enclosure(form, locale, _draft(entry, form, thread if alone else ""), "" if alone else str(number))
        for number, form in enumerate(shown, 1)
    )
    more = MORE.get(locale).format(total=len(reading.pasted), shown=len(shown))
    content = Content(
        reader="sender",
        zone=docket.site.config.daemon.timezone,
        pasted=True,
        flaws=tuple(flaw for form in shown for flaw in _flaws(form, locale)),
        warnings=(more,) if len(shown) < len(reading.pasted) else (),
    )
    return LetterOrder(
        template=Template.FORM_PROBLEMS,
        locale=locale,
        to=Address(email=reading.sender.email, name=reading.sender.name),
        in_reply_to=reading.message.message_id,
        automatic_reply=True,
        content=content,
        enclosures=enclosures,
    )


def _draft(entry: Entry, form: ParsedForm, thread: str) -> str:
    """Return the number of the waiting case that a form is to complete: as it says, else that of its thread."""
    written = case_number(str(form.facts.get(CASE_NUMBER) or ""))
    for number in filter(None, (written, thread)):
        case = entry.case(number)
        if case is not None and case.status is Status.INCOMPLETE:
            return number
    return ""


def _enclosure(form: ParsedForm, locale: Locale, number: str, part: str) -> EnclosureOrder:
    facts = {key: value for key, value in form.facts.items() if key != CASE_NUMBER}
    return EnclosureOrder(
        form=FormKind.COMPLAINT,
        blank=form.blank or blank_of(str(facts.get("department", "after-sales"))),
        prefill=facts_to_json(facts),
        flaws={
            problem.key: problem.message.get(locale) for problem in reversed(form.problems) if problem.key
        },
        case_number=number,
        part=part,
    )


def _flaws(form: ParsedForm, locale: Locale) -> list[Flaw]:
    """Name what is to be mended by its label alone: a table in a mail has no cells that people could name."""
    return [
        Flaw(
            file="",
            sheet="",
            cell="",
            label=problem.label.get(locale),
            message=problem.message.get(locale),
            required=problem.severity is Severity.ERROR,
        )
        for problem in form.problems
        if problem.key
    ]
