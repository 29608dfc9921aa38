"""What whoever sent a message is told about it: one mail, naming every case and every problem."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from daemon import words
from daemon.docket import Docket
from daemon.letters import EnclosureOrder, LetterOrder, Writer, root_id
from mailer.letter import Address, CaseLine, Content, Flaw, Line, Template
from mailer.message import Message
from parsers.results import ParsedFile, ParsedForm, Problem, Severity
from rules.case import Case
from rules.events import Origin, Party
from rules.facts import facts_to_json
from rules.fields import FormKind
from rules.locales import Locale, Text

_OF_A_FORM = ("opened", "amended", "again", "reopened")
MOST_ENCLOSURES = 5  # corrected forms in one mail; a long list of bad rows is named, not drawn
UNKNOWN_ORDER = Text(
    zh_hant="交回的客戶抱怨處理單找不到對應的案件（{what}），未採納，已請寄件人核對案件編號",
    zh_hans="交回的客户抱怨处理单找不到对应的案件（{what}），未采纳，已请发件人核对案件编号",
    en="A returned rectification order belongs to no case ({what}); it was not taken, and its sender was told",
)
TOO_LARGE = Text(
    zh_hant="郵件過大，無法收取，尚未立案；請去掉大附件，只附表單重新寄來",
    zh_hans="邮件过大，无法收取，尚未立案；请去掉大附件，只附表单重新发来",
    en="The mail is too large to be taken in, no case was opened; please send the form again without large files",
)
POISON = Text(
    zh_hant="郵件無法處理，已隔離，請人工查看隔離資料夾",
    zh_hans="邮件无法处理，已隔离，请人工查看隔离文件夹",
    en="The mail could not be taken in and is quarantined; please look into the quarantine folder",
)
PLACEHOLDER = Text(
    zh_hant="郵件伺服器交不出這封郵件，只給了一則通知；原件仍在信箱，請用 Outlook 或網頁信箱查看，"
    "或將它移回收件匣，以便重新收取",
    zh_hans="邮件服务器交不出这封邮件，只给了一则通知；原件仍在邮箱，请用 Outlook 或网页邮箱查看，"
    "或将它移回收件箱，以便重新收取",
    en="The mail server did not hand over this mail, only a notice in its place; the mail itself is still in the "
    "mailbox: look at it with Outlook or on the web, or move it back to the inbox to have it fetched again",
)


@dataclass(frozen=True)
class Outcome:
    """What one form or reply came to. `case` is None where the case it names does not exist."""

    case_or_none: Case | None
    what: Literal["opened", "amended", "again", "reopened", "reported", "progress", "unknown", "listed"]
    file: ParsedFile | None = None
    form: ParsedForm | None = None
    number: str = ""
    origin: Origin | None = None  # whose form it is, where somebody passed it on

    @classmethod
    def unknown(cls, number: str) -> "Outcome":
        """A report on a case there is not."""
        return cls(None, "unknown", number=number)

    @property
    def case(self) -> Case:
        """The case concerned; ValueError where there is none."""
        if self.case_or_none is None:
            raise ValueError("a report on an unknown case has no case")
        return self.case_or_none

    @property
    def passed_over(self) -> tuple[Problem, ...]:
        """The problems of what stands beside the form: a further complaint that was not read."""
        return tuple(problem for problem in self.flaws if not problem.key)

    @property
    def flaws(self) -> tuple[Problem, ...]:
        """The problems of error weight: what keeps a form from being graded, and what was passed over beside it."""
        problems = self.form.problems if self.form else ()
        return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def passed_over(
    docket: Docket, sender: Party, outcomes: Sequence[Outcome], now: datetime
) -> list[LetterOrder]:
    """Return what customer care is told of complaints that stand beside a form and could not be read."""

    def line(locale: Locale) -> Line:
        said = (
            problem_line(outcome.file.file if outcome.file else "", problem, locale)
            for outcome in outcomes
            for problem in outcome.passed_over
        )
        return Line(label=sender.email or "?", value="\n".join(said))

    return to_care(docket, line, now)


def unknown_orders(
    docket: Docket, sender: Party, outcomes: Sequence[Outcome], now: datetime
) -> list[LetterOrder]:
    """Return what customer care is told of orders to rectify that name no case there is."""
    unknown = [outcome for outcome in outcomes if outcome.what == "unknown" and outcome.form is not None]

    def line(locale: Locale) -> Line:
        named = (
            f"{outcome.file.file if outcome.file else ''} {outcome.number}".strip() for outcome in unknown
        )
        said = "、".join(named)
        return Line(label=sender.email or "?", value=UNKNOWN_ORDER.get(locale).format(what=said))

    return to_care(docket, line, now)


def problem_line(file: str, problem: Problem, locale: Locale) -> str:
    """Name a problem by sheet, cell and label."""
    place = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
    return f"{file} {place} {problem.label.get(locale)}: {problem.message.get(locale)}"


def answer(
    docket: Docket,
    message: Message,
    sender: Party,
    unreadable: Sequence[ParsedFile],
    outcomes: Sequence[Outcome],
) -> list[LetterOrder]:
    """Return the answers to a message: one for its forms, one for each case it names that does not exist.

    None where the rules' own notices answer already.
    """
    locale = docket.site.locale_of(sender.email)
    complaints = [outcome for outcome in outcomes if outcome.what in _OF_A_FORM]
    unknown = dict.fromkeys(outcome.number for outcome in outcomes if outcome.what == "unknown")
    orders = [_unknown_case(docket, message, sender, locale, number) for number in unknown]
    orders += [
        _progress(docket, message, sender, locale, outcome.case)
        for outcome in outcomes
        if outcome.what == "progress" and outcome.case.is_open
    ]
    if unreadable or any(outcome.flaws for outcome in complaints):
        return [_problems(docket, message, sender, locale, unreadable, complaints), *orders]
    if complaints:
        return [acknowledgement(docket, message, sender, locale, complaints), *orders]
    return orders


def no_form(docket: Docket, message: Message, sender: Party) -> LetterOrder:
    """Return the polite answer to a message without a form: the blanks, and how to use them."""
    locale = docket.site.locale_of(sender.email)
    content = Content(reader="sender", zone=docket.site.config.daemon.timezone, no_form=True)
    return _order(Template.FORM_PROBLEMS, docket, message, sender, locale, content, _clean_blanks(docket))


def unanswered(
    docket: Docket, sender: Party, unreadable: Sequence[ParsedFile], now: datetime
) -> list[LetterOrder]:
    """Return what customer care is told of a file that cannot be read, where its sender may not be answered."""
    named = [file for file in unreadable if file.error is not None]

    def line(locale: Locale) -> Line:
        reasons = (f"{file.file}: {file.error.get(locale)}" for file in named if file.error is not None)
        return Line(label=sender.email or "?", value="\n".join(reasons))

    return to_care(docket, line, now)


def poison(docket: Docket, sender: str, now: datetime) -> list[LetterOrder]:
    """Return what customer care is told of a message that cannot be taken in."""
    return to_care(docket, lambda locale: Line(label=sender or "?", value=POISON.get(locale)), now)


def placeholder(docket: Docket, message: Message, now: datetime) -> list[LetterOrder]:
    """Return what customer care is told of a mail that the server keeps back."""
    return to_care(
        docket, lambda locale: Line(label=message.subject[:120] or "?", value=PLACEHOLDER.get(locale)), now
    )


def too_large(
    docket: Docket, message: Message, sender: Party, told: Sequence[Party], now: datetime
) -> list[LetterOrder]:
    """Return what customer care, and the sender where he is among `told`, hear of a message too large to take in."""
    who = sender.email or sender.name or "?"
    orders = to_care(
        docket, lambda locale: Line(label=who, value=f"{message.subject[:80]} — {TOO_LARGE.get(locale)}"), now
    )
    for party in told:
        locale = docket.site.locale_of(party.email)
        line = Line(label=message.subject[:80] or "—", value=TOO_LARGE.get(locale))
        content = Content(reader="sender", zone=docket.site.config.daemon.timezone, unreadable=(line,))
        orders.append(
            _order(Template.FORM_PROBLEMS, docket, message, party, locale, content, _clean_blanks(docket))
        )
    return orders


# ---------------------------------------------------------------- the letters


def acknowledgement(
    docket: Docket, message: Message, sender: Party, locale: Locale, complaints: Sequence[Outcome]
) -> LetterOrder:
    """Return the mail that says which cases the forms of a message came to."""
    content = _about_cases(docket, locale, complaints)
    hint = _hint(docket, complaints)
    return _order(Template.ACKNOWLEDGEMENT, docket, message, sender, locale, content, hint=hint)


def _problems(
    docket: Docket,
    message: Message,
    sender: Party,
    locale: Locale,
    unreadable: Sequence[ParsedFile],
    complaints: Sequence[Outcome],
) -> LetterOrder:
    content = _about_cases(docket, locale, complaints)
    several = len(content.cases) > 1
    content = content.model_copy(
        update={
            "cases": content.cases if several else (),  # a single one is what the whole mail is about
            "warnings": (),  # they stand among the flaws
            "flaws": tuple(_flaws(complaints, locale)),
            "unreadable": tuple(_unreadable(unreadable, locale)),
            "archives": _archives(message, unreadable),
            "quarantined": bool(unreadable),
        }
    )
    to_mend = [outcome for outcome in complaints if set(outcome.flaws) - set(outcome.passed_over)]
    corrected = tuple(_corrected(outcome, locale) for outcome in to_mend)
    enclosures = corrected[:MOST_ENCLOSURES] or _clean_blanks(docket)
    hint = _hint(docket, complaints)
    return _order(Template.FORM_PROBLEMS, docket, message, sender, locale, content, enclosures, hint)


def _archives(message: Message, unreadable: Sequence[ParsedFile]) -> int:
    """Count the archives among the files that could not be read: they are unpacked, not saved again."""
    archives = {attachment.name for attachment in message.attachments if attachment.unopened}
    return sum(file.file in archives for file in unreadable)


def _hint(docket: Docket, complaints: Sequence[Outcome]) -> str:
    case = complaints[0].case if complaints else None
    return "" if case is None else Writer(case, (), docket.site_of(case)).subject_hint()


def _unknown_case(
    docket: Docket, message: Message, sender: Party, locale: Locale, number: str
) -> LetterOrder:
    content = Content(
        reader="reporter",
        zone=docket.site.config.daemon.timezone,
        refusal="unknown-case",
        refusal_detail=number,
    )
    return _order(Template.AUTHORITY_EXCEEDED, docket, message, sender, locale, content)


def _progress(docket: Docket, message: Message, sender: Party, locale: Locale, case: Case) -> LetterOrder:
    """Say that a report was recorded which settles nothing: the clock runs on."""
    writer = Writer(case, (), docket.site_of(case))
    person = docket.site.person(sender.email)
    content = writer.content(locale, "reporter", [], person)
    content = content.model_copy(update={"reason": "", "facts": ()})
    hint = writer.subject_hint()
    return _order(Template.ACKNOWLEDGEMENT, docket, message, sender, locale, content, hint=hint)


def _about_cases(docket: Docket, locale: Locale, complaints: Sequence[Outcome]) -> Content:
    """Say which cases a message came to: one in full, several as a table."""
    became = {outcome.case.number: outcome.what for outcome in complaints}
    cases = {outcome.case.number: outcome.case for outcome in complaints}
    writers = [Writer(case, (), docket.site_of(case)) for case in cases.values()]
    lines = tuple(_line(writer, locale, became[writer.case.number]) for writer in writers)
    origins = dict.fromkeys(words.origin(one.origin) for one in complaints if one.origin is not None)
    passed_on = words.JOIN.get(locale).join(origins)
    if len(writers) != 1:
        zone = docket.site.config.daemon.timezone
        return Content(reader="sender", zone=zone, cases=lines, forwarded_for=passed_on)
    case = writers[0].case
    content = writers[0].content(locale, "sender", [case.grade_clause])
    said = {"cases": lines, "warnings": _warnings(complaints, locale), "forwarded_for": passed_on}
    return content.model_copy(update=said)


def _line(writer: Writer, locale: Locale, became: str) -> CaseLine:
    line = writer.line(locale, again=became == "again")
    return line.model_copy(update={"settled": not writer.case.is_open, "reopened": became == "reopened"})


def _warnings(complaints: Sequence[Outcome], locale: Locale) -> tuple[str, ...]:
    return tuple(
        problem_line(outcome.file.file if outcome.file else "", problem, locale)
        for outcome in complaints
        for problem in (outcome.form.problems if outcome.form else ())
        if problem.severity is Severity.WARNING
    )


def _flaws(complaints: Iterable[Outcome], locale: Locale) -> Iterable[Flaw]:
    for outcome in complaints:
        for problem in outcome.form.problems if outcome.form else ():
            yield Flaw(
                file=outcome.file.file if outcome.file else "",
                sheet=problem.sheet,
                cell=problem.cell,
                label=problem.label.get(locale),
                message=problem.message.get(locale),
                required=problem.severity is Severity.ERROR,
            )


def _unreadable(files: Iterable[ParsedFile], locale: Locale) -> Iterable[Line]:
    for file in files:
        if file.error is not None:
            yield Line(label=file.file, value=file.error.get(locale))


def _corrected(outcome: Outcome, locale: Locale) -> EnclosureOrder:
    """Order the clean form with what could be read in it and the cells to mend explained."""
    form = outcome.form
    if form is None:
        raise ValueError("a flawed outcome has a form")
    prefill = {key: value for key, value in form.facts.items() if key != "case_number"}
    return EnclosureOrder(
        form=FormKind.COMPLAINT,
        blank=form.blank or blank_of(str(form.facts.get("department", "after-sales"))),
        prefill=facts_to_json(prefill),
        flaws={
            problem.key: problem.message.get(locale) for problem in reversed(form.problems) if problem.key
        },
        case_number=outcome.case.number,
    )


def blank_of(department: str) -> str:
    """Return the key of the blank that a department's complaints are written on."""
    return "sales" if department == "sales" else "after-sales"


def _clean_blanks(docket: Docket) -> tuple[EnclosureOrder, ...]:
    blanks = docket.site.catalogue.form(FormKind.COMPLAINT).blanks
    return tuple(EnclosureOrder(form=FormKind.COMPLAINT, blank=blank.key) for blank in blanks)


def _order(
    template: Template,
    docket: Docket,
    message: Message,
    sender: Party,
    locale: Locale,
    content: Content,
    enclosures: tuple[EnclosureOrder, ...] = (),
    hint: str = "",
) -> LetterOrder:
    number = content.case_number
    return LetterOrder(
        template=template,
        locale=locale,
        to=Address(email=sender.email, name=sender.name),
        root=root_id(number, docket.site) if number else "",
        in_reply_to=message.message_id,
        automatic_reply=True,
        subject_hint=hint,
        content=content,
        enclosures=enclosures,
    )


def to_care(
    docket: Docket, line: Callable[[Locale], Line], now: datetime, *, quarantined: bool = True
) -> list[LetterOrder]:
    """Return what customer care is told of a message, one line of it; not `quarantined`: nobody could fetch it."""
    orders = []
    for person in docket.care(now):
        locale = person.locale or docket.site.locale
        zone = docket.site.config.daemon.timezone
        content = Content(
            reader="informed",
            zone=zone,
            quarantined=quarantined,
            unfetched=not quarantined,
            unreadable=(line(locale),),
        )
        to = Address(email=person.email, name=person.name)
        orders.append(LetterOrder(template=Template.FORM_PROBLEMS, locale=locale, to=to, content=content))
    return orders
