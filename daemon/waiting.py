"""What waits for somebody at a moment: open cases, duties, penalties to decide on, appeals to rule on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from daemon import after_words, daywords, words
from daemon.config import Person
from daemon.followup import wording as callwords
from daemon.followup.standing import calls_made
from daemon.letters import Writer
from daemon.site import Site
from daemon.standing import cause_of
from mailer.letter import DigestRow
from rules.case import Case, Penalty, Status, Task
from rules.events import Party, PenaltyState
from rules.locales import Locale, Text
from rules.penalties import WAITING, ruler_of, same_party

Matter = Literal["open", "duties", "penalties", "appeals"]


@dataclass(frozen=True)
class Waiting:
    """One thing that waits: for whoever holds one of `roles`, until `due` or, where nothing runs, since `since`."""

    matter: Matter
    case: Case
    roles: tuple[str, ...]
    due: datetime | None = None
    since: datetime | None = None
    task: Task | None = None
    penalty: Penalty | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether its time has passed."""
        return self.due is not None and self.due <= now

    def waits_for(self, person: Person, site: Site) -> bool:
        """Tell whether it waits for `person`, in his own roles or as a deputy; `site` is as it is now.

        Nobody is asked to decide on a penalty of his own, nor on that of whom he stands in for.
        """
        concerned = Party() if self.penalty is None else self.penalty.party
        party = site.acting(person.email, person.name, never_for=concerned.email)
        own = self.penalty is not None and same_party(concerned, party)
        return not own and any(role in party.roles for role in self.roles)


def waiting(cases: Iterable[Case], site_of: Callable[[Case], Site]) -> Iterator[Waiting]:
    """Yield everything that waits in `cases`."""
    for case in cases:
        policy = site_of(case).policy
        if case.is_open and case.kind == "complaint":
            yield Waiting("open", case, case.owners, case.due, case.assigned_at or case.opened_at)
        for task in case.tasks:
            if not task.done and (case.is_open or case.kind == "complaint"):  # a filed day owes nothing
                yield Waiting("duties", case, (task.role,), task.due, task=task)
        for penalty in case.penalties:
            since = penalty.changed_at
            if penalty.state in WAITING:
                deciding = () if policy.findings is None else policy.findings.confirmed_by
                yield Waiting("penalties", case, deciding, since=since, penalty=penalty)
            elif penalty.state is PenaltyState.APPEALED:
                ruler = ruler_of(penalty.party, policy)
                yield Waiting("appeals", case, (ruler,), since=since, penalty=penalty)


def by_urgency(thing: Waiting) -> tuple[bool, float]:
    """Put first what is due first, the longest overdue before all; what has no time comes last, the oldest first."""
    at = thing.due or thing.since
    return thing.due is None, at.timestamp() if at else 0.0


def row_of(thing: Waiting, site: Site, locale: Locale) -> DigestRow:
    """Put what waits into one line."""
    what, who = _told(thing, site, locale)
    line = case_row(thing.case, site, locale)
    return line.model_copy(
        update={"what": what, "who": who, "due": thing.due, "at": thing.since, "waits": True}
    )


def case_row(case: Case, site: Site, locale: Locale) -> DigestRow:
    """Put a case, or a day of calls, into one line that says nothing of what happened."""
    if case.kind == "follow-up":
        return DigestRow(number=case.number, customer=callwords.OF_A_DAY.get(locale).format(day=case.day))
    line = Writer(case, (), site).line(locale)
    return DigestRow(
        number=case.number,
        customer=line.customer,
        summary=line.summary,
        grade=line.grade,
        grade_key=line.grade_key,
    )


def _told(thing: Waiting, site: Site, locale: Locale) -> tuple[str, str]:
    """Return what is to be done, and by or about whom."""
    holders = daywords.holders(thing.roles, site, locale)
    if thing.task is not None and thing.case.kind == "follow-up":
        made, total = calls_made(thing.case, thing.task)
        told = callwords.MADE.get(locale).format(made=made, total=total)
        return daywords.DUTY.get(locale).format(text=told, clause=thing.task.clause), holders
    if thing.task is not None:
        title = after_words.titled(thing.task, site.policy).get(locale)
        return daywords.DUTY.get(locale).format(text=title, clause=thing.task.clause), holders
    if thing.penalty is not None:
        return _penalty(thing.penalty, site, locale), words.penalised(
            thing.penalty.party, thing.penalty.role, site.policy, locale
        )
    return _case(thing.case).get(locale), holders


def _case(case: Case) -> Text:
    if case.status is Status.INCOMPLETE:
        return daywords.INCOMPLETE
    if case.partly:
        return daywords.PARTLY
    return daywords.UNREPORTED if case.due is not None else daywords.STANDING


def _penalty(penalty: Penalty, site: Site, locale: Locale) -> str:
    amount = daywords.AMOUNT_OPEN.get(locale)
    if penalty.amount is not None:
        amount = words.money(penalty.amount, locale)
    told = daywords.PENALTY.get(locale)
    return told.format(n=penalty.number, amount=amount, cause=cause_of(penalty, site, locale))
