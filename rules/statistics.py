"""The figures of a month, counted from the cases' events and from nothing else.

All of it is as things stood when the month ended (or at the moment it is counted, if the month still runs), so that the
figures of a month never change afterwards. The totals of all tables of cases are the same number, and what was open at
the beginning, plus what came, less what was settled, is what was open at the end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import reduce
from math import ceil
from typing import TypeVar

from rules.case import Penalty
from rules.courses import Course, History, courses_of
from rules.duty_statistics import Done, calls_made, duties_done
from rules.events import PenaltyState
from rules.months import Month

_Key = TypeVar("_Key")
DIMENSIONS = ("department", "category", "source", "first_grade", "grade")
_WAITING = (PenaltyState.PROPOSED, PenaltyState.PENDING)


@dataclass(frozen=True)
class Flow:
    """Cases through the month: `open_before` + `opened` + `reopened` - `settled` = `open_after`."""

    open_before: int
    opened: int
    reopened: int
    settled: int
    open_after: int


@dataclass(frozen=True)
class Share:
    """The cases opened in the month that have `key` in common, as they stood at its end."""

    key: str
    opened: int
    settled: int
    open: int
    lapsed: int  # with at least one lapse


@dataclass(frozen=True)
class Day:
    """What a day of the month brought."""

    day: date
    opened: int
    settled: int


@dataclass(frozen=True)
class Times:
    """From a case's (last) opening to the report that resolved it, on the wall clock; by the grade it had then."""

    key: str
    resolved: int
    median: timedelta | None
    p90: timedelta | None  # nine of ten took no longer


@dataclass(frozen=True)
class StageLapses:
    """How often a stage lapsed in cases of a department, and in whose hands."""

    department: str
    stage: str
    grade: str
    roles: tuple[str, ...]
    lapses: int


@dataclass(frozen=True)
class RoleLapses:
    """What one role let pass: a lapse counts for each of those responsible; `overdue` are duties not done in time."""

    role: str
    lapses: int
    overdue: int


@dataclass(frozen=True)
class Sum:
    """How many penalties, and what they come to in CNY."""

    count: int = 0
    amount: Decimal = Decimal("0.00")


@dataclass(frozen=True)
class PenaltyFlow:
    """Penalties through the month: `issued` in it, `revoked` in it whenever issued.

    `states` are those issued in the month as they stood at its end, together `issued`. `waiting` have not been issued
    yet. `appeals_before` + `appealed` - `upheld` - `revoked` = `appeals_after`.
    """

    issued: Sum
    revoked: Sum
    states: Mapping[str, Sum]
    appeals_before: int
    appealed: int
    upheld: int
    appeals_after: int
    waiting: int


@dataclass(frozen=True)
class Penalised:
    """What one person's penalties issued in the month come to, and what of it was revoked by its end."""

    role: str
    name: str
    email: str
    issued: Sum
    revoked: Sum


@dataclass(frozen=True)
class PenaltyLine:
    """A penalty that was issued, appealed against or ruled on in the month, as it stood at its end."""

    case: str
    penalty: Penalty
    issued_at: datetime | None
    issued_now: bool  # in this month, not before


@dataclass(frozen=True)
class CaseLine:
    """A case that was opened, settled or opened again in the month."""

    number: str
    facts: Mapping[str, str]  # its key in each of DIMENSIONS
    opened_at: datetime
    opened_now: bool  # in this month, not before
    reopened: int
    settled_at: datetime | None  # in this month or before it; None while it is open
    took: timedelta | None  # of the resolution this month, the last one
    lapses: int  # of the whole case


@dataclass(frozen=True)
class Figures:
    """Everything a month's report shows, by the keys of policy and forms; `until` is where counting stopped."""

    month: Month
    since: datetime
    until: datetime
    flow: Flow
    shares: Mapping[str, tuple[Share, ...]]  # by dimension
    crossed: Mapping[tuple[str, str], int]  # opened in the month by department and grade at the end
    days: tuple[Day, ...]
    times: tuple[Times, ...]  # by grade; the last, whose key is empty, is of all
    stages: tuple[StageLapses, ...]
    roles: tuple[RoleLapses, ...]
    penalties: PenaltyFlow
    penalised: tuple[Penalised, ...]
    penalty_lines: tuple[PenaltyLine, ...]
    cases: tuple[CaseLine, ...]
    calls: tuple[Done, ...]  # follow-up calls made of calls due
    duties: tuple[Done, ...]  # what else was owed beside the stages
    unknown: int  # cases that cannot be counted: their data was erased
    is_over: bool  # the month has ended, and its figures stay as they are


def figures_of(histories: Iterable[History], month: Month, now: datetime, zone: tzinfo) -> Figures:
    """Count a month on the site's calendar, up to `now` while it lasts."""
    since, until = month.begins(zone), min(month.ends(zone), now)
    everything, unknown = courses_of(histories, until)
    everything.sort(key=lambda course: (course.case.opened_at, course.case.number))
    courses = [course for course in everything if course.is_complaint]
    opened = [course for course in courses if course.case.opened_at >= since]
    return Figures(
        month=month,
        since=since,
        until=until,
        flow=_flow(courses, since),
        shares={name: _shares(opened, name) for name in DIMENSIONS},
        crossed=Counter((key_of(each, "department"), key_of(each, "grade")) for each in opened),
        days=_days(courses, month, since, zone),
        times=_times(courses, since),
        stages=_stages(courses, since),
        roles=_roles(everything, since),
        penalties=_penalties(everything, since),
        penalised=_penalised(everything, since),
        penalty_lines=_penalty_lines(everything, since),
        cases=_cases(courses, since),
        calls=calls_made(everything, since, until),
        duties=duties_done(courses, since, until),
        unknown=unknown,
        is_over=month.ends(zone) <= now,
    )


def key_of(course: Course, dimension: str) -> str:
    """Return what a case counts under; empty where nobody said."""
    match dimension:
        case "grade":
            return course.case.grade
        case "first_grade":
            return course.first_grade
        case _:
            return str(course.case.facts.get(dimension) or "")


# ---------------------------------------------------------------- cases


def _flow(courses: Iterable[Course], since: datetime) -> Flow:
    turns = [turn for course in courses for turn in course.turns]
    before = Counter(turn.kind for turn in turns if turn.at < since)
    within = Counter(turn.kind for turn in turns if turn.at >= since)
    open_before = before["opened"] + before["reopened"] - before["settled"]
    coming, settled = within["opened"] + within["reopened"], within["settled"]
    return Flow(open_before, within["opened"], within["reopened"], settled, open_before + coming - settled)


def _shares(opened: Iterable[Course], dimension: str) -> tuple[Share, ...]:
    groups: dict[str, list[Course]] = defaultdict(list)
    for course in opened:
        groups[key_of(course, dimension)].append(course)
    shares = (_share(key, group) for key, group in groups.items())
    return tuple(sorted(shares, key=lambda share: (-share.opened, share.key)))


def _share(key: str, group: Sequence[Course]) -> Share:
    still_open = sum(course.case.is_open for course in group)
    lapsed = sum(bool(course.lapses) for course in group)
    return Share(key, len(group), len(group) - still_open, still_open, lapsed)


def _days(courses: Iterable[Course], month: Month, since: datetime, zone: tzinfo) -> tuple[Day, ...]:
    counts = Counter(
        (turn.kind, turn.at.astimezone(zone).day)
        for course in courses
        for turn in course.turns
        if turn.at >= since
    )
    return tuple(
        Day(date(month.year, month.number, day), counts["opened", day], counts["settled", day])
        for day in range(1, month.days + 1)
    )


def _times(courses: Iterable[Course], since: datetime) -> tuple[Times, ...]:
    groups: dict[str, list[timedelta]] = defaultdict(list)
    for course in courses:
        groups[course.case.grade] += resolutions(course, since)
    kept = [(grade, spans) for grade, spans in sorted(groups.items()) if spans]
    everything = [span for _, spans in kept for span in spans]
    return tuple(_taken(key, spans) for key, spans in (*kept, ("", everything)))


def resolutions(course: Course, since: datetime) -> list[timedelta]:
    """Return how long each resolution since a moment took, from the opening it answers."""
    return [turn.at - turn.since for turn in course.turns if turn.resolved and turn.at >= since]


def _taken(key: str, spans: Sequence[timedelta]) -> Times:
    return Times(key, len(spans), middle(spans), percentile(spans, 90))


def middle(spans: Sequence[timedelta]) -> timedelta | None:
    """Return the median, of an even number the mean of the middle two; None of none."""
    ranked, half = sorted(spans), len(spans) // 2
    if not ranked:
        return None
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def percentile(spans: Sequence[timedelta], percent: int) -> timedelta | None:
    """Return the smallest of the values that `percent` of all do not exceed (nearest rank); None of none."""
    return sorted(spans)[ceil(len(spans) * percent / 100) - 1] if spans else None


def _cases(courses: Iterable[Course], since: datetime) -> tuple[CaseLine, ...]:
    return tuple(_case(course, since) for course in courses if any(turn.at >= since for turn in course.turns))


def _case(course: Course, since: datetime) -> CaseLine:
    took = resolutions(course, since)
    return CaseLine(
        number=course.case.number,
        facts={name: key_of(course, name) for name in DIMENSIONS},
        opened_at=course.case.opened_at,
        opened_now=course.case.opened_at >= since,
        reopened=sum(turn.kind == "reopened" and turn.at >= since for turn in course.turns),
        settled_at=course.settled_at,
        took=took[-1] if took else None,
        lapses=len(course.lapses),
    )


# ---------------------------------------------------------------- lapses


def _stages(courses: Iterable[Course], since: datetime) -> tuple[StageLapses, ...]:
    counts = Counter(
        (key_of(course, "department"), lapse.stage, lapse.grade, lapse.roles)
        for course in courses
        for lapse in course.lapses
        if lapse.at >= since
    )
    return tuple(StageLapses(*key, count) for key, count in _ranked(counts))


def _roles(courses: Sequence[Course], since: datetime) -> tuple[RoleLapses, ...]:
    lapsed = Counter(
        role
        for course in courses
        for lapse in course.lapses
        if lapse.at >= since
        for role in dict.fromkeys(lapse.roles)
    )
    overdue = Counter(each.role for course in courses for each in course.overdue if each.at >= since)
    return tuple(RoleLapses(role, lapsed[role], overdue[role]) for role, _ in _ranked(lapsed + overdue))


def _ranked(counts: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], str(each[0])))


# ---------------------------------------------------------------- penalties


def _penalties(courses: Sequence[Course], since: datetime) -> PenaltyFlow:
    turns = [turn for course in courses for turn in course.penalty_turns if turn.at >= since]
    became = Counter(turn.after.state for turn in turns)
    then = Counter(state for course in courses for state in _states(course, since))
    now = Counter(state for course in courses for state in _states(course))
    lines = [line.penalty for line in _penalty_lines(courses, since) if line.issued_now]
    return PenaltyFlow(
        issued=_sum(turn.after for turn in turns if turn.issued),
        revoked=_sum(turn.after for turn in turns if turn.after.state is PenaltyState.REVOKED),
        states={
            state.value: _sum(penalty for penalty in lines if penalty.state is state)
            for state in sorted({penalty.state for penalty in lines}, key=list(PenaltyState).index)
        },
        appeals_before=then[PenaltyState.APPEALED],
        appealed=became[PenaltyState.APPEALED],
        upheld=became[PenaltyState.UPHELD],
        appeals_after=now[PenaltyState.APPEALED],
        waiting=sum(now[state] for state in _WAITING),
    )


def _states(course: Course, before: datetime | None = None) -> Iterable[PenaltyState]:
    """Return how each penalty of a case stood at a moment, by default when counting stopped."""
    turns = (turn for turn in course.penalty_turns if before is None or turn.at < before)
    return {turn.number: turn.after.state for turn in turns}.values()


def _sum(penalties: Iterable[Penalty]) -> Sum:
    return reduce(plus, penalties, Sum())


def plus(total: Sum, penalty: Penalty) -> Sum:
    """Add a penalty to a sum."""
    return Sum(total.count + 1, total.amount + (penalty.amount or Decimal(0)))


def _penalised(courses: Iterable[Course], since: datetime) -> tuple[Penalised, ...]:
    """Sum up the penalties issued in the month by whom they concern, the dearest first."""
    sums: dict[tuple[str, str, str], tuple[Sum, Sum]] = defaultdict(lambda: (Sum(), Sum()))
    for line in _penalty_lines(courses, since):
        if not line.issued_now:
            continue
        penalty = line.penalty
        who = (penalty.role, penalty.party.name, penalty.party.email.lower())
        issued, revoked = sums[who]
        gone = penalty.state is PenaltyState.REVOKED
        sums[who] = (plus(issued, penalty), plus(revoked, penalty) if gone else revoked)
    found = (Penalised(*who, *both) for who, both in sums.items())
    return tuple(sorted(found, key=lambda each: (-each.issued.amount, each.role, each.name, each.email)))


def _penalty_lines(courses: Iterable[Course], since: datetime) -> tuple[PenaltyLine, ...]:
    lines = (_penalty_line(course, penalty, since) for course in courses for penalty in course.case.penalties)
    return tuple(line for line in lines if line is not None)


def _penalty_line(course: Course, penalty: Penalty, since: datetime) -> PenaltyLine | None:
    """Return the line of a penalty; None if nothing that counts happened to it in the month."""
    turns = [turn for turn in course.penalty_turns if turn.number == penalty.number]
    issued_at = next((turn.at for turn in turns if turn.issued), None)
    if issued_at is None or turns[-1].at < since:
        return None
    return PenaltyLine(course.case.number, penalty, issued_at, issued_at >= since)
