"""How cases ran up to a moment: the turns of each, told from its events alone, for statistics to count."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rules.after_events import Called, Drawn, Listed
from rules.case import Case, Penalty, apply
from rules.events import Event, Graded, Lapsed, Opened, Penalised, PenaltyState, TaskOverdue

IN_FORCE = (PenaltyState.ISSUED, PenaltyState.APPEALED, PenaltyState.UPHELD)


@dataclass(frozen=True)
class History:
    """Everything that happened to a case, in order."""

    number: str
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Turn:
    """A case was opened, settled or opened again.

    `since` is when it was last opened; `resolved` tells a resolution from other ways to settle it.
    """

    at: datetime
    kind: Literal["opened", "settled", "reopened"]
    since: datetime
    resolved: bool = False


@dataclass(frozen=True)
class PenaltyTurn:
    """A penalty became what it is in `after`, from the state `before` it; None: it was not there."""

    at: datetime
    number: int
    before: PenaltyState | None
    after: Penalty

    @property
    def issued(self) -> bool:
        """Tell whether this put it in force."""
        return self.before not in IN_FORCE and self.after.state is PenaltyState.ISSUED


@dataclass
class Course:
    """One case as it stood at a moment, and what led there."""

    case: Case
    first_grade: str = ""
    turns: list[Turn] = field(default_factory=list)
    lapses: list[Lapsed] = field(default_factory=list)
    overdue: list[TaskOverdue] = field(default_factory=list)
    penalty_turns: list[PenaltyTurn] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)
    called: list[Called] = field(default_factory=list)
    _was_graded: bool = False  # by a row of the table, not only held until its facts were complete

    @property
    def settled_at(self) -> datetime | None:
        """When it was settled; None while it is open."""
        return None if self.case.is_open else self.turns[-1].at

    @property
    def is_complaint(self) -> bool:
        """Tell a complaint from a day of follow-up calls."""
        return self.case.kind == "complaint"

    def first_call(self, task: str, customer: str) -> datetime | None:
        """Return when a customer was first called for a duty, reached or not; None if he was not."""
        calls = (call.at for call in self.called if (call.task, call.customer) == (task, customer))
        return next(calls, None)

    def take(self, event: Event) -> None:
        """Go one event further."""
        before, after = self.case, apply(self.case, event, self.case.number)
        self.case = after
        if before.is_open != after.is_open and self.is_complaint:
            self._turned(event, is_open=after.is_open)
        match event:
            case Graded() if not self.first_grade or not self._was_graded:
                self.first_grade, self._was_graded = event.grade, bool(event.reason)
            case Lapsed():
                self.lapses.append(event)
            case TaskOverdue():
                self.overdue.append(event)
            case Penalised():
                self._penalised(event, before)
            case Drawn():
                self.drawn.append(event)
            case Called():
                self.called.append(event)

    def _turned(self, event: Event, *, is_open: bool) -> None:
        opened_last = next(turn.at for turn in reversed(self.turns) if turn.kind != "settled")
        turn = (
            Turn(event.at, "reopened", event.at)
            if is_open
            else Turn(event.at, "settled", opened_last, resolved=event.kind == "resolved")
        )
        self.turns.append(turn)

    def _penalised(self, event: Penalised, before: Case) -> None:
        known, now = before.penalty(event.penalty), self.case.penalty(event.penalty)
        if now is not None:
            state = None if known is None else known.state
            self.penalty_turns.append(PenaltyTurn(event.at, event.penalty, state, now))


def course_of(history: History, until: datetime) -> Course | None:
    """Return how a case ran before `until`; None if it was opened later.

    ValueError if its history does not begin with its opening: somebody's data was erased.
    """
    events = [event for event in history.events if event.at < until]
    if not history.events or not isinstance(history.events[0], Opened | Listed):
        raise ValueError(f"{history.number}: its opening is not known any more")
    if not events:
        return None
    opening = events[0]
    course = Course(apply(None, opening, history.number))
    if course.is_complaint:
        course.turns.append(Turn(opening.at, "opened", opening.at))
    for event in events[1:]:
        course.take(event)
    return course


def courses_of(histories: Iterable[History], until: datetime) -> tuple[list[Course], int]:
    """Return how the cases ran before `until`, and of how many that cannot be told."""
    found, unknown = [], 0
    for history in histories:
        try:
            course = course_of(history, until)
        except ValueError:
            unknown += 1
            continue
        if course is not None:
            found.append(course)
    return found, unknown
