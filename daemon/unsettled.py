"""What of a case somebody still has to act on, as the events whose notices ask for it."""

from collections.abc import Iterator, Sequence

from daemon.ledger import RecordedEvent
from rules.after_events import Approval, ApprovalOf, Drawn
from rules.case import Case
from rules.events import Assigned, Escalated, Penalised, PenaltyState, TaskOpened
from rules.penalties import WAITING


def standing(case: Case, history: Sequence[RecordedEvent]) -> Iterator[RecordedEvent]:
    """Yield the events whose notices somebody still has to act on: the present stage, open duties, open penalties."""
    stages = [row for row in history if isinstance(row.event, Assigned | Escalated)]
    if case.is_open and stages:
        last = stages[-1]
        lapsed = isinstance(last.event, Assigned) and last.event.because == "lapse" and len(stages) > 1
        yield stages[-2] if lapsed else last  # the mail of a lapse hangs on the escalation before it
    owed = {task.task for task in case.tasks if not task.done}
    yield from (row for row in history if isinstance(row.event, TaskOpened) and row.event.task in owed)
    drawn = {row.event.task: row for row in history if isinstance(row.event, Drawn)}
    yield from (
        row for task, row in drawn.items() if task in owed
    )  # the last list names all still to be called
    asked = {row.event.what: row for row in history if isinstance(row.event, Approval)}
    yield from (row for what, row in asked.items() if _waits(case, what))
    for penalty in case.penalties:
        if penalty.state in (*WAITING, PenaltyState.APPEALED):
            told = [
                r for r in history if isinstance(r.event, Penalised) and r.event.penalty == penalty.number
            ]
            yield told[-1]


def _waits(case: Case, what: ApprovalOf) -> bool:
    asking = case.asking(what)
    return asking is not None and asking.state == "requested"
