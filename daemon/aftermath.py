"""What mails say of the time after the grade: orders to rectify, approvals, telling the customer (D32–D36, D40)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from daemon import after_words, words
from daemon.config import Person
from daemon.site import Site
from mailer.letter import ApprovalStanding, Flaw, Line, OrderStanding
from rules.after_events import Approval, ApprovalOf, Rectified
from rules.after_rules import Duty
from rules.case import Case
from rules.closing import missing, order_of
from rules.events import Event, JsonFacts, Party, Refused, Reminded, TaskOpened, TaskOverdue
from rules.fields import FormKind
from rules.locales import Locale, Text

_OF_THE_CASE = ("customer_name", "plate_no", "vin", "car_model", "category", "description", "demand")
_SHOWN = 500  # characters of a text that stands on the form only to be read
_MISSING = Text(zh_hant="必填，請補上", zh_hans="必填，请补上", en="this is required; please fill it in")
_RECEIVED = Text(zh_hant="受理時間", zh_hans="受理时间", en="Received")
_UNTIL = Text(zh_hant="暫停至", zh_hans="暂停至", en="Stopped until")
_CHANGE = Text(zh_hant="{was} → {now}", zh_hans="{was} → {now}", en="{was} → {now}")


class Told:
    """One event of a case, told to one reader in his language."""

    def __init__(self, case: Case, event: Event, site: Site, locale: Locale) -> None:
        self.case, self.event, self.site, self.locale = case, event, site, locale

    # ------------------------------------------------------------ what it says

    def content(self) -> dict[str, object] | None:
        """Return what this event adds to a letter; None where it is no business of this module."""
        match self.event:
            case Rectified():
                return {"due": None, "reason": "", "rectification": self._order(self.event.facts, self.event)}
            case Refused() if self.event.asked == "rectification" and self.event.reason == "incomplete":
                return self._incomplete(self.event)
            case Approval():
                return self._approval(self.event)
            case Reminded() if self.event.about.startswith("approval:"):
                return self._approval_waiting(self.event)
            case _:
                return self._of_duty()

    @property
    def is_mine(self) -> bool:
        """Tell whether a mail about this event is worded here."""
        return self.content() is not None

    def _of_duty(self) -> dict[str, object] | None:
        duty = self.duty
        if duty is None:
            return None
        title = "" if duty.title is None else duty.title.get(self.locale)
        said: dict[str, object] = {
            "due": getattr(self.event, "due", None),
            "standing": False,
            "reason": "",
            "duty_title": title or duty.key,
            "duty_done_by": duty.done_by,
            "next_owners": "",
            "next_told": "" if duty.overdue is None else self._holders(duty.overdue.notify),
        }
        if isinstance(self.event, TaskOverdue):
            late = "" if self.event.unfined in (None, "fined-before") else self.event.unfined
            owing = self._holders([self.event.role])
            return said | {"previous_owners": owing, "unfined": late, "fine_at": self.event.fine_at}
        if isinstance(self.event, TaskOpened):
            return said | {"refusal_detail": self.event.note, "rectification": self._blank_order()}
        return said

    @property
    def duty(self) -> Duty | None:
        """The duty the event is about; None where it is about none, or about a written report (D26)."""
        event = self.event
        match event:
            case TaskOpened() | TaskOverdue():
                duty = self.site.policy.duty(event.task)
            case Reminded() if event.about.startswith("task:"):
                duty = self.site.policy.duty(event.about.partition(":")[2])
            case _:
                return None
        return None if duty is None or duty.done_by == "report" else duty

    def _order(self, facts: JsonFacts, event: Rectified | Refused | None = None) -> OrderStanding:
        by = "" if event is None else words.party(event.by, self.site.policy, self.locale)
        lines = self._lines(FormKind.RECTIFICATION, facts)
        return OrderStanding(lines=lines, by=by, required=self._required())

    def _blank_order(self) -> OrderStanding:
        return OrderStanding(required=self._required())

    def _required(self) -> str:
        rule = self.site.policy.rectification
        labels = self._labels(() if rule is None else rule.required)
        return words.JOIN.get(self.locale).join(labels.values())

    def _labels(self, keys: Iterable[str]) -> dict[str, str]:
        fields = {field.key: field for field in self.site.catalogue.form(FormKind.RECTIFICATION).fields}
        return {key: fields[key].label.get(self.locale) if key in fields else key for key in keys}

    def _lines(self, kind: FormKind, facts: JsonFacts) -> tuple[Line, ...]:
        known = {key: value for key, value in facts.items() if key != "case_number"}
        told = words.lines(known, self.site.catalogue, kind, self.locale, self.site.zone)
        return tuple(Line(label=label, value=value) for label, value in told)

    def _incomplete(self, event: Refused) -> dict[str, object]:
        task = order_of(self.case, self.site.policy)
        return {
            "asked": event.asked,
            "refusal": event.reason,
            "reason": "",
            "due": None if task is None else task.due,
            "flaws": tuple(self._flaws(event)),
            "rectification": self._order(event.facts, event),
        }

    def _flaws(self, event: Refused) -> Iterator[Flaw]:
        for key, message in self.to_mend(event).items():
            sheet, _, cell = str(event.facts.get(f"place:{key}", "")).rpartition("!")
            label = self._labels([key])[key]
            yield Flaw(file="", sheet=sheet, cell=cell, label=label, message=message, required=True)

    def to_mend(self, event: Refused) -> dict[str, str]:
        """Return what is wrong with each fact of an order that came back incomplete, in the form's order."""
        lacking = filter(None, str(event.facts.get("missing", "")).split(", "))
        wrong = dict.fromkeys(lacking, _MISSING.get(self.locale))
        for key, value in event.facts.items():
            if key.startswith("unread:"):
                wrong[key.removeprefix("unread:")] = str(value)
        return wrong

    # ------------------------------------------------------------ approvals

    def _approval(self, event: Approval) -> dict[str, object]:
        asking = self.case.asking(event.what)
        asked_by = event.by if event.state == "requested" or asking is None else asking.by
        decided = "" if event.state == "requested" else words.party(event.by, self.site.policy, self.locale)
        standing = ApprovalStanding(
            what=event.what,
            state=event.state,
            by=self._party(asked_by),
            decided_by=decided,
            note=event.note,
            lines=self._requested(event.what, event.request),
        )
        return self._waiting(event.what, standing, decided=event.state != "requested")

    def _approval_waiting(self, event: Reminded) -> dict[str, object] | None:
        asking = self.case.asking(event.about.partition(":")[2])
        if asking is None:
            return None
        standing = ApprovalStanding(
            what=asking.what, by=self._party(asking.by), lines=self._requested(asking.what, asking.request)
        )
        title = after_words.APPROVALS[asking.what].get(self.locale)
        said = self._waiting(asking.what, standing, decided=False)
        return said | {"duty_title": title, "duty_done_by": "approval", "standing": False}

    def _waiting(self, what: ApprovalOf, standing: ApprovalStanding, *, decided: bool) -> dict[str, object]:
        order = self._order(self.case.afterwards) if what == "rectification" else None
        due = None if decided or what == "rectification" else self.case.due
        return {"due": due, "reason": "", "approval": standing, "rectification": order}

    def _requested(self, what: str, request: JsonFacts) -> tuple[Line, ...]:
        """Say what would follow: the facts as they would be, or until when the clock would stand still."""
        if what == "hold" and request.get("until"):
            until = words.moment(datetime.fromisoformat(str(request["until"])), self.site.zone)
            return (Line(label=_UNTIL.get(self.locale), value=until),)
        if what != "correction":
            return ()
        was = {line.label: line.value for line in self._lines(FormKind.COMPLAINT, self.case.facts)}
        return tuple(
            Line(label=line.label, value=self._change(was.get(line.label, ""), line.value))
            for line in self._lines(FormKind.COMPLAINT, request)
        )

    def _change(self, was: str, now: str) -> str:
        return _CHANGE.get(self.locale).format(was=was, now=now) if was and was != now else now

    # ------------------------------------------------------------ the form

    def prefill(self) -> JsonFacts | None:
        """Return what the order enclosed with this mail has in it already; None where none is enclosed."""
        case = self.case
        known: JsonFacts = {"case_number": case.number}
        if outcome := case.resolution.get("resolution"):
            known["resolution"] = outcome
        known |= {key: value for key, value in case.afterwards.items() if key in self._keys()}
        if isinstance(self.event, Refused) and self.event.reason == "incomplete":
            sent = {key: value for key, value in self.event.facts.items() if key in self._keys()}
            return known | sent | {"case_number": case.number}
        duty = self.duty
        return known if duty is not None and duty.done_by == "rectification" else None

    def _keys(self) -> set[str]:
        return {field.key for field in self.site.catalogue.form(FormKind.RECTIFICATION).fields}

    def flaws(self) -> dict[str, str]:
        """Return what is to be mended in the order enclosed."""
        return self.to_mend(self.event) if isinstance(self.event, Refused) else {}

    def context(self) -> tuple[Line, ...]:
        """Return what whoever fills in an order should know of the case; he cannot change it."""
        known: JsonFacts = {}
        for key in filter(self.case.facts.get, _OF_THE_CASE):
            fact = self.case.facts[key]
            known[key] = fact if not isinstance(fact, str) or len(fact) <= _SHOWN else f"{fact[:_SHOWN]}…"
        received = words.moment(self.case.opened_at, self.site.zone)
        when = Line(label=_RECEIVED.get(self.locale), value=received)
        return (when, *self._lines(FormKind.COMPLAINT, known))

    # ------------------------------------------------------------ names

    def _holders(self, roles: Iterable[str]) -> str:
        site = self.site
        named = (words.office_holders(role, site.people(role), site.policy, self.locale) for role in roles)
        return words.JOIN.get(self.locale).join(named)

    def _party(self, who: Party) -> str:
        return "" if who == Party() else words.party(who, self.site.policy, self.locale)


def settled(case: Case, site: Site, locale: Locale, person: Person) -> dict[str, object]:
    """Return what the mail about a resolution asks of whoever tells the customer (D34), and what is still lacking."""
    mine = site.roles_of(person.email)
    lacking = missing(case, site.policy) if set(mine) & set(site.policy.resolved_notice) else ()
    said: dict[str, object] = {"lacking": tuple(gate.title.get(locale) for gate in lacking)}
    owed = (task for task in case.open_tasks if task.role in mine)
    telling = next((t for t in owed if _done_by(t.task, site) == "informing"), None)
    return said if telling is None else said | {"informing": True, "due": telling.due}


def _done_by(task: str, site: Site) -> str:
    duty = site.policy.duty(task)
    return "" if duty is None else duty.done_by
