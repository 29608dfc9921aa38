"""Taking in the lists that people send: deliveries and call results, row by row, and the one answer to their sender.

Good rows count at once, in the same commit as the message; bad ones are named by cell and sent back to be mended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from daemon import words
from daemon.asking import Unproven
from daemon.docket import Docket
from daemon.followup import wording
from daemon.followup.recording import Recorded, Recorder
from daemon.followup.rows import ListRow, by_day, call_of, delivery_of, rows_of
from daemon.ledger import Entry
from daemon.letters import EnclosureOrder, LetterOrder, RowOrder, Writer, root_id
from mailer.letter import Address, Content, Customer, Flaw, FollowUp, Line, Template
from mailer.message import Message
from parsers.reply_call_lines import SaidCall, not_understood
from parsers.results import ParsedFile, ParsedForm, Severity
from rules.case import Case
from rules.commands import ReceiveList, RecordCall
from rules.events import Party
from rules.facts import facts_to_json
from rules.fields import FormKind
from rules.follow_up import number_of
from rules.locales import Locale, Text

LISTS = (FormKind.DELIVERIES, FormKind.CALLS)
_QUOTED = 20  # rows of call results that are quoted to whoever is asked whether they are his


@dataclass(frozen=True)
class RefusedRow:
    """A row that could be read and did not count."""

    name: str
    phone: str
    car: str
    reason: Text
    asked_back: bool = False  # it could not be understood: only its sender is asked


@dataclass(frozen=True)
class DayTaken:
    """What a list brought to one day."""

    before: Case | None
    after: Case

    @property
    def new(self) -> int:
        """How many cars came on the day's lists with it."""
        return len(self.after.deliveries) - (0 if self.before is None else len(self.before.deliveries))

    @property
    def new_calls(self) -> dict[str, list[bool]]:
        """The customers drawn with it, by duty: whether each came too late to be called in time."""
        calls = self.after.calls[0 if self.before is None else len(self.before.calls) :]
        found: dict[str, list[bool]] = {}
        for call in calls:
            found.setdefault(call.task, []).append(call.late)
        return found


@dataclass
class Taken:
    """What became of the lists of one kind in a message."""

    kind: Literal["deliveries", "results"]
    rows: list[tuple[ParsedFile | None, ListRow]] = field(default_factory=list)
    days: list[DayTaken] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)  # days and complaints that took results
    opened: list[Case] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    taken: int = 0
    known: int = 0

    @property
    def flawed(self) -> bool:
        """Tell whether something is to be mended."""
        return any(row.bad or _beside(row.form) for _, row in self.rows)

    @property
    def touched(self) -> list[Case]:
        """Every case concerned, once."""
        cases = [*(day.after for day in self.days), *self.cases, *self.opened]
        return list({case.number: case for case in cases}.values())

    @property
    def reasons(self) -> str:
        """Why the message is set aside, in English for the ledger."""
        return "; ".join(f"{cell.cell} {cell.message.en}" for _, row in self.rows for cell in row.bad)


class ListIntake:
    """Takes the lists of one message in."""

    def __init__(self, docket: Docket, entry: Entry, sender: Party, now: datetime) -> None:
        self._docket, self._entry, self._sender, self._now = docket, entry, sender, now
        self._recorder = Recorder(docket, entry, now)

    def take(self, files: Sequence[tuple[ParsedFile, ParsedForm]]) -> list[Taken]:
        """Take every row in; deliveries first, so that results of the same message find their customers."""
        found = [self._kind(kind, [(f, form) for f, form in files if form.kind is kind]) for kind in LISTS]
        return [taken for taken in found if taken.rows]

    def _kind(self, kind: FormKind, forms: Sequence[tuple[ParsedFile, ParsedForm]]) -> Taken:
        taken = Taken("deliveries" if kind is FormKind.DELIVERIES else "results")
        for file in dict.fromkeys(file.file for file, _ in forms):
            own = [(f, form) for f, form in forms if f.file == file]
            rows = rows_of([form for _, form in own], self._now, self._docket.site.zone)
            taken.rows += [(f, row) for (f, _), row in zip(own, rows, strict=True)]
        if kind is FormKind.DELIVERIES:
            self._take_deliveries(taken)
        else:
            self._take_results(taken)
        return taken

    def _take_deliveries(self, taken: Taken) -> None:
        follow_up = self._docket.site.policy.follow_up
        for day, rows in by_day(row for _, row in taken.rows).items():
            before = None if follow_up is None else self._entry.case(number_of(day, follow_up))
            after = self._docket.receive(self._entry, ReceiveList(self._sender, day, tuple(rows)), self._now)
            if after is None:
                taken.refused += [_refused_delivery(row) for _, row in taken.rows if not row.bad]
                return
            taken.days.append(brought := DayTaken(before, after))
            taken.taken += brought.new
            taken.known += len(rows) - brought.new

    def _take_results(self, taken: Taken) -> None:
        for _, row in taken.rows:
            if not row.bad:
                day = row.form.facts.get("delivered_on")
                command = call_of(row.form, self._sender)
                self._note(
                    taken, command, self._recorder.record(command, day if isinstance(day, date) else None)
                )

    def _note(self, taken: Taken, command: RecordCall, recorded: Recorded) -> None:
        taken.cases += recorded.cases
        if recorded.opened is not None:
            taken.opened.append(recorded.opened)
        if recorded.refused is None:
            taken.taken += 1
        elif recorded.refused == "already-recorded":
            taken.known += 1
        else:
            taken.refused.append(_refused_call(command, wording.REFUSALS[recorded.refused]))
            if not recorded.cases:
                line = wording.UNLISTED.model_dump_json(by_alias=True)
                self._entry.note_activity(self._now, "call-not-on-list", line)

    def words(self, day: Case, said: Sequence[SaidCall], text: str) -> Taken:
        """Take results written in a reply to the mails of a day; `text` is all of it."""
        taken = Taken("results")
        if not said:
            excerpt = " ".join(text.split())[:60]
            taken.refused.append(RefusedRow(excerpt or "…", "", "", not_understood(), asked_back=True))
        for one in said:
            command = _command(one, self._sender)
            unclear = one.unclear or (None if one.phone or one.name else not_understood())
            if unclear is not None:
                taken.refused.append(replace(_refused_call(command, unclear), asked_back=True))
            else:
                self._note(taken, command, self._recorder.record(command, day.day))
        return taken

    def word(self, case: Case, said: SaidCall) -> Taken | None:
        """Take a result written in a reply on a complaint's thread; None where nobody waits for a call (D34, D35)."""
        command = _command(said, self._sender)
        if said.unclear is not None or not any(
            event.kind == "called" for event in self._docket.foresee(case, command, self._now)
        ):
            return None
        taken = Taken("results")
        self._note(taken, command, self._recorder.record_on(case, command))
        return taken


def _command(said: SaidCall, by: Party) -> RecordCall:
    return RecordCall(
        by=by,
        reached=said.reached,
        phone=said.phone,
        name=said.name,
        satisfied=said.satisfied,
        complaint=said.complaint,
        note=said.note,
    )


def _refused_delivery(row: ListRow) -> RefusedRow:
    of = delivery_of(row.form)
    return RefusedRow(of.customer_name, of.customer_phone, of.plate_no or of.vin, wording.NO_FOLLOW_UP)


def _refused_call(command: RecordCall, reason: Text) -> RefusedRow:
    return RefusedRow(command.name, command.phone, command.plate_no or command.vin, reason)


def _beside(form: ParsedForm) -> bool:
    """Tell whether something beside a row could not be read, such as rows that are too many."""
    return any(problem.severity is Severity.ERROR and not problem.key for problem in form.problems)


# ---------------------------------------------------------------- what is answered


def answer(docket: Docket, message: Message, sender: Party, taken: Taken) -> LetterOrder:
    """Return the one answer to a list: what counts now, whom that has called, what is to be mended."""
    locale = docket.site.locale_of(sender.email)
    told = _told(docket, taken, locale)
    lines = tuple(Writer(case, (), docket.site_of(case)).line(locale) for case in taken.opened)
    day = _day(taken)
    content = Content(
        reader="sender",
        zone=docket.site.config.daemon.timezone,
        case_number="" if day is None else day.number,
        follow_up=told,
        cases=lines,
        flaws=tuple(flaw for file, row in taken.rows for flaw in _flaws(file, row, locale)),
        quarantined=taken.flawed,
    )
    return LetterOrder(
        template=Template.FORM_PROBLEMS if taken.flawed else Template.ACKNOWLEDGEMENT,
        locale=locale,
        to=Address(email=sender.email, name=sender.name),
        root="" if day is None else root_id(day.number, docket.site),
        subject_hint="" if day is None else wording.OF_A_DAY.get(docket.site.locale).format(day=day.day),
        in_reply_to=message.message_id,
        automatic_reply=True,
        content=content,
        enclosures=tuple(_to_mend(taken, locale)),
    )


def _day(taken: Taken) -> Case | None:
    """Return the day a list is about, where it is about one."""
    days = [case for case in taken.touched if case.kind == "follow-up"]
    return days[0] if len(days) == 1 else None


def _told(docket: Docket, taken: Taken, locale: Locale) -> FollowUp:
    days = [str(day.after.day) for day in taken.days]
    return FollowUp(
        kind=taken.kind,
        day=words.JOIN.get(locale).join(days),
        taken=taken.taken,
        known=taken.known,
        unfined=any(any(late) for day in taken.days for late in day.new_calls.values()),
        lists=tuple(
            Line(label=str(day.after.day), value=_brought(docket, day, locale)) for day in taken.days
        ),
        customers=tuple(_customer(row, locale) for row in taken.refused),
    )


def _customer(row: RefusedRow, locale: Locale) -> Customer:
    return Customer(
        name=row.name or row.phone or row.car, phone=row.phone, car=row.car, note=row.reason.get(locale)
    )


def _brought(docket: Docket, taken: DayTaken, locale: Locale) -> str:
    """Say how many each caller has to call more, and by when."""
    site = docket.site_of(taken.after)
    lines = []
    for key, late in taken.new_calls.items():
        task = taken.after.task(key)
        if task is None:
            continue
        who = words.office_holders(task.role, site.people(task.role), site.policy, locale)
        if count := late.count(False):
            due = words.moment(task.due, site.zone)
            lines.append(wording.DUTY_LINE.get(locale).format(who=who, n=count, due=due))
        if count := late.count(True):
            lines.append(wording.DUTY_LATE.get(locale).format(who=who, n=count))
    return "\n".join(lines) or wording.NOBODY_NEW.get(locale)


def _flaws(file: ParsedFile | None, row: ListRow, locale: Locale) -> list[Flaw]:
    name, form = ("" if file is None else file.file), row.form
    labels = {problem.key: problem.label for problem in form.problems}
    found = [(cell.cell, _label(cell.key, labels).get(locale), cell.message.get(locale)) for cell in row.bad]
    found += [
        (problem.cell, problem.label.get(locale), problem.message.get(locale))
        for problem in form.problems
        if not problem.key and problem.severity is Severity.ERROR
    ]
    return [
        Flaw(file=name, sheet=form.sheet, cell=cell, label=label, message=message, required=True)
        for cell, label, message in found
    ]


def _label(key: str, labels: dict[str, Text]) -> Text:
    return labels.get(key) or wording.LABELS[key]


def _to_mend(taken: Taken, locale: Locale) -> list[EnclosureOrder]:
    """Order a list of the rows to mend, with what could be read and the cells coloured."""
    bad = [row for _, row in taken.rows if row.bad]
    if not bad:
        return []
    kind = FormKind.DELIVERIES if taken.kind == "deliveries" else FormKind.CALLS
    rows = tuple(
        RowOrder(
            values=facts_to_json(row.form.facts),
            flaws={cell.key: cell.message.get(locale) for cell in row.bad},
        )
        for row in bad
    )
    return [EnclosureOrder(form=kind, blank=kind.value, rows=rows)]


def unproven(
    docket: Docket, sender: Party, forms: Sequence[tuple[ParsedFile, ParsedForm]], number: str
) -> Unproven:
    """Return what call results say that may not act by their From alone: a line for each, as many as can be read."""
    site, locale = docket.site, docket.site.locale_of(sender.email)
    lines = []
    for _, form in forms[:_QUOTED]:
        told = words.lines(facts_to_json(form.facts), site.catalogue, form.kind, locale, site.zone)
        lines.append(words.JOIN.get(locale).join(value for _, value in told))
    rest = [f"… +{len(forms) - _QUOTED}"] if len(forms) > _QUOTED else []
    return Unproven(number, "\n".join([*dict.fromkeys(file.file for file, _ in forms), *lines, *rest]))


def told_to_care(docket: Docket, sender: Party, taken: Taken) -> list[LetterOrder]:
    """Return what customer care hears of results that were refused; who sent them knows already."""
    follow_up = docket.site.policy.follow_up
    refused = [row for row in taken.refused if not row.asked_back]
    if follow_up is None or taken.kind != "results" or not refused:
        return []
    taken = replace(taken, refused=refused)
    orders = []
    for person in (person for role in follow_up.told for person in docket.site.people(role)):
        locale = person.locale or docket.site.locale
        if person.email.lower() != sender.email.lower():
            content = Content(
                reader="informed",
                zone=docket.site.config.daemon.timezone,
                follow_up=_told(docket, taken, locale),
                resolved_by=words.party(sender, docket.site.policy, locale),
            )
            to = Address(email=person.email, name=person.name)
            orders.append(
                LetterOrder(template=Template.AUTHORITY_EXCEEDED, locale=locale, to=to, content=content)
            )
    return orders
