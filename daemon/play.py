"""`kesu play`: a scenario run through the same rules on a virtual clock (contract.md, Scenario files)."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon import packs
from daemon.decision import check_issuer
from daemon.errors import AnswerIsNo, UsageError
from rules.case import Case, Penalty, apply
from rules.commands import (
    Appeal,
    Command,
    ConfirmPenalty,
    DeadlineReached,
    OpenCase,
    RecordFinding,
    Report,
    Rule,
)
from rules.deadlines import Deadline, deadlines
from rules.decide import decide
from rules.duties import told_in_time
from rules.events import Event, Party, event_to_json
from rules.facts import ISSUED_BY, FactError, Facts, fact_to_json, facts_from_json, money_from_json
from rules.fields import FormKind
from rules.notices import notices
from rules.policy import Policy
from rules.spans import parse_span


@dataclass(frozen=True)
class Entry:
    """One thing that happens in a scenario; `command` is None where time merely passes.

    `number` is its place in the file, from 1.
    """

    time: datetime
    case: str
    command: Command | None
    facts: Facts = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Scenario:
    """A scenario, typed and in order of time."""

    policy: Policy
    zone: ZoneInfo
    entries: tuple[Entry, ...]


@dataclass
class Stage:
    """Where a scenario plays: the cases as they stand and what has happened so far."""

    scenario: Scenario
    cases: dict[str, Case] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    timeline: list[dict[str, object]] = field(default_factory=list)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; UsageError or AnswerIsNo names the entry at fault."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    name = str(raw.get("policy", "dealership"))
    policy = packs.read_policy(packs.policy_text(name, path.parent), name)
    zone = _zone(str(raw.get("timezone", "Asia/Shanghai")))
    entries = list(_entries(raw.get("at", []), zone, policy))
    if not entries:
        raise UsageError(f"{path}: a scenario needs at least one [[at]]")
    return Scenario(policy, zone, tuple(sorted(entries, key=lambda entry: entry.time)))


def play(scenario: Scenario) -> dict[str, object]:
    """Run a scenario to its last entry's time, inclusive.

    What is reported at the very instant a window ends comes before the lapse.
    """
    stage = Stage(scenario)
    for entry in scenario.entries:
        _let_time_pass(stage, entry.time, inclusive=False)
        if entry.command is not None:
            _perform(stage, entry)
    _let_time_pass(stage, scenario.entries[-1].time, inclusive=True)
    return {
        "timeline": stage.timeline,
        "cases": [_summary(case, scenario.zone) for case in stage.cases.values()],
    }


def _perform(stage: Stage, entry: Entry) -> None:
    opening = isinstance(entry.command, OpenCase)
    if opening and entry.case in stage.cases:
        raise UsageError(f"entry {entry.number}: case {entry.case!r} is open already")
    if not opening and entry.case not in stage.cases:
        raise UsageError(f"entry {entry.number}: no form has opened case {entry.case!r}")
    if opening:
        stage.facts[entry.case] = entry.facts
    _execute(stage, entry.case, entry.command, entry.time)


def _let_time_pass(stage: Stage, until: datetime, *, inclusive: bool) -> None:
    while (upcoming := _next_deadline(stage)) is not None:
        name, deadline = upcoming
        if deadline.due > until or (deadline.due == until and not inclusive):
            return
        _execute(stage, name, _reached(stage, name, deadline), deadline.due)


def _reached(stage: Stage, name: str, deadline: Deadline) -> DeadlineReached:
    """In a scenario every notice is accepted at the moment it is due."""
    what, _, key = deadline.name.partition(":")
    if what not in ("overdue", "penalty"):
        return DeadlineReached(deadline.name)
    return DeadlineReached(deadline.name, told_in_time(stage.cases[name], key, stage.scenario.policy))


def _next_deadline(stage: Stage) -> tuple[str, Deadline] | None:
    upcoming = (
        (deadline.due, name, deadline)
        for name, case in stage.cases.items()
        for deadline in deadlines(case, stage.scenario.policy)
    )
    first = min(upcoming, default=None)
    return None if first is None else (first[1], first[2])


def _execute(stage: Stage, name: str, command: Command | None, now: datetime) -> None:
    if command is None:
        return
    case = stage.cases.get(name)
    policy, zone = stage.scenario.policy, stage.scenario.zone
    for event in decide(case, command, policy, now, zone, stage.facts.get(name)):
        case = apply(case, event, name)
        stage.timeline.append(_entry_of(event, name, zone))
        stage.timeline.extend(_notified(case, event, policy, zone))
    if case is not None:
        stage.cases[name] = case


def _entry_of(event: Event, name: str, zone: ZoneInfo) -> dict[str, object]:
    raw = event_to_json(event)
    kind = raw.pop("kind")
    if "task" in raw:
        raw["kind"] = raw.pop("task")
    if kind == "penalty":  # whom it concerns by office, by name, or both; never an empty one
        raw = {key: value for key, value in raw.items() if value or key not in ("role", "person")}
    local = {key: _local(value, zone) for key, value in raw.items()}
    return {"at": local.pop("at"), "case": name, "event": kind, **local}


def _notified(case: Case, event: Event, policy: Policy, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for notice in notices(case, event, policy):
        to: dict[str, object] = {"roles": list(notice.to)}
        if isinstance(notice.to, str):
            to = {"to": notice.to, "roles": []}
        yield {
            "at": event.at.astimezone(zone).isoformat(),
            "case": case.number,
            "event": "notified",
            "template": notice.template,
            **to,
            "clause": notice.clause,
        }


def _summary(case: Case, zone: ZoneInfo) -> dict[str, object]:
    return {
        "case": case.number,
        "status": case.status.value,
        "grade": case.grade,
        "clause": case.grade_clause,
        "stage": case.stage,
        "owner_roles": list(case.owners),
        "opened_at": case.opened_at.astimezone(zone).isoformat(),
        "due": None if case.due is None else case.due.astimezone(zone).isoformat(),
        "lapses": len(case.lapses),
        "resolved_at": None if case.resolved_at is None else case.resolved_at.astimezone(zone).isoformat(),
        "penalties": [_penalty(penalty) for penalty in case.penalties],
    }


def _penalty(penalty: Penalty) -> dict[str, object]:
    whom = {"role": penalty.role, "person": penalty.person}
    return {
        "penalty": penalty.number,
        "amount": None if penalty.amount is None else fact_to_json(penalty.amount),
        **{key: value for key, value in whom.items() if value},
        "clause": penalty.clause,
        "state": penalty.state.value,
    }


_TIME = re.compile(r"\d{4}-\d\d-\d\dT.+")


def _local(value: object, zone: ZoneInfo) -> object:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(zone).isoformat()
        except ValueError:
            return value
    return value


# ---------------------------------------------------------------- reading


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones is an OSError
        raise UsageError(f"timezone: {name!r} is no time zone; write one such as Asia/Shanghai") from error


def _entries(raw: object, zone: ZoneInfo, policy: Policy) -> Iterator[Entry]:
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        raise UsageError("at: entries are written as [[at]]")
    start: datetime | None = None
    for number, entry in enumerate(raw, 1):
        time = _time(entry.get("time"), start, number, zone)
        start = start or time
        yield _entry(entry, time, number, policy)


def _time(raw: object, start: datetime | None, number: int, zone: ZoneInfo) -> datetime:
    try:
        if isinstance(raw, str) and raw.startswith("+") and start is not None:
            return start + parse_span(raw[1:])
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"entry {number}: time {raw!r} is neither a time with its zone nor +2h30m"
        ) from error
    if not 1900 < moment.year < 2200:
        raise UsageError(f"entry {number}: a time between 1901 and 2199 expected, not {moment.isoformat()}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _entry(raw: dict[str, Any], time: datetime, number: int, policy: Policy) -> Entry:
    kinds = [key for key in raw if key not in ("time", "case")]
    if not set(kinds) <= set(_ENTRY_KINDS) or len(kinds) > 1:
        raise UsageError(f"entry {number}: one of {', '.join(_ENTRY_KINDS)} expected, not {', '.join(kinds)}")
    case = str(raw.get("case", ""))
    body = raw.get(kinds[0]) if kinds else None
    if not kinds or kinds[0] == "wait":
        return Entry(time, case, None, number=number)
    if not case or not isinstance(body, dict):
        raise UsageError(f"entry {number}: a {kinds[0]} needs a case and a table of facts")
    try:
        facts, command = _READERS[kinds[0]](body, policy)
    except FactError as error:
        raise AnswerIsNo(f"entry {number}: {error}") from error
    return Entry(time, case, command, facts, number)


def _form(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    facts = facts_from_json(body, packs.catalogue().form(FormKind.COMPLAINT))
    issued_by = facts.pop(ISSUED_BY, None)
    check_issuer(issued_by, policy)
    return facts, OpenCase(facts, issued_by=None if issued_by is None else str(issued_by))


def _report(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    raw = {key: value for key, value in body.items() if key != "by"}
    facts = facts_from_json(raw, packs.catalogue().form(FormKind.HANDLING))
    return facts, Report(_by(body, policy), facts)


def _finding(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    """A finding of a scenario counts as confirmed unless it says otherwise."""
    _only(body, ("by", "person", "role", "cause", "note", "labour_fee", "occurrence", "confirmed"))
    return {}, RecordFinding(
        by=_by(body, policy),
        party=_party(body, policy),
        cause=_text(body, "cause"),
        note=_text(body, "note"),
        labour_fee=_money(body, "labour_fee"),
        occurrence=_text(body, "occurrence"),
        confirmed=_yes_or_no(body, "confirmed", default=True),
    )


def _confirm(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "penalty", "decision", "amount", "note"))
    return {}, ConfirmPenalty(
        by=_by(body, policy),
        penalty=_number(body),
        decision="drop" if _one_of(body, "decision", ("confirm", "drop")) == "drop" else "confirm",
        amount=_money(body, "amount"),
        note=_text(body, "note"),
    )


def _appeal(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("person", "role", "by", "penalty", "text"))
    by = _by(body, policy) if "by" in body else _party(body, policy)
    return {}, Appeal(by=by, penalty=_number(body), text=_text(body, "text"))


def _ruling(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "penalty", "decision", "note"))
    return {}, Rule(
        by=_by(body, policy),
        penalty=_number(body),
        decision="revoke" if _one_of(body, "decision", ("uphold", "revoke")) == "revoke" else "uphold",
        note=_text(body, "note"),
    )


_READERS: dict[str, Callable[[dict[str, Any], Policy], tuple[Facts, Command]]] = {
    "form": _form,
    "report": _report,
    "finding": _finding,
    "confirm": _confirm,
    "appeal": _appeal,
    "ruling": _ruling,
}
_ENTRY_KINDS = (*_READERS, "wait")


# ---------------------------------------------------------------- values of an entry


def _by(body: dict[str, Any], policy: Policy) -> Party:
    by = body.get("by", [])
    roles = tuple(by) if isinstance(by, list) else (by,)
    known = [role.key for role in policy.roles]
    for role in roles:
        if role not in known:
            raise FactError("by", f"a role of the policy expected ({', '.join(known)}), not {role!r}")
    return Party(roles=roles)


def _party(body: dict[str, Any], policy: Policy) -> Party:
    """Return whom an entry names, by office or by name; an office nobody knows is for the rules to refuse."""
    person, role = _text(body, "person"), _text(body, "role")
    if person in [known.key for known in policy.roles] and not role:
        return Party(roles=(person,))
    return Party(roles=(role,) if role else (), name=person)


def _only(body: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in body:
        if key not in keys:
            raise FactError(key, f"unknown; known are {', '.join(keys)}")


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise FactError(key, f"text expected, not {value!r}")
    return value


def _one_of(body: dict[str, Any], key: str, words: tuple[str, ...]) -> str:
    value = body.get(key)
    if value not in words:
        raise FactError(key, f"one of {', '.join(words)} expected, not {value!r}")
    return str(value)


def _yes_or_no(body: dict[str, Any], key: str, *, default: bool) -> bool:
    value = body.get(key, default)
    if not isinstance(value, bool):
        raise FactError(key, f"true or false expected, not {value!r}")
    return value


def _number(body: dict[str, Any]) -> int:
    value = body.get("penalty")
    if isinstance(value, bool) or not isinstance(value, int):
        raise FactError("penalty", f"the number of a penalty expected, from 1, not {value!r}")
    return value


def _money(body: dict[str, Any], key: str) -> Decimal | None:
    return None if body.get(key) is None else money_from_json(key, body[key])
