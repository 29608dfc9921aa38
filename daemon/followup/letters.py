"""The letters about a day's follow-up calls: whom to call, what is overdue, what a missed call costs (D22–D25, D30)."""

from collections.abc import Collection, Iterable, Sequence

from daemon import words
from daemon.config import Person
from daemon.followup import wording
from daemon.letters import EnclosureOrder, LetterOrder, RowOrder, root_id
from daemon.site import Site
from daemon.standing import about, asked, judged
from mailer.letter import Address, Content, Customer, FollowUp, Step, Template, Why
from rules.after_events import Delivery, Drawn, Listed
from rules.after_rules import Calls
from rules.case import Case, Task
from rules.case_parts import Call
from rules.events import Event, Party, Penalised, Refused, Reminded, TaskOverdue
from rules.fields import FormKind
from rules.follow_up import calls_of, customer_of
from rules.locales import Locale
from rules.notices import Notice, Reader

_GIVEN = ("customer_name", "customer_phone", "plate_no", "vin", "business")
_LISTING = frozenset({"task-list", "reminder", "overdue"})


class DayWriter:
    """Writes the letters about one day; `history` are all its events so far, `key_customers` who complained lately."""

    def __init__(
        self, case: Case, history: Sequence[Event], site: Site, key_customers: Collection[str] = ()
    ) -> None:
        self.case = case
        self.history = history
        self.site = site
        self.key_customers = key_customers

    def order(self, person: Person, notice: Notice, event: Event) -> LetterOrder:
        """Write the letter that `notice` owes `person`."""
        locale = person.locale or self.site.locale
        content = self._content(locale, notice.reader, self._clauses(notice, event))
        content = content.model_copy(update=self._about(notice, event, locale, person))
        order = LetterOrder(
            template=Template(notice.template),
            locale=locale,
            to=Address(email=person.email, name=person.name),
            root=root_id(self.case.number, self.site),
            subject_hint=self.subject_hint(),
            content=content,
            enclosures=self._enclosures(notice, event, locale),
        )
        if self._calls_himself(notice, event) or self.site.may_see_phones(self.site.roles_of(person.email)):
            return order
        return order.without_phones(delivery.customer_phone for delivery in self.case.deliveries)

    def _calls_himself(self, notice: Notice, event: Event) -> bool:
        """Tell whether a mail is for whoever has to call, or has to find somebody who does."""
        return notice.reader == "owner" or isinstance(event, Drawn)

    def subject_hint(self) -> str:
        """Return the words behind the number in the subject: the same for every mail of the day."""
        return wording.OF_A_DAY.get(self.site.locale).format(day=self.case.day)

    def _content(self, locale: Locale, reader: Reader, clauses: Iterable[str]) -> Content:
        policy = self.site.policy
        return Content(
            reader=reader,
            zone=self.site.config.daemon.timezone,
            case_number=self.case.number,
            why=tuple(
                Why(clause=key, text=policy.clause(key).text.get(locale))
                for key in dict.fromkeys(clauses)
                if key
            ),
        )

    def _clauses(self, notice: Notice, event: Event) -> list[str]:
        own = getattr(event, "clause", "")
        task = self._task_of(event)
        return [own, "" if task is None else task.clause, notice.clause]

    def _about(self, notice: Notice, event: Event, locale: Locale, person: Person) -> dict[str, object]:
        match event:
            case Drawn() | Reminded() | TaskOverdue():
                return self._calls(notice, event, locale)
            case Listed():
                return self._late(event, locale)
            case Penalised():
                told = judged(event, self.case, self.history, self.site, locale, person)
                return {**told, **self._of_customer(event, locale)}
            case Refused():
                told = asked(event, self.case, self.history, self.site, locale, person, notice.reader)
                return {**told, "follow_up": FollowUp(kind="call", day=str(self.case.day))}
            case _:
                return {"follow_up": FollowUp(kind="call", day=str(self.case.day))}

    def _of_customer(self, event: Penalised, locale: Locale) -> dict[str, object]:
        """Say which customer's call a penalty is about, and what led to it."""
        penalty = self.case.penalty(event.penalty)
        delivery = None if penalty is None else customer_of(penalty, self.case)
        line = None if delivery is None else self.customer(delivery, locale)
        summary = "" if line is None else " · ".join(filter(None, (line.phone, line.car, line.business)))
        return {
            "customer": "" if line is None else line.name,
            "summary": summary,
            "follow_up": FollowUp(kind="call", day=str(self.case.day)),
            "history": tuple(self._steps(locale, event.party)),
        }

    def _steps(self, locale: Locale, party: Party) -> Iterable[Step]:
        for event in filter(about(party), self.history):
            if text := words.step(event, self.site.policy, locale):
                yield Step(at=event.at, text=text)

    def _late(self, event: Listed, locale: Locale) -> dict[str, object]:
        late = FollowUp(kind="late", day=str(event.day), taken=len(event.rows), known=event.known)
        return {"follow_up": late, "resolved_by": words.party(event.by, self.site.policy, locale)}

    # ------------------------------------------------------------ whom to call

    def _calls(
        self, notice: Notice, event: Drawn | Reminded | TaskOverdue, locale: Locale
    ) -> dict[str, object]:
        task, rule = self._task_of(event), self._rule_of(event)
        if task is None or rule is None:
            return {}
        calls = self._in_order(task)
        vacant = not self.site.people(task.role)
        titles = words.role_titles([task.role], self.site.policy, locale)
        told = FollowUp(
            kind="calls",
            day=str(self.case.day),
            duty=rule.title.get(locale),
            total=len(calls),
            made=sum(call.reached for call in calls),
            fresh=len(event.customers) if isinstance(event, Drawn) else 0,
            sample=self.explanation(rule, locale) if isinstance(event, Drawn) else "",
            vacant=titles if vacant and notice.reader == "informed" else "",
            customers=tuple(self._open_customers(calls, event, locale)),
            unfined=isinstance(event, Drawn) and event.late,
        )
        owed = self._holders(task.role, locale)
        return {
            "follow_up": told,
            "task": True,
            "due": task.due,
            "reader_role": titles if notice.reader == "owner" else "",
            "previous_owners": owed,
        }

    def _open_customers(self, calls: Iterable[Call], event: Event, locale: Locale) -> Iterable[Customer]:
        fresh = set(event.customers) if isinstance(event, Drawn) else set()
        all_fresh = all(call.customer in fresh for call in calls)
        for call in calls:
            delivery = self.case.delivery(call.customer)
            if delivery is not None and not call.reached:
                marks = self.marks(call, set() if all_fresh else fresh, locale)
                yield self.customer(delivery, locale, mark=marks)

    def _in_order(self, task: Task) -> list[Call]:
        """Return whom a duty has to call, as the lists have them."""
        place = {delivery.key: number for number, delivery in enumerate(self.case.deliveries)}
        return sorted(calls_of(self.case, task.task), key=lambda call: place.get(call.customer, 0))

    def customer(self, delivery: Delivery, locale: Locale, mark: str = "") -> Customer:
        """Name a customer, his car and why it was here."""
        field = self.site.catalogue.form(FormKind.DELIVERIES).field("business")
        return Customer(
            name=delivery.customer_name,
            phone=delivery.customer_phone,
            car=delivery.plate_no or delivery.vin,
            business=words.choice(field, delivery.business, locale),
            mark=mark,
        )

    def marks(self, call: Call, fresh: Collection[str], locale: Locale) -> str:
        """Say what is special about a call: new on the list, a key customer, tried before."""
        marks = (
            (wording.NEW, call.customer in fresh),
            (wording.KEY_CUSTOMER, call.customer in self.key_customers),
            (wording.TRIED, call.attempts > 0 and not call.reached),
        )
        return words.JOIN.get(locale).join(mark.get(locale) for mark, holds in marks if holds)

    def explanation(self, rule: Calls, locale: Locale) -> str:
        """Say how many are called of how many, and how they were drawn (D23)."""
        pool = sum(delivery.business in rule.businesses for delivery in self.case.deliveries)
        n = len(calls_of(self.case, rule.task))
        if n >= pool:
            return wording.WHOLE.get(locale).format(pool=pool)
        return wording.SAMPLE.get(locale).format(
            share=words.percentage(rule.share),
            pool=pool,
            exact=f"{(pool * rule.share / 100).normalize():f}",
            n=n,
            number=self.case.number,
        )

    def call_list(self, task: Task, locale: Locale, fresh: Collection[str] = ()) -> EnclosureOrder:
        """Order the list of customers whom a duty still has to call, to be filled in and sent back."""
        calls = [call for call in self._in_order(task) if not call.reached]
        rule = next((r for r in self._rules() if r.task == task.task), None)
        lines = [] if rule is None else [f"{self._heading(rule, locale)} — {self.explanation(rule, locale)}"]
        return EnclosureOrder(
            form=FormKind.CALLS,
            blank="calls",
            case_number=self.case.number,
            rows=tuple(
                RowOrder(values=self._row(delivery), mark=self.marks(call, fresh, locale))
                for call in calls
                if (delivery := self.case.delivery(call.customer)) is not None
            ),
            lines=tuple(lines),
            part="" if rule is None else rule.title.get(locale),
        )

    def _heading(self, rule: Calls, locale: Locale) -> str:
        return f"{self.case.number} · {self.case.day} · {rule.title.get(locale)}"

    def _row(self, delivery: Delivery) -> dict[str, object]:
        given = {key: getattr(delivery, key) for key in _GIVEN if getattr(delivery, key)}
        return {**given, "delivered_on": str(self.case.day)}

    def _enclosures(self, notice: Notice, event: Event, locale: Locale) -> tuple[EnclosureOrder, ...]:
        task = self._task_of(event)
        if task is None or notice.template not in _LISTING:
            return ()
        if notice.reader != "owner" and not isinstance(event, Drawn):
            return ()
        calls = calls_of(self.case, task.task)
        fresh = set(event.customers) if isinstance(event, Drawn) else set()
        every = all(call.customer in fresh for call in calls)
        order = self.call_list(task, locale, set() if every else fresh)
        return (order,) if order.rows else ()

    # ------------------------------------------------------------ whose it is

    def _task_of(self, event: Event) -> Task | None:
        match event:
            case Drawn() | TaskOverdue():
                return self.case.task(event.task)
            case Reminded():
                return self.case.task(event.about.removeprefix("task:"))
            case _:
                return None

    def _rule_of(self, event: Event) -> Calls | None:
        task = self._task_of(event)
        return (
            None if task is None else next((rule for rule in self._rules() if rule.task == task.task), None)
        )

    def _rules(self) -> tuple[Calls, ...]:
        follow_up = self.site.policy.follow_up
        return () if follow_up is None else follow_up.calls

    def _holders(self, role: str, locale: Locale) -> str:
        return words.office_holders(role, self.site.people(role), self.site.policy, locale)
