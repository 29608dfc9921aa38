"""The dashboard's figures and the list of what the daemon did, as the workbook's feeds show them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from daemon import words
from daemon.casepage.wordings import TEMPLATES
from daemon.docket import Docket
from daemon.errors import ConfigurationError
from daemon.standing import about
from daemon.workbook import wordings
from rules.events import Event
from rules.locales import Locale, Text
from rules.policy import Policy
from sheets.columns import CellValue
from sheets.dashboard import DAYS, Figures, by_bucket
from sheets.editions import MASTER, Edition
from sheets.registry import PENALTIES

RECENT = timedelta(days=30)
ACTIONS_SHOWN = 500
_OF_FINES = frozenset({"penalty", "appeal", "ruling"})


@dataclass(frozen=True)
class Brief:
    """What the dashboard needs to know of a case."""

    grade: str
    opened_at: datetime
    resolved_at: datetime | None
    due: datetime | None
    owner: str  # in the site's language; empty once settled
    filed_at: datetime | None = None  # since when nothing of it is missing; it is archived some time after


def figures_of(docket: Docket, cases: Iterable[Brief], now: datetime) -> Figures:
    """Return the dashboard's figures as of `now`; hours and days are those of the site."""
    site, known = docket.site, list(cases)
    hours = [
        _hours(case) for case in known if case.resolved_at is not None and case.resolved_at >= now - RECENT
    ]
    return Figures(
        by_day=_by_day(known, now.astimezone(site.zone), site.policy),
        lapses=_lapses(docket, now),
        times=by_bucket(hours, site.locale),
        owners=_owners([case for case in known if case.resolved_at is None], docket, now),
        closed_in_week=sum(
            case.resolved_at is not None and case.resolved_at >= now - timedelta(days=7) for case in known
        ),
        median_hours=median(hours) if hours else None,
    )


def _hours(case: Brief) -> Decimal:
    assert case.resolved_at is not None  # noqa: S101 - for the type checker; callers ask for settled cases only
    return Decimal((case.resolved_at - case.opened_at).total_seconds()) / 3600


def _by_day(cases: Sequence[Brief], today: datetime, policy: Policy) -> list[tuple[date, Mapping[str, int]]]:
    days = [today.date() - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = Counter((case.opened_at.astimezone(today.tzinfo).date(), case.grade) for case in cases)
    return [(day, {grade.key: counts[(day, grade.key)] for grade in policy.grades}) for day in days]


def _lapses(docket: Docket, now: datetime) -> list[tuple[str, int]]:
    site = docket.site
    labels = {
        stage.key: _stage_label(site.policy, stage.key, site.locale)
        for stage in site.policy.stages
        if stage.on_lapse is not None
    }
    counts = Counter(dict.fromkeys(labels.values(), 0))
    for (policy_hash, stage), number in docket.ledger.lapse_counts(now - RECENT).items():
        policy = _policy(docket, policy_hash)
        if any(known.key == stage for known in policy.stages):
            counts[_stage_label(policy, stage, site.locale)] += number
    return list(counts.items())


def _stage_label(policy: Policy, key: str, locale: Locale) -> str:
    stage = policy.stage(key)
    return f"{policy.grade(stage.grade).title.get(locale)} {words.role_titles(stage.owners, policy, locale)}"


def _owners(cases: Sequence[Brief], docket: Docket, now: datetime) -> list[tuple[str, int, int]]:
    policy, locale = docket.site.policy, docket.site.locale
    labels = dict.fromkeys(words.role_titles(stage.owners, policy, locale) for stage in policy.stages)
    labels |= dict.fromkeys(case.owner for case in cases)
    going = Counter(case.owner for case in cases)
    late = Counter(case.owner for case in cases if case.due is not None and case.due < now)
    return [(label, going[label], late[label]) for label in labels]


# ---------------------------------------------------------------- what the daemon did


def actions_of(docket: Docket, edition: Edition = MASTER) -> list[dict[str, CellValue]]:
    """Return the last actions in words, newest first; none about penalties that do not stand in that workbook."""
    told = [*_of_events(docket), *_of_mails(docket), *_of_activity(docket)]
    if PENALTIES.key not in edition.keys:
        told = [line for line in told if "/" not in (line[2] or "")]
    told.sort(key=lambda line: line[:2], reverse=True)
    return [
        {"at": at, "case_number": number, "action": action, "clause": clause}
        for at, _, number, action, clause in told[:ACTIONS_SHOWN]
    ]


_Line = tuple[datetime, int, str | None, str, str | None]


def _of_events(docket: Docket) -> Iterable[_Line]:
    locale = docket.site.locale
    for row in docket.ledger.recent_events(ACTIONS_SHOWN):
        if not about(None)(row.event):
            continue  # fines stand on a sheet of their own
        said = _said(row.event, _policy(docket, row.policy_hash), locale)
        if said:
            yield row.event.at, row.seq, row.case_number, said, _clause_of(row.event)


def _policy(docket: Docket, policy_hash: str) -> Policy:
    """Return the rules of that hash; the present ones where this release cannot read them."""
    try:
        return docket.site_under(policy_hash).policy
    except ConfigurationError:
        return docket.site.policy


def _said(event: Event, policy: Policy, locale: Locale) -> str:
    try:
        return words.step(event, policy, locale)
    except KeyError:  # it names a grade or role that the present rules do not know
        return ""


def _clause_of(event: Event) -> str | None:
    return getattr(event, "clause", None) or None


def _of_mails(docket: Docket) -> Iterable[_Line]:
    locale, site = docket.site.locale, docket.site
    for mail in docket.ledger.recent_mails(ACTIONS_SHOWN):
        if mail.template in _OF_FINES:
            continue
        person = site.person(mail.recipient)
        template = TEMPLATES.get(mail.template)
        said = wordings.MAIL_SENT.get(locale).format(
            template=template.get(locale) if template else mail.template,
            who=person.name if person else mail.recipient,
        )
        yield mail.sent_at, -1, mail.case_number, said, None


def _of_activity(docket: Docket) -> Iterable[_Line]:
    for line in docket.ledger.recent_activity(ACTIONS_SHOWN):
        said = Text.model_validate_json(line.body).get(docket.site.locale)
        yield line.at, -2, line.case_number, said, None
