"""From events to mails: who gets which letter, with everything it says, fixed in the commit that made it necessary.

What is stored is an order: plain words and times. The mail itself, with the time that remains, is composed when it
is sent.
"""

from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from daemon import aftermath, words
from daemon.changes import Changed, change_of, corrected
from daemon.config import Person
from daemon.privacy import PHONE, may_see_phone, without_phones
from daemon.site import Site
from daemon.standing import about, asked, judged, story_of_penalty
from mailer.letter import Address, CaseLine, Content, Enclosure, Letter, Line, Step, Template, Why
from rules.case import Case, Status
from rules.events import (
    Escalated,
    Event,
    JsonFacts,
    Lapsed,
    Party,
    Penalised,
    Refused,
    Reminded,
    Resolved,
    TaskOpened,
    TaskOverdue,
)
from rules.facts import facts_from_json, with_issuer
from rules.fields import Blank, Form, FormKind
from rules.grading import authority
from rules.locales import Locale
from rules.notices import Notice, Reader
from rules.policy import Authority, Stage
from sheets.blanks import blank_form, blank_name
from sheets.rosters import LIST_SHAPED, RosterRow, roster

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OF_A_STAGE = ("assignment", "escalation", "overdue")


class RowOrder(BaseModel):
    """One row of a list to attach; `flaws` (fact key → what to mend) and `mark` in the reader's language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: JsonFacts
    flaws: dict[str, str] = {}
    mark: str = ""


class EnclosureOrder(BaseModel):
    """A form to attach, built when the mail is composed; of a list its `rows`, what is told above them, and which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: FormKind
    blank: str
    prefill: JsonFacts = {}
    flaws: dict[str, str] = {}  # fact key → what to mend, in the reader's language
    case_number: str = ""
    rows: tuple[RowOrder, ...] = ()
    lines: tuple[str, ...] = ()
    part: str = ""
    context: tuple[Line, ...] = ()  # what its reader should know of the case, and cannot change


class LetterOrder(BaseModel):
    """A mail as it stands in the outbox."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: Template
    locale: Locale
    to: Address
    root: str = ""
    in_reply_to: str = ""
    automatic_reply: bool = False
    subject_hint: str = ""
    content: Content
    enclosures: tuple[EnclosureOrder, ...] = ()
    files: tuple[
        Enclosure, ...
    ] = ()  # made, or found with the case, when it is composed; never kept in the outbox
    gathered: tuple["LetterOrder", ...] = ()  # the notices that a bundle carries

    def warned(self, warning: str) -> "LetterOrder":
        """Return the same letter with one more warning, unless it is empty."""
        if not warning:
            return self
        content = self.content.model_copy(update={"warnings": (warning, *self.content.warnings)})
        return self.model_copy(update={"content": content})

    def undelivered(self) -> "LetterOrder":
        """Return the same letter for somebody who gets it because it did not reach whom it was for."""
        return self.model_copy(update={"content": self.content.model_copy(update={"undelivered": True})})

    def without_phones(self, phones: Iterable[str]) -> "LetterOrder":
        """Return the same letter with these numbers hidden, but for what somebody filled in himself on a form."""
        hidden = frozenset(phones)
        enclosures = (
            form.model_copy(update={"context": tuple(without_phones(line, hidden) for line in form.context)})
            for form in self.enclosures
        )
        told = {
            "content": without_phones(self.content, hidden),
            "enclosures": tuple(enclosures),
            "files": tuple(without_phones(file, hidden) for file in self.files),
        }
        return self.model_copy(update=told)


def letter_of(order: LetterOrder, message_id: str, site: Site, *, token: str = "") -> Letter:
    """Turn an order into a letter: build its enclosures, name its sender; `token` proves who answers it."""
    name, email = parseaddr(site.config.smtp.sender)
    return Letter(
        template=order.template,
        locale=order.locale,
        sender=Address(email=email, name=name),
        to=order.to,
        message_id=message_id,
        root=order.root,
        in_reply_to=order.in_reply_to,
        automatic_reply=order.automatic_reply,
        subject_hint=order.subject_hint,
        content=order.content,
        enclosures=(
            *(_enclosure(enclosure, order.locale, site, token) for enclosure in order.enclosures),
            *order.files,
        ),
        gathered=tuple(letter_of(member, message_id, site) for member in order.gathered),
        token=token,
    )


def _enclosure(order: EnclosureOrder, locale: Locale, site: Site, token: str) -> Enclosure:
    form = site.catalogue.form(order.form)
    blank = next(blank for blank in form.blanks if blank.key == order.blank)
    if order.form in LIST_SHAPED:
        return _list(order, form, blank, locale, site, token)
    content = blank_form(
        form,
        blank,
        locale,
        prefill=facts_from_json(order.prefill, form),
        flaws=order.flaws,
        case_number=order.case_number or None,
        zone=site.zone,
        token=token,
        context=[(line.label, line.value) for line in order.context],
    )
    name = blank_name(form, blank, locale)
    if order.case_number or order.part:  # several forms in one mail must not overwrite each other when saved
        name = f"{name.removesuffix('.xlsx')} {order.case_number or order.part}.xlsx"
    return Enclosure(name=name, content=content, media_type=XLSX)


def _rectification(told: aftermath.Told, prefill: JsonFacts) -> EnclosureOrder:
    """Order the form of an order to rectify, filled in as far as it was (D32, D33)."""
    return EnclosureOrder(
        form=FormKind.RECTIFICATION,
        blank="rectification",
        prefill=prefill,
        flaws=told.flaws(),
        case_number=told.case.number,
        context=told.context(),
    )


def _list(
    order: EnclosureOrder, form: Form, blank: Blank, locale: Locale, site: Site, token: str
) -> Enclosure:
    rows = [RosterRow(facts_from_json(row.values, form), row.flaws, row.mark) for row in order.rows]
    content = roster(form, blank, locale, rows, lines=order.lines, zone=site.zone, token=token)
    parts = (blank_name(form, blank, locale).removesuffix(".xlsx"), order.case_number, order.part)
    return Enclosure(name=f"{' '.join(filter(None, parts))}.xlsx", content=content, media_type=XLSX)


# ---------------------------------------------------------------- who gets one


def root_id(number: str, site: Site) -> str:
    """Return the id all mails of a case hang on (RFC 5322 References)."""
    domain = site.own_address.partition("@")[2]
    return f"<case.{number}.{site.config.daemon.site}@{domain}>"


# ---------------------------------------------------------------- what it says


class Writer:
    """Writes the letters about one case; `history` are all its events so far.

    `deputised` are the roles in which the reader stands in for others.
    """

    def __init__(
        self, case: Case, history: Sequence[Event], site: Site, deputised: Sequence[str] = ()
    ) -> None:
        self._deputised = tuple(deputised)
        self.case = case
        self.history = history
        self.site = site

    @cached_property
    def grants(self) -> tuple[Authority, ...]:
        """Who may promise what in this case."""
        facts = words.typed(self.case.facts, self.site.catalogue, FormKind.COMPLAINT)
        return authority(with_issuer(facts, self.case.issued_by or None), self.site.policy)

    def order(self, person: Person, notice: Notice, event: Event) -> LetterOrder:
        """Write the letter that `notice` owes `person`."""
        locale = person.locale or self.site.locale
        template = Template(notice.template)
        content = self.content(locale, notice.reader, self._clauses(notice, event), person)
        order = LetterOrder(
            template=template,
            locale=locale,
            to=Address(email=person.email, name=person.name),
            root=root_id(self.case.number, self.site),
            subject_hint=self.subject_hint(),
            content=content.model_copy(update=self._said(notice, event, locale, person)),
            enclosures=self._enclosures(notice, event, locale),
        )
        return order if self.sees_phones(person, notice.reader) else order.without_phones(self.phones())

    def sees_phones(self, person: Person, reader: Reader) -> bool:
        """Tell whether a mail to somebody shows customers' numbers; who has to decide on the case may have to call."""
        return reader == "covering" or may_see_phone(
            person.email, self._roles_of(person), self.case, self.site
        )

    def phones(self) -> frozenset[str]:
        """Return every number the customer of the case has had."""
        return frozenset({str(self.case.facts.get(PHONE) or ""), *corrected(PHONE, self.history)})

    def content(
        self, locale: Locale, reader: Reader, clauses: Iterable[str], person: Person | None = None
    ) -> Content:
        """Say what every letter about the case says."""
        case, policy, site = self.case, self.site.policy, self.site
        stage = policy.stage(case.stage)
        roles = self._roles_of(person) if person else ()
        return Content(
            reader=reader,
            zone=site.config.daemon.timezone,
            case_number=case.number,
            reader_role=words.role_titles(
                [role for role in roles if role in self._concerned()][:1], policy, locale
            ),
            grade=policy.grade(case.grade).title.get(locale),
            grade_key=case.grade,
            customer=str(case.facts.get("customer_name", "")),
            summary=self.summary(locale),
            opened_at=case.opened_at,
            due=case.due,
            window="" if stage.window is None else words.span(stage.window, locale),
            owners=self._holders(case.owners, locale),
            next_owners=self._holders(self._taking_over(stage), locale),
            next_told=self._holders(self._told_only(stage), locale),
            standing=stage.window is None and case.is_open,
            incomplete=case.status is Status.INCOMPLETE,
            held_until=case.held_until,
            why=tuple(
                Why(clause=key, text=policy.clause(key).text.get(locale)) for key in dict.fromkeys(clauses)
            ),
            reason=self._reason(locale),
            facts=tuple(Line(label=label, value=value) for label, value in self._fact_lines(locale)),
            history=tuple(self._steps(locale)),
            authority=words.authority(self.grants, roles, locale) if reader == "owner" else "",
            warnings=case.warnings if reader == "owner" else (),
        )

    def _roles_of(self, person: Person) -> tuple[str, ...]:
        """Return the reader's roles, those he stands in for before his own."""
        return tuple(dict.fromkeys((*self._deputised, *self.site.roles_of(person.email))))

    def subject_hint(self) -> str:
        """Return the words behind the case number in the subject: the same for every mail and reader of the case."""
        name = str(self.case.facts.get("customer_name", ""))
        return " ".join(word for word in (name, self.summary_category(self.site.locale)) if word)

    def summary_category(self, locale: Locale) -> str:
        """Return the category in words."""
        field = self.site.catalogue.form(FormKind.COMPLAINT).field("category")
        key = self.case.facts.get("category")
        return words.choice(field, str(key), locale) if key else ""

    def summary(self, locale: Locale) -> str:
        """Return the complaint in one line: its category and the beginning of the description."""
        colon = words.COLON.get(locale)
        parts = (self.summary_category(locale), self.short_description())
        return colon.join(part for part in parts if part)

    def short_description(self) -> str:
        """Return the beginning of the description, on one line."""
        return words.shortened(str(self.case.facts.get("description", "")), 60)

    def line(self, locale: Locale, *, again: bool = False) -> CaseLine:
        """Return the case as one line of an acknowledgement."""
        case = self.case
        graded = case.status is not Status.INCOMPLETE
        return CaseLine(
            number=case.number,
            customer=str(case.facts.get("customer_name", "")),
            summary=self.summary(locale),
            grade=self.site.policy.grade(case.grade).title.get(locale) if graded else "",
            grade_key=case.grade,
            owners=self._holders(case.owners, locale),
            due=case.due,
            again=again,
        )

    def _clauses(self, notice: Notice, event: Event) -> list[str]:
        clauses = [notice.clause]
        if isinstance(event, Penalised):
            clauses = [event.clause, notice.clause]
        elif notice.template in _OF_A_STAGE and not isinstance(event, TaskOpened | TaskOverdue):
            lapse = self._last_lapse()
            clauses = [*([lapse.clause] if lapse else []), notice.clause, self.case.grade_clause]
        return [clause for clause in clauses if clause]

    def _said(self, notice: Notice, event: Event, locale: Locale, person: Person) -> dict[str, object]:
        if notice.template == Template.CHANGED and isinstance(event, Changed):
            return {"change": change_of(event, self.site, locale)}
        return self._about(notice, event, locale, person)

    def _about(self, notice: Notice, event: Event, locale: Locale, person: Person) -> dict[str, object]:
        """Say what this one event adds."""
        said = aftermath.Told(self.case, event, self.site, locale).content()
        if said is not None:
            return said
        match event:
            case TaskOpened():
                return {"task": True, "due": event.due, "standing": False, **self._task_window(event, locale)}
            case TaskOverdue():
                return self._overdue(event, locale)
            case Penalised():
                steps = tuple(self._steps(locale, event.party))
                return {**judged(event, self.case, self.history, self.site, locale, person), "history": steps}
            case Reminded():
                return {"due": event.due}
            case Escalated():
                return self._escalation(event, locale)
            case Refused() if event.asked != "report":
                return asked(event, self.case, self.history, self.site, locale, person, notice.reader)
            case Refused():
                return self._refusal(event, locale, person)
            case Resolved():
                return {
                    "outcome": tuple(Line(label=a, value=b) for a, b in self._outcome(event.facts, locale)),
                    "resolved_by": words.party(event.by, self.site.policy, locale),
                    **aftermath.settled(self.case, self.site, locale, person),
                }
            case _:
                return {}

    def _task_window(self, event: TaskOpened, locale: Locale) -> dict[str, object]:
        return {"window": words.span(event.due - event.at, locale)}

    def _overdue(self, event: TaskOverdue, locale: Locale) -> dict[str, object]:
        late = "" if event.fine_at is None or event.unfined == "fined-before" else event.unfined or ""
        return {
            "task": True,
            "due": event.due,
            "standing": False,
            "reason": "",
            "previous_owners": self._holders([event.role], locale),
            "unfined": late,
            "fine_at": event.fine_at,
        }

    def _escalation(self, event: Escalated, locale: Locale) -> dict[str, object]:
        lapse = self._last_lapse()
        return {
            "previous_grade": self.site.policy.grade(event.from_).title.get(locale),
            "lapsed_at": lapse.due if lapse else None,
            "previous_owners": self._holders(lapse.roles, locale) if lapse else "",
        }

    def _refusal(self, event: Refused, locale: Locale, person: Person) -> dict[str, object]:
        promised = words.concession(event.facts, locale)
        roles = self._roles_of(person)
        detail = [
            words.PROMISED.get(locale).format(what=promised) if promised else "",
            words.MAY.get(locale).format(what=words.authority(self.grants, roles, locale))
            if promised
            else "",
            str(event.facts.get("unclear", "")),
        ]
        return {
            "refusal": event.reason,
            "refusal_detail": "\n".join(part for part in detail if part),
            "sent_to": self._holders(event.sent_to, locale),
            "outcome": tuple(Line(label=a, value=b) for a, b in self._outcome(event.facts, locale)),
            "resolved_by": words.party(event.by, self.site.policy, locale),
        }

    def _outcome(self, facts: JsonFacts, locale: Locale) -> list[tuple[str, str]]:
        told = {key: value for key, value in facts.items() if key != "case_number"}
        return words.lines(told, self.site.catalogue, FormKind.HANDLING, locale, self.site.zone)

    def _enclosures(self, notice: Notice, event: Event, locale: Locale) -> tuple[EnclosureOrder, ...]:
        """Attach the handling form, prefilled, for whoever is to act; the order to rectify where it is that."""
        if notice.template == Template.APPEAL and notice.reader == "owner" and isinstance(event, Penalised):
            return (self._ruling_form(event.penalty, locale),)
        told = aftermath.Told(self.case, event, self.site, locale)
        if told.is_mine:
            known = told.prefill() if notice.reader in ("owner", "reporter") else None
            return () if known is None else (_rectification(told, known),)
        late = isinstance(event, TaskOverdue)
        acts = notice.reader == "owner" and (late or notice.template in ("assignment", "escalation"))
        if not acts and notice.reader != "covering":
            return ()
        prefill: JsonFacts = {"case_number": self.case.number}
        if isinstance(event, Refused) and event.asked == "report":
            prefill |= {
                key: value for key, value in event.facts.items() if key not in ("unclear", "filled_in_by")
            }
        return (EnclosureOrder(form=FormKind.HANDLING, blank="handling", prefill=prefill),)

    def _ruling_form(self, penalty: int, locale: Locale) -> EnclosureOrder:
        """Order the form that whoever rules may send back, with all that was said of the penalty (D31)."""
        return EnclosureOrder(
            form=FormKind.RULING,
            blank="ruling",
            prefill={"case_number": self.case.number, "penalty": str(penalty)},
            context=story_of_penalty(penalty, self.history, self.site, locale),
        )

    def _taking_over(self, stage: Stage) -> tuple[str, ...]:
        """Return who would be responsible after a lapse, where that is somebody else."""
        following = () if stage.on_lapse is None else self.site.policy.stage(stage.on_lapse.stage).owners
        return following if set(following) != set(stage.owners) else ()

    def _told_only(self, stage: Stage) -> tuple[str, ...]:
        """Return who is told of a lapse that leaves the case with the same people (D08, D18)."""
        if stage.on_lapse is None or self._taking_over(stage):
            return ()
        return stage.on_lapse.report_to

    def _concerned(self) -> tuple[str, ...]:
        case = self.case
        return (
            *case.owners,
            *(task.role for task in case.tasks),
            *case.told,
            *self.site.policy.resolved_notice,
        )

    def _holders(self, roles: Iterable[str], locale: Locale) -> str:
        site = self.site
        named = (words.office_holders(role, site.people(role), site.policy, locale) for role in roles)
        return words.JOIN.get(locale).join(named)

    def _reason(self, locale: Locale) -> str:
        row = self.case.grade_reason
        return (
            self.site.policy.grading[int(row) - 1].reason.get(locale) if row and not self.case.lapses else ""
        )

    def _fact_lines(self, locale: Locale) -> list[tuple[str, str]]:
        return words.lines(self.case.facts, self.site.catalogue, FormKind.COMPLAINT, locale, self.site.zone)

    def _steps(self, locale: Locale, penalised: Party | None = None) -> Iterable[Step]:
        """Tell the history; findings and penalties only in a mail about one, and only those of the same person."""
        for event in filter(about(penalised), self.history):
            text = words.step(event, self.site.policy, locale)
            if text:
                yield Step(at=event.at, text=text)

    def _last_lapse(self) -> Lapsed | None:
        lapses = [event for event in self.history if isinstance(event, Lapsed)]
        return lapses[-1] if lapses else None
