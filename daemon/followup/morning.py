"""What goes with a caller's morning list: the open call lists of the days, and whom to call again (D22–D25, D35)."""

from collections.abc import Callable, Iterator, Sequence

from daemon.config import Person
from daemon.docket import Docket
from daemon.followup import wording
from daemon.followup.letters import DayWriter
from daemon.letters import EnclosureOrder, RowOrder
from rules.case import Case, Task
from rules.fields import FormKind
from rules.locales import Locale

_OF_A_REVISIT = ("customer_name", "customer_phone", "plate_no", "vin")


def call_lists(docket: Docket) -> Callable[[Person, Sequence[str], str], Sequence[EnclosureOrder]]:
    """Return who encloses the lists of a person's calls that are not made yet, and of the revisits of a day."""

    def enclosing(person: Person, roles: Sequence[str], day: str) -> Sequence[EnclosureOrder]:
        locale = person.locale or docket.site.locale
        return [*_of_days(docket, roles, locale), *_revisits(docket, roles, locale, day)]

    return enclosing


def _of_days(docket: Docket, roles: Sequence[str], locale: Locale) -> Iterator[EnclosureOrder]:
    for case in docket.ledger.follow_ups(open_only=True):
        tasks = [task for task in case.open_tasks if task.role in roles]
        writer = docket.writer_of(case, ()) if tasks else None
        if isinstance(writer, DayWriter):
            orders = (writer.call_list(task, locale) for task in tasks)
            yield from (order for order in orders if order.rows)


def _revisits(docket: Docket, roles: Sequence[str], locale: Locale, day: str) -> Iterator[EnclosureOrder]:
    """Yield one list of the key customers who are to be called again by the end of `day`."""
    due = [
        (case, task)
        for case in (*docket.ledger.cases(open_only=True), *docket.ledger.owing_cases())
        if case.kind == "complaint"
        for task in case.open_tasks
        if task.role in roles and _is_revisit(docket, case, task, day)
    ]
    if due:
        marked = wording.KEY_CUSTOMER.get(locale)
        rows = (
            RowOrder(
                values={k: v for k in _OF_A_REVISIT if (v := case.facts.get(k))},
                mark=f"{marked} {case.number}",
            )
            for case, _ in due
        )
        heading = wording.TO_VISIT.get(locale)
        yield EnclosureOrder(
            form=FormKind.CALLS, blank="calls", rows=tuple(rows), lines=(heading,), part=heading
        )


def _is_revisit(docket: Docket, case: Case, task: Task, day: str) -> bool:
    duty = docket.site_of(case).policy.duty(task.task)
    due = task.due.astimezone(docket.site.zone).date()
    return duty is not None and duty.done_by == "call" and str(due) <= day
