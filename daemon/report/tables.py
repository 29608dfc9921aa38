"""The figures of a month as tables in one language: a list of builders, one for each table, in the report's order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from daemon.report import wordings
from daemon.report.labels import Labels, hours
from rules.duty_statistics import Done
from rules.events import PenaltyState
from rules.locales import Text
from rules.statistics import Figures, Share, Sum, Times
from sheets.charts import Bar
from sheets.columns import CellValue, ColumnKind
from sheets.looks import HOURS_FORMAT, PAPER, TEAL
from sheets.report import Plot, ReportColumn, ReportTable
from sheets.signals import OVERDUE, MasterLabels, grade_colours

Row = Mapping[str, CellValue]
Builder = Callable[[Figures, Labels], ReportTable | None]

BLUE, ORANGE, PALE = "FF3B78C2", "FFD9663D", "FF9DB2D6"
_NAME, _PERSON, _STAGE = 27, 38, 52  # widths
OF_FINES: Final = frozenset({"penalty-flow", "penalised", "penalty-list"})  # only for who may see fines
CHARTS: Final = ("days", "departments", "grades", "stages", "categories", "times")  # on the summary


def tables(figures: Figures, labels: Labels, *, fines: bool = True) -> list[ReportTable]:
    """Return every table of the report that has something to say; those about fines only if asked for."""
    built = (build(figures, labels) for build in _TABLES)
    return [table for table in built if table is not None and (fines or table.key not in OF_FINES)]


def _flow(figures: Figures, labels: Labels) -> ReportTable:
    flow = figures.flow
    rows = (
        (wordings.OPEN_BEFORE, flow.open_before),
        (wordings.OPENED, flow.opened),
        (wordings.REOPENED, flow.reopened),
        (wordings.SETTLED, flow.settled),
    )
    columns = [_text("what", wordings.WHAT, labels, _PERSON), _number("count", wordings.COUNT, labels)]
    total: Row = {"what": labels.say(open_after(figures)), "count": flow.open_after}
    return ReportTable(
        "flow",
        labels.say(wordings.FLOW),
        columns,
        [{"what": labels.say(text), "count": count} for text, count in rows],
        total,
        plot=None,
    )


def open_after(figures: Figures) -> Text:
    """Return what the cases left open are called: of a month that still runs, those open now."""
    return wordings.OPEN_AFTER if figures.is_over else wordings.OPEN_NOW


def _days(figures: Figures, labels: Labels) -> ReportTable:
    columns = [
        _text("day", wordings.DAY, labels, 12),
        _number("opened", wordings.OPENED, labels),
        _number("settled", wordings.SETTLED, labels),
    ]
    rows: list[Row] = [
        {"day": f"{d.day:%m/%d}", "opened": d.opened, "settled": d.settled} for d in figures.days
    ]
    plot = Plot([Bar("opened", BLUE), Bar("settled", TEAL)])
    return _counted("days", wordings.DAYS, columns, rows, labels, plot=plot)


def _departments(figures: Figures, labels: Labels) -> ReportTable:
    """Build the cases by department, with a column for each grade they had in the end."""
    shares = in_order(figures.shares["department"], labels.choices("department"))
    reached = [grade for grade in labels.grades() if any(figures.crossed.get((s.key, grade)) for s in shares)]
    columns = [
        _text("key", wordings.DEPARTMENT, labels, _NAME),
        *(ReportColumn(f"grade.{grade}", labels.grade(grade), width=10) for grade in reached),
        *_share_columns(labels),
    ]
    rows: list[Row] = [
        {
            **_share(share, labels.fact("department", share.key)),
            **{f"grade.{grade}": figures.crossed.get((share.key, grade), 0) for grade in reached},
        }
        for share in shares
    ]
    colours = colours_of(labels)
    plot = Plot([Bar(f"grade.{grade}", *colours[grade]) for grade in reached], stacked=True)
    return _counted(
        "departments",
        wordings.DEPARTMENTS,
        columns,
        rows,
        labels,
        note=wordings.SHARES_NOTE,
        plot=plot if reached else None,
    )


def _grades(figures: Figures, labels: Labels) -> ReportTable:
    first = {share.key: share.opened for share in figures.shares["first_grade"]}
    reached = {share.key: share for share in figures.shares["grade"]}
    known = dict.fromkeys((*labels.grades(), *first, *reached))
    shares = [(key, reached.get(key, Share(key, 0, 0, 0, 0))) for key in known]
    columns = [
        _text("key", wordings.GRADE, labels, _NAME),
        _number("first", wordings.FIRST_GRADE, labels),
        ReportColumn("opened", labels.say(wordings.REACHED)),
        *_share_columns(labels)[1:],
    ]
    rows: list[Row] = [
        {**_share(share, labels.grade(key)), "first": first.get(key, 0)} for key, share in shares
    ]
    plot = Plot([Bar("first", PALE), Bar("opened", BLUE)])
    return _counted("grades", wordings.GRADES, columns, rows, labels, note=wordings.GRADES_NOTE, plot=plot)


def _categories(figures: Figures, labels: Labels) -> ReportTable:
    return _by_fact("categories", "category", wordings.CATEGORIES, wordings.CATEGORY, figures, labels)


def _sources(figures: Figures, labels: Labels) -> ReportTable:
    return _by_fact("sources", "source", wordings.SOURCES, wordings.SOURCE, figures, labels)


def _by_fact(key: str, fact: str, title: Text, header: Text, figures: Figures, labels: Labels) -> ReportTable:
    columns = [_text("key", header, labels, _NAME), *_share_columns(labels)]
    rows: list[Row] = [_share(share, labels.fact(fact, share.key)) for share in figures.shares[fact]]
    plot = Plot([Bar("opened", BLUE)], lying=True)
    return _counted(key, title, columns, rows, labels, note=wordings.SHARES_NOTE, plot=plot)


def _stages(figures: Figures, labels: Labels) -> ReportTable:
    columns = [
        _text("key", wordings.STAGE, labels, _STAGE),
        _number("lapses", wordings.LAPSES, labels),
    ]
    rows: list[Row] = [{"key": labels.stage(s), "lapses": s.lapses} for s in figures.stages]
    plot = Plot([Bar("lapses", ORANGE)], lying=True)
    return _counted("stages", wordings.STAGES, columns, rows, labels, plot=plot)


def _roles(figures: Figures, labels: Labels) -> ReportTable:
    columns = [
        _text("key", wordings.RESPONSIBLE, labels, _PERSON),
        _number("lapses", wordings.LAPSES, labels),
        _number("overdue", wordings.OVERDUE, labels),
    ]
    rows: list[Row] = [
        {"key": labels.role(r.role), "lapses": r.lapses, "overdue": r.overdue} for r in figures.roles
    ]
    plot = Plot([Bar("lapses", ORANGE), Bar("overdue", OVERDUE, PAPER)], lying=True, stacked=True)
    return _counted("roles", wordings.ROLES, columns, rows, labels, note=wordings.ROLES_NOTE, plot=plot)


def _times(figures: Figures, labels: Labels) -> ReportTable:
    columns = [
        _text("key", wordings.GRADE, labels, _NAME),
        _number("resolved", wordings.RESOLVED, labels),
        ReportColumn("median", labels.say(wordings.MEDIAN_HOURS), ColumnKind.HOURS, 16),
        ReportColumn("p90", labels.say(wordings.P90_HOURS), ColumnKind.HOURS, 18),
    ]
    rows: list[Row] = [
        {
            "key": labels.grade(each.key) if each.key else labels.say(wordings.ALL),
            "resolved": each.resolved,
            "median": hours(each.median),
            "p90": hours(each.p90),
        }
        for each in by_grade(figures, labels)
    ]
    plot = Plot([Bar("median", TEAL, number=HOURS_FORMAT), Bar("p90", PALE, number=HOURS_FORMAT)])
    title, note = labels.say(wordings.TIMES), labels.say(wordings.TIMES_NOTE)
    return ReportTable("times", title, columns, rows[:-1], rows[-1], note, plot)


def by_grade(figures: Figures, labels: Labels) -> list[Times]:
    """Return the times in the policy's order of grades; those of all cases come last."""
    order = [*labels.grades(), *sorted(times.key for times in figures.times)]
    return sorted(figures.times, key=lambda times: (not times.key, order.index(times.key)))


# ---------------------------------------------------------------- penalties


def _penalty_flow(figures: Figures, labels: Labels) -> ReportTable | None:
    flow = figures.penalties
    states = (
        (labels.say(wordings.OF_THESE, state=labels.state(PenaltyState(state))), amount)
        for state, amount in flow.states.items()
    )
    money: tuple[tuple[str, Sum], ...] = (
        (labels.say(wordings.PENALTIES_ISSUED), flow.issued),
        *states,
        (labels.say(wordings.PENALTIES_REVOKED), flow.revoked),
    )
    counts = (
        (wordings.APPEALS_BEFORE, flow.appeals_before),
        (wordings.APPEALED, flow.appealed),
        (wordings.UPHELD, flow.upheld),
        (wordings.APPEAL_REVOKED, flow.revoked.count),
        (wordings.APPEALS_AFTER, flow.appeals_after),
        (wordings.WAITING, flow.waiting),
    )
    columns = [
        _text("what", wordings.WHAT, labels, _PERSON + 4),
        _number("count", wordings.COUNT, labels),
        _money("amount", wordings.AMOUNT, labels),
    ]
    rows: list[Row] = [{"what": text, "count": s.count, "amount": s.amount} for text, s in money]
    rows += [{"what": labels.say(text), "count": count} for text, count in counts]
    return ReportTable("penalty-flow", labels.say(wordings.PENALTY_FLOW), columns, rows)


def _penalised(figures: Figures, labels: Labels) -> ReportTable | None:
    if not figures.penalised:
        return None
    columns = [
        _text("key", wordings.PERSON, labels, _PERSON),
        _number("count", wordings.ISSUED, labels),
        _money("amount", wordings.ISSUED_AMOUNT, labels),
        _number("revoked", wordings.REVOKED, labels),
        _money("revoked_amount", wordings.REVOKED_AMOUNT, labels),
        _money("net", wordings.NET, labels),
    ]
    rows: list[Row] = [
        {
            "key": labels.person(each.role, each.name, each.email),
            "count": each.issued.count,
            "amount": each.issued.amount,
            "revoked": each.revoked.count,
            "revoked_amount": each.revoked.amount,
            "net": each.issued.amount - each.revoked.amount,
        }
        for each in figures.penalised
    ]
    plot = Plot([Bar("net", OVERDUE, number="#,##0;;")], lying=True)
    return _counted(
        "penalised", wordings.PENALISED, columns, rows, labels, note=wordings.PENALISED_NOTE, plot=plot
    )


def _penalty_list(figures: Figures, labels: Labels) -> ReportTable | None:
    if not figures.penalty_lines:
        return None
    columns = [
        _text("key", wordings.PENALTY, labels, 20),
        _text("person", wordings.PERSON, labels, 24),
        _text("clause", wordings.CLAUSE, labels, 8),
        _text("cause", wordings.CAUSE, labels, 26),
        _money("amount", wordings.AMOUNT, labels),
        _text("state", wordings.STATE, labels, 12),
        ReportColumn("issued_at", labels.say(wordings.ISSUED_AT), ColumnKind.DATETIME, 17),
        ReportColumn("changed_at", labels.say(wordings.CHANGED_AT), ColumnKind.DATETIME, 17),
    ]
    rows: list[Row] = [
        {
            "key": f"{line.case}/{line.penalty.number}",
            "person": labels.person(line.penalty.role, line.penalty.party.name, line.penalty.party.email),
            "clause": line.penalty.clause,
            "cause": labels.cause(line.penalty.cause, line.penalty.key),
            "amount": line.penalty.amount,
            "state": labels.state(line.penalty.state),
            "issued_at": line.issued_at,
            "changed_at": line.penalty.changed_at,
        }
        for line in figures.penalty_lines
    ]
    return ReportTable("penalty-list", labels.say(wordings.PENALTY_LIST), columns, rows)


def _case_list(figures: Figures, labels: Labels) -> ReportTable:
    columns = [
        _text("key", wordings.CASE, labels, 18),
        _text("department", wordings.DEPARTMENT, labels, 12),
        _text("category", wordings.CATEGORY, labels, 24),
        _text("source", wordings.SOURCE, labels, 27),
        _text("first_grade", wordings.FIRST_GRADE, labels, 12),
        _text("grade", wordings.REACHED, labels, 14),
        ReportColumn("opened_at", labels.say(wordings.OPENED_AT), ColumnKind.DATETIME, 17),
        ReportColumn("settled_at", labels.say(wordings.SETTLED_AT), ColumnKind.DATETIME, 17),
        ReportColumn("hours", labels.say(wordings.HOURS), ColumnKind.HOURS, 13),
        _number("lapses", wordings.LAPSES, labels),
        _number("reopened", wordings.TIMES_REOPENED, labels),
    ]
    rows: list[Row] = [
        {
            "key": case.number,
            **{name: labels.fact(name, case.facts[name]) for name in ("department", "category", "source")},
            **{name: labels.grade(case.facts[name]) for name in ("first_grade", "grade")},
            "opened_at": case.opened_at,
            "settled_at": case.settled_at,
            "hours": hours(case.took),
            "lapses": case.lapses,
            "reopened": case.reopened,
        }
        for case in figures.cases
    ]
    note = labels.say(wordings.CASE_LIST_NOTE)
    return ReportTable("case-list", labels.say(wordings.CASE_LIST), columns, rows, note=note)


def _calls(figures: Figures, labels: Labels) -> ReportTable | None:
    return _done("calls", wordings.CALLS, wordings.CALLS_NOTE, figures.calls, labels, lists=True)


def _duties(figures: Figures, labels: Labels) -> ReportTable | None:
    return _done("duties", wordings.DUTIES, wordings.DUTIES_NOTE, figures.duties, labels, lists=False)


def _done(
    key: str, title: Text, note: Text, done: Sequence[Done], labels: Labels, *, lists: bool
) -> ReportTable | None:
    """Build what was done of what fell due; None where nothing did."""
    if not done:
        return None
    columns = [
        _text("key", wordings.DUTY, labels, _STAGE),
        _number("due", wordings.DUE, labels),
        _number("in_time", wordings.IN_TIME, labels),
        _number("later", wordings.LATER, labels),
        _number("missed", wordings.MISSED, labels),
        *([_number("late_lists", wordings.LATE_LISTS, labels)] if lists else []),
    ]
    rows: list[Row] = [
        {
            "key": f"{labels.duty(each.key)} · {labels.role(each.role)}",
            "due": each.due,
            "in_time": each.in_time,
            "later": each.later,
            "missed": each.missed,
            **({"late_lists": each.late_lists} if lists else {}),
        }
        for each in done
    ]
    plot = Plot(
        [Bar("in_time", TEAL), Bar("later", PALE), Bar("missed", OVERDUE, PAPER)], lying=True, stacked=True
    )
    return _counted(key, title, columns, rows, labels, note=note, plot=plot)


_TABLES: tuple[Builder, ...] = (
    _flow,
    _days,
    _departments,
    _grades,
    _categories,
    _sources,
    _stages,
    _roles,
    _times,
    _calls,
    _duties,
    _penalty_flow,
    _penalised,
    _penalty_list,
    _case_list,
)


# ---------------------------------------------------------------- what tables are made of


def colours_of(labels: Labels) -> dict[str, tuple[str, str]]:
    """Return fill and ink of each grade, as in the master workbook."""
    grades = {key: labels.grade(key) for key in labels.grades()}
    return grade_colours(MasterLabels(site="", grades=grades, settled=()))


def _counted(
    key: str,
    title: Text,
    columns: Sequence[ReportColumn],
    rows: Sequence[Row],
    labels: Labels,
    *,
    note: Text | None = None,
    plot: Plot | None = None,
) -> ReportTable:
    """Build a table with the sums of its columns below it."""
    first, *numbers = columns
    sums: dict[str, CellValue] = {c.key: _sum(row[c.key] for row in rows) for c in numbers}
    total = {first.key: labels.say(wordings.TOTAL), **sums}
    said = "" if note is None else labels.say(note)
    return ReportTable(key, labels.say(title), columns, rows, total, said, plot)


def _sum(values: Iterable[CellValue]) -> CellValue:
    return sum(value for value in values if not isinstance(value, str) and value is not None)  # type: ignore[misc]


def in_order(shares: Iterable[Share], keys: Sequence[str]) -> list[Share]:
    """Return shares in the form's order, empty ones too; what the form does not know comes last."""
    known = {share.key: share for share in shares}
    return [known.get(key, Share(key, 0, 0, 0, 0)) for key in dict.fromkeys((*keys, *known))]


def _share_columns(labels: Labels) -> list[ReportColumn]:
    return [
        _number("opened", wordings.OPENED, labels),
        _number("settled", wordings.SETTLED, labels),
        _number("open", wordings.STILL_OPEN, labels),
        _number("lapsed", wordings.LAPSED, labels),
    ]


def _share(share: Share, name: str) -> Row:
    return {
        "key": name,
        "opened": share.opened,
        "settled": share.settled,
        "open": share.open,
        "lapsed": share.lapsed,
    }


def _text(key: str, header: Text, labels: Labels, width: float) -> ReportColumn:
    return ReportColumn(key, labels.say(header), ColumnKind.TEXT, width)


def _number(key: str, header: Text, labels: Labels) -> ReportColumn:
    return ReportColumn(key, labels.say(header), ColumnKind.NUMBER, 12)


def _money(key: str, header: Text, labels: Labels) -> ReportColumn:
    return ReportColumn(key, labels.say(header), ColumnKind.MONEY, 15)
