"""A policy pack: one site's house rules as strict, checked data (design.md, The policy is data)."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.after_rules import (
    Corrections,
    FollowUp,
    Gate,
    Holds,
    Rectification,
    Recurrence,
    names_afterwards,
)
from rules.after_rules import Duty as Duty
from rules.conditions import Condition
from rules.derivations import DERIVATIONS
from rules.locales import Locale, Text
from rules.monthly import MonthlyReport
from rules.penalty_rules import Appeals, Findings, Overdue, PenaltyRule
from rules.spans import Span
from rules.worked_out import WorkedOut

Cells = dict[str, Condition]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Model):
    """Somebody the rules name by office."""

    key: str
    title: Text


class Grade(_Model):
    """How serious a complaint is. `rank` rises with seriousness; a grade outside the ranking has none."""

    key: str
    title: Text
    rank: int | None = None


class Clause(_Model):
    """One rule's wording, cited wherever the rule is carried out. `assumed`: the source gives no figure."""

    key: str
    text: Text
    assumed: bool = False


class Derived(_Model):
    """A fact that a named function of `rules.derivations` finds from others."""

    key: str
    function: Literal["waited-longer-than-months", "missed-date"]
    parameters: dict[str, str | int] = {}


class GradingRow(_Model):
    """One row of the grading table; the first whose cells all hold decides."""

    grade: str
    clause: str
    when: Cells
    reason: Text


class OnLapse(_Model):
    """What happens when a stage's window lapses.

    `stage` is the stage that follows; `report_to` roles get the escalation mail, `notify` roles are told that the
    case is overdue. `clause` is the rule that says so, `regrade_clause` the one that names the new grade.
    """

    stage: str
    report_to: tuple[str, ...]
    notify: tuple[str, ...] = ()
    clause: str
    regrade_clause: str


class Repeat(_Model):
    """Reminders that go on until somebody acts: every `every` to `roles`."""

    every: Span
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    clause: str


class Stage(_Model):
    """Who is responsible, for how long, and what follows.

    A stage that ends has a `window` and `on_lapse`; one that lasts until somebody acts has neither, but a `repeat`.
    `entry` stages are where a freshly graded case begins; `when` tells which of a grade's stages it is.
    """

    key: str
    grade: str
    when: Cells = {}
    entry: bool = True
    owners: Annotated[tuple[str, ...], Field(min_length=1)]
    clause: str
    window: Span | None = None
    clock: Literal["wall"] = "wall"
    remind_before: Span | None = None
    on_lapse: OnLapse | None = None
    repeat: Repeat | None = None

    @model_validator(mode="after")
    def _ends_or_repeats(self) -> Self:
        if (self.window is None) != (self.on_lapse is None):
            raise ValueError(f"stage {self.key}: window and on_lapse go together")
        if self.window is None and self.repeat is None:
            raise ValueError(
                f"stage {self.key}: without a window it must repeat a reminder, or it is forgotten"
            )
        if self.window is not None and self.window <= timedelta(0):
            raise ValueError(f"stage {self.key}: a window must be longer than nothing")
        return self


class ConcessionKind(StrEnum):
    """What a concession is made of; the fact of the handling form that carries it."""

    DISCOUNT = "discount_percent"
    GIFT = "gift_amount"
    CASH = "cash_amount"


class Authority(_Model):
    """What `role` may grant of one kind by its own word; several rows of a role are alternatives, never added up."""

    role: str
    when: Cells
    kind: ConcessionKind
    limit: Annotated[Decimal, Field(ge=0)]
    clause: str


class Reporting(_Model):
    """Roles that may report on a case although it is not (or no longer) theirs."""

    when: Cells
    roles: tuple[str, ...]
    clause: str


class Numbering(_Model):
    """How cases are numbered: `prefix`, the site's day, and a serial of that day."""

    scheme: Literal["daily-serial"]
    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    digits: Annotated[int, Field(ge=2, le=9)] = 3


class Intake(_Model):
    """What becomes of forms as they arrive.

    `incomplete_stage` holds forms that lack required facts; a form is the same complaint again where `same_person`
    (any one) and `same_matter` (all) facts equal those of an open case and no fact of `never_differing` differs.
    """

    incomplete_stage: str
    issuing_roles: tuple[str, ...]
    same_person: tuple[str, ...]
    same_matter: tuple[str, ...]
    never_differing: tuple[str, ...] = ()
    clause: str


class Policy(WorkedOut, _Model):
    """A whole pack, checked as a whole: every key that is named exists, every stage ends or repeats."""

    key: str
    title: Text
    roles: tuple[Role, ...]
    grades: tuple[Grade, ...]
    clauses: tuple[Clause, ...]
    numbering: Numbering
    intake: Intake
    derived: tuple[Derived, ...] = ()
    grading: Annotated[tuple[GradingRow, ...], Field(min_length=1)]
    required_facts: tuple[str, ...] = ()
    stages: tuple[Stage, ...]
    duties: tuple[Duty, ...] = ()
    authority: tuple[Authority, ...] = ()
    concession_clause: str
    reporting: tuple[Reporting, ...] = ()
    resolved_notice: tuple[str, ...] = ()
    penalties: tuple[PenaltyRule, ...] = ()
    penalty_notice: tuple[str, ...] = ()  # who is told of every penalty, beside whoever it concerns
    findings: Findings | None = None
    appeals: Appeals | None = None
    gates: tuple[Gate, ...] = ()
    rectification: Rectification | None = None
    recurrence: Recurrence | None = None
    follow_up: FollowUp | None = None
    corrections: Corrections | None = None
    holds: Holds | None = None
    monthly_report: MonthlyReport | None = None
    workbook_role: str | None = None  # whoever writes in the master workbook acts in this role

    def __repr__(self) -> str:
        return f"Policy({self.key!r})"

    def role(self, key: str) -> Role:
        """Return the role called `key`; KeyError if these rules have none."""
        return self._roles[key]

    def role_title(self, role: str, locale: Locale) -> str:
        """Return what an office is called; its key where these rules do not know it."""
        known = self._roles.get(role)
        return role if known is None else known.title.get(locale)

    def role_titles(self, role: str) -> tuple[str, ...]:
        """Return what an office is called in each language; nothing where these rules do not know it."""
        known = self._roles.get(role)
        return () if known is None else known.title.all()

    def grade(self, key: str) -> Grade:
        """Return the grade called `key`; KeyError if these rules have none."""
        return self._grades[key]

    def clause(self, key: str) -> Clause:
        """Return the clause called `key`; KeyError if these rules have none."""
        return self._clauses[key]

    def stage(self, key: str) -> Stage:
        """Return the stage called `key`; KeyError if these rules have none."""
        return self._stages[key]

    def duty(self, key: str) -> Duty | None:
        """Return the duty called `key`, one of the follow-up calls among them; None where these rules know none."""
        return self._duties.get(key)

    def penalty(self, key: str) -> PenaltyRule:
        """Return the penalty called `key`; KeyError if these rules have none."""
        return self._penalties[key]

    @cached_property
    def _penalties(self) -> dict[str, PenaltyRule]:
        return {rule.key: rule for rule in self.penalties}

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return {role.key: role for role in self.roles}

    @cached_property
    def _grades(self) -> dict[str, Grade]:
        return {grade.key: grade for grade in self.grades}

    @cached_property
    def _clauses(self) -> dict[str, Clause]:
        return {clause.key: clause for clause in self.clauses}

    @cached_property
    def _stages(self) -> dict[str, Stage]:
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def _duties(self) -> dict[str, Duty]:
        calls = () if self.follow_up is None else self.follow_up.calls
        return {duty.key: duty for duty in (*(call.duty() for call in calls), *self.duties)}

    def judging_roles(self) -> tuple[str, ...]:
        """Return the roles that decide on penalties, or are told of all of them."""
        found = self.penalty_notice
        if self.findings is not None:
            found = (*found, *self.findings.by, *self.findings.confirmed_by)
        if self.appeals is not None:
            found = (*found, self.appeals.to, *self.appeals.own.values())
        return tuple(dict.fromkeys(found))

    def acting_roles(self) -> tuple[str, ...]:
        """Return the roles that get mail by these rules; each needs somebody behind it."""
        named = {
            name
            for place, what, name in _names_used(self)
            if what == "role" and not place.startswith(("intake", "workbook_role", "follow_up"))
        }
        return tuple(role.key for role in self.roles if role.key in named)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        faults = [*_doubled_keys(self), *_unknown_names(self), *_endless_stages(self)]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def load_policy(text: str) -> Policy:
    """Read a policy from TOML text; TOMLDecodeError or pydantic.ValidationError names every fault."""
    return Policy.model_validate(_tables_to_lists(tomllib.loads(text)))


def _tables_to_lists(raw: dict[str, Any]) -> dict[str, Any]:
    """Turn tables keyed by name (`[stages.x]`) into lists whose entries carry that name."""
    named = ("roles", "grades", "clauses", "derived", "stages", "duties", "penalties")
    tables = {name: raw[name] for name in named if isinstance(raw.get(name), dict)}
    return {
        **raw,
        **{name: [{"key": key, **body} for key, body in table.items()] for name, table in tables.items()},
    }


def _doubled_keys(policy: Policy) -> Iterator[str]:
    for name in ("roles", "grades", "clauses", "stages", "duties", "derived", "penalties"):
        keys = [entry.key for entry in getattr(policy, name)]
        yield from (
            f"{name}: {key} is defined twice" for key in sorted({key for key in keys if keys.count(key) > 1})
        )


def _unknown_names(policy: Policy) -> Iterator[str]:
    known: dict[str, set[str]] = {
        "role": {role.key for role in policy.roles},
        "grade": {grade.key for grade in policy.grades},
        "clause": {clause.key for clause in policy.clauses},
        "stage": {stage.key for stage in policy.stages},
        "penalty": {rule.key for rule in policy.penalties},
    }
    for place, what, name in _names_used(policy):
        if name not in known[what]:
            yield f"{place}: no {what} is called {name!r}"
    yield from (
        f"derived {d.key}: no function {d.function}" for d in policy.derived if d.function not in DERIVATIONS
    )


def _names_used(policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Yield (where, what it names, the name) for every reference inside the policy."""
    for number, row in enumerate(policy.grading, 1):
        yield f"grading row {number}", "grade", row.grade
        yield f"grading row {number}", "clause", row.clause
    for stage in policy.stages:
        yield from _names_of_stage(stage)
    for duty in policy.duties:
        yield f"duty {duty.key}", "role", duty.role
        yield f"duty {duty.key}", "clause", duty.clause
        yield from ((f"duty {duty.key}", "grade", grade) for grade in duty.grades)
        if duty.overdue is not None:
            yield from _names_of_overdue(f"duty {duty.key}", duty.overdue)
    for grant in policy.authority:
        yield "authority", "role", grant.role
        yield "authority", "clause", grant.clause
    for rule in policy.reporting:
        yield "reporting", "clause", rule.clause
        yield from (("reporting", "role", role) for role in rule.roles)
    yield "concession_clause", "clause", policy.concession_clause
    yield "intake", "clause", policy.intake.clause
    yield "intake", "stage", policy.intake.incomplete_stage
    yield from (("intake", "role", role) for role in policy.intake.issuing_roles)
    yield from (("resolved_notice", "role", role) for role in policy.resolved_notice)
    yield from _names_of_penalties(policy)
    yield from names_afterwards(policy)
    if policy.monthly_report is not None:
        yield "monthly_report", "clause", policy.monthly_report.clause
        yield from (("monthly_report", "role", role) for role in policy.monthly_report.roles)
    if policy.workbook_role is not None:
        yield "workbook_role", "role", policy.workbook_role


def _names_of_stage(stage: Stage) -> Iterator[tuple[str, str, str]]:
    place = f"stage {stage.key}"
    yield place, "grade", stage.grade
    yield place, "clause", stage.clause
    yield from ((place, "role", role) for role in stage.owners)
    if stage.on_lapse is not None:
        yield place, "stage", stage.on_lapse.stage
        yield place, "clause", stage.on_lapse.clause
        yield place, "clause", stage.on_lapse.regrade_clause
        yield from ((place, "role", role) for role in (*stage.on_lapse.report_to, *stage.on_lapse.notify))
    if stage.repeat is not None:
        yield place, "clause", stage.repeat.clause
        yield from ((place, "role", role) for role in stage.repeat.roles)


def _names_of_overdue(place: str, overdue: Overdue) -> Iterator[tuple[str, str, str]]:
    yield place, "clause", overdue.clause
    yield from ((place, "role", role) for role in overdue.notify)
    if overdue.penalty is not None:
        yield place, "penalty", overdue.penalty


def _names_of_penalties(policy: Policy) -> Iterator[tuple[str, str, str]]:
    yield from ((f"penalty {rule.key}", "clause", rule.clause) for rule in policy.penalties)
    yield from (("penalty_notice", "role", role) for role in policy.penalty_notice)
    if (findings := policy.findings) is not None:
        yield "findings", "clause", findings.clause
        yield from (("findings", "role", role) for role in (*findings.by, *findings.confirmed_by))
        costs = [(key, cause.penalty) for key, cause in findings.causes.items()]
        yield from ((f"cause {key}", "penalty", penalty) for key, penalty in costs if penalty is not None)
    if (appeals := policy.appeals) is not None:
        yield "appeals", "clause", appeals.clause
        yield from (("appeals", "role", role) for role in (appeals.to, *appeals.own, *appeals.own.values()))


def _endless_stages(policy: Policy) -> Iterator[str]:
    following = {stage.key: stage.on_lapse.stage for stage in policy.stages if stage.on_lapse is not None}
    for start in following:
        seen, key = {start}, following[start]
        while key in following and key not in seen:
            seen.add(key)
            key = following[key]
        if key in seen:
            yield f"stage {start}: escalation never ends, it comes back to {key}"
