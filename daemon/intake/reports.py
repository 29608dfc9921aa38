"""A report on a case, by form or in words: who reports, and what the rules make of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from daemon import correcting
from daemon.answers import Outcome
from daemon.docket import Docket
from daemon.intake.tally import Tally
from daemon.ledger import Entry
from daemon.reading import Reading
from rules.commands import Report
from rules.conditions import FactValue
from rules.events import Event, Party


def take_report(
    docket: Docket,
    entry: Entry,
    reading: Reading,
    number: str,
    facts: dict[str, FactValue],
    unclear: str,
    now: datetime,
    tally: Tally,
) -> None:
    """Take a report on a case; `unclear` is what cannot be read of it, in its writer's language."""
    case = entry.case(number) if number else None
    if case is None or case.kind != "complaint":  # a day of calls is no complaint to report on
        tally.outcomes.append(Outcome.unknown(number))
        return
    case = correcting.going_on(entry, case)
    command = Report(answerable(reading), facts, unclear)
    what = _reported(docket.foresee(case, command, now))
    tally.outcomes.append(Outcome(docket.perform(entry, case, command, now), what))


def answerable(reading: Reading) -> Party:
    """Return who sent a message; a refusal is not mailed to a machine, which might answer (RFC 3834)."""
    by = reading.sender
    return (
        by.model_copy(update={"email": "", "name": by.name or by.email}) if reading.message.automatic else by
    )


def _reported(events: Sequence[Event]) -> Literal["reported", "progress"]:
    """Tell a report that was taken, but does not settle the case, from all others: the rules' notices answer those."""
    kinds = {event.kind for event in events}
    return "progress" if "reported" in kinds and not kinds & {"resolved", "refused"} else "reported"
