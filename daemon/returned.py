"""Orders to rectify that come back by mail, and forms whose matter was settled before (D33, D36)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from daemon.answers import Outcome
from daemon.docket import Docket
from daemon.ledger import Entry
from daemon.origins import issuer
from parsers.results import ParsedFile, ParsedForm, Problem
from parsers.wordings import in_the_future, missing
from rules.case import Case
from rules.commands import AttachForm, Rectify, Recur
from rules.events import Party
from rules.facts import Facts
from rules.locales import Locale
from rules.sameness import identity, recurs, repeats_settled

CASE_NUMBER = "case_number"
INFORMED_AT = "customer_informed_at"
_SKEW = timedelta(minutes=10)  # clocks differ


def take_order(
    docket: Docket,
    entry: Entry,
    sender: Party,
    file: ParsedFile,
    form: ParsedForm,
    number: str,
    now: datetime,
    *,
    proven: bool,
) -> Outcome:
    """Put an order that came back to its case; `number` is the case its form or its thread names.

    `proven`: it is from its sender for certain; a forged one must not review itself (D40).
    """
    case = entry.case(number) if number else None
    if case is None:
        return Outcome(None, "unknown", file, form, number)
    command = order_in(form, sender, docket.site.locale_of(sender.email), now)
    command = replace(command, proven=proven or docket.site.config.access.tokens == "off")
    return Outcome(docket.perform(entry, case, command, now), "reported")


def order_in(form: ParsedForm, sender: Party, locale: Locale, now: datetime) -> Rectify:
    """Return what a form says as an order that came back, with what could not be read of it and where that stands.

    A customer who is to be told was not told: such a time goes back as one that cannot be read (D34).
    """
    facts = {key: value for key, value in form.facts.items() if key != CASE_NUMBER}
    unread = {problem.key: problem.message.get(locale) for problem in _unread(form)}
    told = facts.get(INFORMED_AT)
    if isinstance(told, datetime) and told > now + _SKEW:
        del facts[INFORMED_AT]
        unread[INFORMED_AT] = in_the_future(f"{told:%Y-%m-%d %H:%M}").get(locale)
    return Rectify(sender, facts, unread, dict(_places(form)))


def _unread(form: ParsedForm) -> Iterator[Problem]:
    """Yield the problems of answers that are there and cannot be read: none of them is passed over in silence."""
    for problem in form.problems:
        lost = problem.key and problem.key not in (*form.facts, CASE_NUMBER)
        if lost and problem.message != missing():
            yield problem


def _places(form: ParsedForm) -> Iterator[tuple[str, str]]:
    for problem in form.problems:
        if problem.key and problem.cell:
            yield problem.key, f"{problem.sheet}!{problem.cell}"


def settled_before(
    docket: Docket, entry: Entry, facts: Facts, sender: Party, beside: Sequence[str], now: datetime
) -> Outcome | None:
    """Open the settled case again whose matter a form brings back; None where it brings back none.

    The form of a settled case that is merely sent once more is put to it. `beside` are the cases of the same message.
    """
    for case in _settled_with(docket, entry, facts):
        if case.number in beside:
            continue
        known, policy = docket.facts_of(case), docket.site_of(case).policy
        if repeats_settled(facts, case, known, policy):
            return Outcome(docket.perform(entry, case, AttachForm(sender), now), "again")
        if recurs(facts, case, known, policy, now):
            command = Recur(facts, issuer(sender, docket.site), sender)
            return Outcome(docket.perform(entry, case, command, now), "reopened")
    return None


def _settled_with(docket: Docket, entry: Entry, facts: Facts) -> Iterable[Case]:
    """Return the settled cases of the same person, the latest first."""
    found = {
        case.number: case
        for key, value in identity(facts, docket.site.policy).items()
        for case in entry.settled_cases_with(key, value)
    }
    return sorted(found.values(), key=lambda case: case.resolved_at or case.last_at, reverse=True)
