"""`kesu penalties`: every penalty in the ledger with its amount, its state and what it rests on (D26–D31)."""

import argparse
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon import words
from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.docket import site_under
from daemon.ledger import RecordedEvent
from daemon.site import Site, load_site
from rules.case import Case, Penalty
from rules.events import Event, Finding, Penalised, PenaltyState, PenaltyWithheld, TaskOpened, TaskOverdue
from rules.locales import Locale
from rules.penalties import same_party


def run_penalties(arguments: argparse.Namespace) -> int:
    """Carry out `kesu penalties`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        known = [
            (case, penalty, ledger.events(case.number), site_under(site, ledger, case.policy))
            for case in ledger.penalised_cases()
            for penalty in case.penalties
        ]
    if arguments.json:
        print_json([_as_json(case, penalty, history, under) for case, penalty, history, under in known])
        return 0
    for case, penalty, _, under in known:
        say(_line(case, penalty, under))
    return 0


def _as_json(case: Case, penalty: Penalty, history: Sequence[RecordedEvent], site: Site) -> dict[str, object]:
    return {
        "number": f"{case.number}/{penalty.number}",
        "case": case.number,
        "person": penalty.person,
        "email": penalty.party.email,
        "role": penalty.role,
        "amount": None if penalty.amount is None else f"{penalty.amount:.2f}",
        "clause": penalty.clause,
        "state": penalty.state.value,
        "cause": penalty.cause,
        "reason": _reason(penalty, site, site.locale),
        "pending": penalty.reason,
        "issued_at": _moment(_issued_at(penalty, history), site.zone),
        "changed_at": _moment(penalty.changed_at, site.zone),
        "evidence": [row.seq for row in history if _speaks_of(row.event, penalty)],
    }


def _line(case: Case, penalty: Penalty, site: Site) -> str:
    whom = words.penalised(penalty.party, penalty.role, site.policy, site.locale)
    amount = "-" if penalty.amount is None else f"{penalty.amount:.2f}"
    reason = _reason(penalty, site, site.locale)
    number = f"{case.number}/{penalty.number}"
    return f"{number}  {penalty.state.value:<8}  {amount:>9}  {penalty.clause}  {whom}  {reason}"


def _reason(penalty: Penalty, site: Site, locale: Locale) -> str:
    """Say in words what it is for: the cause that was found, else the kind of penalty."""
    causes = {} if site.policy.findings is None else site.policy.findings.causes
    if penalty.cause in causes:
        return causes[penalty.cause].title.get(locale)
    return site.policy.penalty(penalty.key).title.get(locale)


def _issued_at(penalty: Penalty, history: Iterable[RecordedEvent]) -> datetime | None:
    """Return when it was issued; None while it waits for that, or where it was dropped."""
    return next(
        (
            row.event.at
            for row in history
            if isinstance(row.event, Penalised)
            and row.event.penalty == penalty.number
            and row.event.state is PenaltyState.ISSUED
        ),
        None,
    )


def _speaks_of(event: Event, penalty: Penalty) -> bool:
    """Tell whether an event is what a penalty rests on, or one of its own changes."""
    match event:
        case Penalised():
            return event.penalty == penalty.number
        case Finding():
            found = f"finding:{event.occurrence}" == penalty.occurrence and event.cause == penalty.cause
            return found and same_party(event.party, penalty.party)
        case TaskOpened() | TaskOverdue() | PenaltyWithheld():
            return penalty.occurrence == f"task:{event.task}"
        case _:
            return False


def _moment(value: datetime | None, zone: ZoneInfo) -> str | None:
    return None if value is None else value.astimezone(zone).isoformat()
