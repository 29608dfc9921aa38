"""Whether the demo went the way the rules say; what did not is named."""

from collections import Counter
from collections.abc import Iterator

from openpyxl import load_workbook

from daemon.demo import afterlife
from daemon.demo.stage import Stage, reader_of
from daemon.workbook.book import open_book
from rules.case import Case, Status
from rules.events import PenaltyState
from sheets.registry import REFUSAL_COLUMN

# customer → a grade it must have reached, lapses (at the least where it stays open), settled
EXPECTED = {
    "許雅婷": ("level-3", 0, True),
    "赵女士": ("extra", 2, False),
    "Ms Harper": ("level-1", 0, True),
    "蔡先生": ("level-2", 0, True),
    "郭大明": ("level-1", 1, True),
    "高小姐": ("level-1", 2, False),
    "Mr Sun": ("level-3", 0, True),
    "馬先生": ("level-1", 1, True),
    "徐太太": ("level-1", 1, False),
    "葉先生": ("level-1", 2, False),
    "Mr Lee": ("level-3", 0, False),  # found in a follow-up call
}
TEMPLATES = (
    "acknowledgement",
    "form-problems",
    "assignment",
    "reminder",
    "escalation",
    "overdue",
    "resolved",
    "authority-exceeded",
    "rectification-order",
    "rectification-incomplete",
    "approval-request",
    "penalty",
    "appeal",
    "ruling",
    "task-list",
    "quarantine",
)


def shortcomings(stage: Stage, status: int | None) -> list[str]:
    """Return what went another way than the script and the rules say; nothing if all is well."""
    return [
        *([] if status == 0 else [f"the daemon ended with status {status}"]),
        *(str(fault) for fault in stage.ledger.verify()),
        *_cases(stage),
        *_mails(stage),
        *_afterlife(stage),
        *_workbook(stage),
    ]


def unfinished(stage: Stage) -> bool:
    """Tell whether cases or mails are still on their way to where the script wants them."""
    return any(True for part in (_cases, _mails, _afterlife) for _ in part(stage))


def _cases(stage: Stage) -> Iterator[str]:
    cases = list(stage.ledger.cases())
    counts = Counter(str(case.facts.get("customer_name")) for case in cases)
    for customer, (grade, lapses, settled) in EXPECTED.items():
        if counts[customer] != 1:
            yield f"{customer}: {counts[customer]} cases instead of one"
            continue
        case = next(case for case in cases if case.facts.get("customer_name") == customer)
        yield from _case(stage, case, customer, grade, lapses, settled)
    if len(cases) != len(EXPECTED):
        yield f"{len(cases)} cases instead of {len(EXPECTED)}"


def _case(stage: Stage, case: Case, customer: str, grade: str, lapses: int, settled: bool) -> Iterator[str]:
    reached = {stage.site.policy.stage(key).grade for key in case.stages}
    if grade not in reached:
        yield f"{customer}: never reached {grade}"
    if len(case.lapses) < lapses or (settled and len(case.lapses) > lapses):
        yield f"{customer}: {len(case.lapses)} lapses instead of {lapses}"
    if case.is_open is settled:
        yield f"{customer}: {case.status.value}"


def _afterlife(stage: Stage) -> Iterator[str]:
    """Look at the case that goes all the way, and at the day's calls."""
    case = next((c for c in stage.ledger.cases() if c.facts.get("customer_name") == afterlife.CUSTOMER), None)
    if case is None:
        return
    if case.status is not Status.CLOSED:
        yield f"{afterlife.CUSTOMER}: {case.status.value} instead of closed"
    if [penalty.state for penalty in case.penalties] != [PenaltyState.REVOKED]:
        yield f"{afterlife.CUSTOMER}: the penalty was not issued, appealed against and revoked"
    if not any(task.task.startswith("revisit") and task.done for task in case.tasks):
        yield f"{afterlife.CUSTOMER}: was not called again"
    if case.number not in _archived(stage):
        yield f"{afterlife.CUSTOMER}: is not in the archive"
    days = stage.ledger.follow_ups()
    if [sum(call.reached for call in day.calls) for day in days] != [2]:
        yield "the showroom's two calls are not recorded"


def _archived(stage: Stage) -> set[str]:
    """Return the numbers in the archive workbooks."""
    found: set[str] = set()
    for path in sorted((stage.directory / "archive").glob("*.xlsx")):
        book = load_workbook(path, read_only=True)
        found |= {
            str(row[0]) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) if row
        }
        book.close()
    return found


def _mails(stage: Stage) -> Iterator[str]:
    mails = stage.mails()
    seen = {str(mail["X-Kesu-Template"]) for mail in mails}
    yield from (f"no {template} was sent" for template in TEMPLATES if template not in seen)
    if any(reader_of(mail).endswith("elsewhere.example") for mail in mails):
        yield "a stranger got an answer"
    ids = Counter(str(mail["Message-ID"]) for mail in mails)
    yield from (f"a mail was sent {count} times" for count in ids.values() if count > 1)
    waiting = {state.value: count for state, count in stage.ledger.outbox_counts().items() if count}
    yield from (f"{count} mails are {state}" for state, count in waiting.items() if state != "sent")


def _workbook(stage: Stage) -> Iterator[str]:
    path = stage.directory / "master.xlsx"
    numbers = {case.number for case in stage.ledger.cases()}
    if not path.exists():
        yield f"{path} was not written"
        return
    site = stage.site
    book = open_book(path.read_bytes(), site.locale, site.zone)
    shown = {row.key: row.values for reading in book.readings.values() for row in reading.rows}
    lacking = numbers - shown.keys() - _archived(stage)
    if lacking:
        yield f"the workbook lacks {', '.join(sorted(lacking))}"
    told = [key for key, values in shown.items() if values.get(REFUSAL_COLUMN)]
    if len(told) != 1:
        yield f"{len(told)} entries were sent back in the workbook instead of one"
