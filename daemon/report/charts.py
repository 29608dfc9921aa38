"""The charts of the monthly mail, each bar with its numbers in words."""

from collections.abc import Callable, Iterable, Sequence

from daemon.report import wordings
from daemon.report.labels import Labels
from daemon.report.tables import BLUE, ORANGE, colours_of, in_order
from mailer.monthly import BarChart, BarLine, DayChart, DayColumn, Segment
from rules.locales import Text
from rules.statistics import Figures, Share
from sheets.signals import OVERDUE

MOST_BARS = 8  # of one chart; the workbook has them all


def day_chart(figures: Figures, labels: Labels) -> DayChart:
    """Show what came and what was settled on each day."""
    eventful = [each for each in figures.days if each.opened or each.settled]
    told = labels.say(wordings.APART).join(f"{d.day:%m/%d}\u00a0{d.opened}/{d.settled}" for d in eventful)
    return DayChart(
        title=labels.say(wordings.DAYS),
        days=tuple(DayColumn(day=d.day.day, opened=d.opened, settled=d.settled) for d in figures.days),
        opened=labels.say(wordings.OPENED),
        settled=labels.say(wordings.SETTLED),
        told=labels.say(wordings.DAYS_TOLD, days=told) if eventful else labels.say(wordings.QUIET),
    )


def bar_charts(figures: Figures, labels: Labels) -> list[BarChart]:
    """Return the charts that have something to show."""
    charts = [_chart(build(figures, labels), title, labels) for title, build in _CHARTS]
    return [chart for chart in charts if chart.bars]


def _chart(bars: Iterable[BarLine], title: Text, labels: Labels) -> BarChart:
    known = [bar for bar in bars if any(segment.number for segment in bar.segments)]
    more = len(known) - MOST_BARS
    note = labels.say(wordings.MORE, count=more) if more > 0 else ""
    return BarChart(title=labels.say(title), bars=tuple(known[:MOST_BARS]), note=note)


def _departments(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    colours = colours_of(labels)
    for share in in_order(figures.shares["department"], labels.choices("department")):
        pieces = [
            Segment(
                label=labels.grade(grade),
                number=figures.crossed.get((share.key, grade), 0),
                colour=_web(colours[grade][0]),
            )
            for grade in labels.grades()
        ]
        detail = [f"{piece.label} {piece.number}" for piece in pieces if piece.number]
        yield _bar(labels.fact("department", share.key), share.opened, pieces, detail)


def _grades(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    colours = colours_of(labels)
    first = {share.key: share.opened for share in figures.shares["first_grade"]}
    for share in in_order(figures.shares["grade"], labels.grades()):
        fill, _ = colours.get(share.key, (BLUE, ""))
        at_first = labels.say(wordings.AT_FIRST, count=first.get(share.key, 0))
        yield _bar(labels.grade(share.key), share.opened, [_piece(share.opened, fill)], [at_first])


def _categories(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    return (_share(share, labels.fact("category", share.key), labels) for share in figures.shares["category"])


def _sources(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    return (_share(share, labels.fact("source", share.key), labels) for share in figures.shares["source"])


def _stages(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    for each in figures.stages:
        yield _bar(labels.stage(each), each.lapses, [_piece(each.lapses, ORANGE)], [])


def _roles(figures: Figures, labels: Labels) -> Iterable[BarLine]:
    lapses, overdue = labels.say(wordings.LAPSES), labels.say(wordings.OVERDUE)
    for each in figures.roles:
        pieces = [_piece(each.lapses, ORANGE, lapses), _piece(each.overdue, OVERDUE, overdue)]
        detail = [f"{piece.label} {piece.number}" for piece in pieces if piece.number and each.overdue]
        yield _bar(labels.role(each.role), each.lapses + each.overdue, pieces, detail)


_CHARTS: tuple[tuple[Text, Callable[[Figures, Labels], Iterable[BarLine]]], ...] = (
    (wordings.DEPARTMENTS, _departments),
    (wordings.GRADES, _grades),
    (wordings.CATEGORIES, _categories),
    (wordings.SOURCES, _sources),
    (wordings.STAGES, _stages),
    (wordings.ROLES, _roles),
)


def _share(share: Share, label: str, labels: Labels) -> BarLine:
    counts = ((wordings.STILL_OPEN, share.open), (wordings.LAPSED, share.lapsed))
    detail = [f"{labels.say(text)} {count}" for text, count in counts if count]
    return _bar(label, share.opened, [_piece(share.opened, BLUE)], detail)


def _bar(label: str, number: int, pieces: Sequence[Segment], detail: Sequence[str]) -> BarLine:
    return BarLine(label=label, value=str(number), segments=tuple(pieces), detail=" · ".join(detail))


def _piece(number: int, fill: str, label: str = "") -> Segment:
    return Segment(label=label, number=number, colour=_web(fill))


def _web(argb: str) -> str:
    """Return a colour of the workbook as HTML writes it."""
    return f"#{argb[2:].lower()}"
