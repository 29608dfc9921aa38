"""How serious a complaint is and who acts on it: the grading table read over typed facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from rules.conditions import FactValue
from rules.derivations import DERIVATIONS, Setting
from rules.facts import Facts
from rules.policy import Authority, Cells, Duty, GradingRow, Policy, Stage


class FactsMissing(ValueError):
    """The table gives no answer without these facts; `keys` names them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(f"cannot be graded without {', '.join(keys)}")
        self.keys = keys


@dataclass(frozen=True)
class Grading:
    """What the policy says of a complaint at its opening. `row` counts the grading rows from 1."""

    grade: str
    clause: str
    row: int
    stage: Stage
    known: Mapping[str, FactValue]  # the facts and what follows from them
    policy: Policy

    @property
    def duties(self) -> tuple[Duty, ...]:
        """The duties beside the stages that begin with it."""
        begun = (duty for duty in self.policy.duties if _begins_at(self.grade, duty))
        return tuple(duty for duty in begun if holds(duty.when, self.known))

    @property
    def authority(self) -> tuple[Authority, ...]:
        """Who may promise what."""
        return authority(self.known, self.policy)


def grade(facts: Facts, policy: Policy, today: date, zone: tzinfo) -> Grading:
    """Grade typed facts; `today` stands in for a report's day that is not given.

    Raises FactsMissing where the first row that is not ruled out hangs on a required fact nobody gave.
    """
    known = with_derived(facts, policy, today, zone)
    number, row = _first_row(known, policy)
    stage = entry_stage(row.grade, known, policy)
    return Grading(
        grade=row.grade,
        clause=row.clause,
        row=number,
        stage=stage,
        known=known,
        policy=policy,
    )


def _begins_at(grade_key: str, duty: Duty) -> bool:
    return duty.begins == "opened" or (duty.begins == "graded" and grade_key in duty.grades)


def with_derived(facts: Facts, policy: Policy, today: date, zone: tzinfo) -> dict[str, FactValue]:
    """Return the facts and those that follow from them; what cannot be known is left out."""
    known = dict(facts)
    for derived in policy.derived:
        value = DERIVATIONS[derived.function](facts, Setting(derived.parameters, today, zone))
        if value is not None:
            known[derived.key] = value
    return known


def holds(cells: Cells, facts: Mapping[str, FactValue]) -> bool:
    """Tell whether every cell holds; an unknown fact makes its cell fail."""
    return all(cell.holds(facts.get(key)) for key, cell in cells.items())


def entry_stage(grade_key: str, facts: Mapping[str, FactValue], policy: Policy) -> Stage:
    """Return the stage at which a case of this grade begins; FactsMissing if the facts do not tell which."""
    for stage in policy.stages:
        if stage.entry and stage.grade == grade_key and holds(stage.when, facts):
            return stage
    wanted = {key for stage in policy.stages if stage.grade == grade_key for key in stage.when}
    raise FactsMissing(tuple(sorted(wanted - set(facts))) or ("grade",))


def authority(facts: Mapping[str, FactValue], policy: Policy) -> tuple[Authority, ...]:
    """Return who may promise what on such a case, lowest first (D10–D12, D19–D21)."""
    return tuple(grant for grant in policy.authority if holds(grant.when, facts))


def _first_row(facts: Mapping[str, FactValue], policy: Policy) -> tuple[int, GradingRow]:
    for number, row in enumerate(policy.grading, 1):
        answers = {key: cell.holds(facts.get(key)) for key, cell in row.when.items()}
        if all(answers.values()):
            return number, row
        if missing := _missing(answers, policy.required_facts):
            raise FactsMissing(missing)
    raise FactsMissing(tuple(_never_given(facts, policy.required_facts)) or ("grade",))


def _missing(answers: Mapping[str, bool | None], required: Iterable[str]) -> tuple[str, ...]:
    """Return the required facts that alone keep a row, whose cells answer so, from being ruled in or out."""
    if False in answers.values() or any(
        answer is None and key not in required for key, answer in answers.items()
    ):
        return ()
    return tuple(key for key, answer in answers.items() if answer is None)


def _never_given(facts: Mapping[str, FactValue], required: Iterable[str]) -> list[str]:
    return [key for key in required if key not in facts]
