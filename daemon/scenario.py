"""Scenario files as typed entries (contract.md, Scenario files)."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon import packs
from daemon.decision import check_issuer
from daemon.errors import AnswerIsNo, UsageError
from rules.after_events import Delivery
from rules.commands import (
    Appeal,
    Command,
    CompleteTask,
    ConfirmPenalty,
    Correct,
    Hold,
    Inform,
    Merge,
    OpenCase,
    Reassign,
    ReceiveList,
    RecordCall,
    RecordFinding,
    Rectify,
    Release,
    Reopen,
    Report,
    Review,
    Rule,
    Withdraw,
)
from rules.events import Party
from rules.facts import ISSUED_BY, FactError, Facts, facts_from_json, money_from_json
from rules.fields import FormKind
from rules.follow_up import delivery_key
from rules.policy import Policy
from rules.spans import parse_span


@dataclass(frozen=True)
class Entry:
    """One thing that happens in a scenario; there are no `commands` where time merely passes.

    `number` is its place in the file, from 1.
    """

    time: datetime
    case: str
    commands: tuple[Command, ...] = ()
    facts: Facts = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Scenario:
    """A scenario, typed and in order of time."""

    policy: Policy
    zone: ZoneInfo
    entries: tuple[Entry, ...]


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
        return Entry(time, case, number=number)
    try:
        if kinds[0] == "deliveries":
            return Entry(time, case, tuple(_deliveries(body, policy)), number=number)
        if not isinstance(body, dict) or not (case or kinds[0] == "called"):
            raise UsageError(f"entry {number}: a {kinds[0]} needs a case and a table of facts")
        facts, command = _READERS[kinds[0]](body, policy)
    except FactError as error:
        raise AnswerIsNo(f"entry {number}: {error}") from error
    return Entry(time, case, (command,), facts, number)


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


def _rectification(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    raw = {key: value for key, value in body.items() if key != "by"}
    facts = facts_from_json(raw, packs.catalogue().form(FormKind.RECTIFICATION))
    return {}, Rectify(_by(body, policy), facts)


def _informed(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "opinion", "satisfied"))
    satisfied = _yes_or_no(body, "satisfied", default=True) if "satisfied" in body else None
    return {}, Inform(_by(body, policy), opinion=_text(body, "opinion"), satisfied=satisfied)


def _approve(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "note"))
    return {}, Review(_by(body, policy), "approve", note=_text(body, "note"))


def _reject(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "note"))
    return {}, Review(_by(body, policy), "reject", note=_text(body, "note"))


def _called(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    form = packs.catalogue().form(FormKind.CALLS)
    facts = facts_from_json({key: value for key, value in body.items() if key not in ("by", "note")}, form)
    called_at, satisfied = facts.get("called_at"), facts.get("satisfied")
    return {}, RecordCall(
        by=_by(body, policy),
        reached=facts.get("reached", True) is True,
        phone=str(facts.get("customer_phone", "")),
        plate_no=str(facts.get("plate_no", "")),
        vin=str(facts.get("vin", "")),
        name=str(facts.get("customer_name", "")),
        satisfied=satisfied if isinstance(satisfied, bool) else None,
        complaint=str(facts.get("complaint", "")),
        called_at=called_at if isinstance(called_at, datetime) else None,
        note=_text(body, "note"),
    )


def _done(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "task", "note"))
    return {}, CompleteTask(_by(body, policy), _text(body, "task"), _text(body, "note"))


def _correction(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    raw = {key: value for key, value in body.items() if key not in ("by", "note")}
    entries = facts_from_json(raw, packs.catalogue().form(FormKind.COMPLAINT))
    return {}, Correct(_by(body, policy), entries, _text(body, "note"))


def _reassign(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "to", "note"))
    to = body.get("to", [])
    roles = tuple(str(role) for role in (to if isinstance(to, list) else [to]))
    return {}, Reassign(_by(body, policy), roles, _text(body, "note"))


def _withdraw(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "note"))
    return {}, Withdraw(_by(body, policy), _text(body, "note"))


def _merge(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "into", "note"))
    return {}, Merge(_by(body, policy), _text(body, "into"), _text(body, "note"))


def _reopen(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "note"))
    return {}, Reopen(_by(body, policy), _text(body, "note"))


def _hold(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "until", "note"))
    until = body.get("until")
    if isinstance(until, str):
        try:
            until = datetime.fromisoformat(until)
        except ValueError:
            until = None
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise FactError("until", f"a time with its zone expected, not {body.get('until')!r}")
    return {}, Hold(_by(body, policy), until, _text(body, "note"))


def _release(body: dict[str, Any], policy: Policy) -> tuple[Facts, Command]:
    _only(body, ("by", "note"))
    return {}, Release(_by(body, policy), _text(body, "note"))


def _deliveries(body: object, policy: Policy) -> Iterator[ReceiveList]:
    """Read a list of cars handed over, `rows` of `{ by, rows }` or bare: one command for each day on it."""
    table = body if isinstance(body, dict) else {"rows": body}
    rows = table.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise FactError("deliveries", "a list of tables, one for each car, expected")
    by = _by(table, policy)
    form = packs.catalogue().form(FormKind.DELIVERIES)
    days: dict[date, list[Delivery]] = {}
    for row in rows:
        facts = facts_from_json(row, form)
        for field_ in form.fields:
            if field_.required and facts.get(field_.key) in (None, ""):
                raise FactError(field_.key, "every row of deliveries needs it")
        day = facts["delivered_on"]
        if not isinstance(day, date):
            raise FactError("delivered_on", "a date expected")
        days.setdefault(day, []).append(delivery_of(facts))
    for day, listed in days.items():
        yield ReceiveList(by, day, tuple(listed))


def delivery_of(facts: Facts) -> Delivery:
    """Return a row of a delivery list as the rules keep it."""
    said = {key: str(facts.get(key, "")) for key in _OF_DELIVERY}
    return Delivery(key=delivery_key(**said), **said)


_OF_DELIVERY = ("customer_name", "customer_phone", "plate_no", "vin", "business")

_READERS: dict[str, Callable[[dict[str, Any], Policy], tuple[Facts, Command]]] = {
    "form": _form,
    "report": _report,
    "finding": _finding,
    "confirm": _confirm,
    "appeal": _appeal,
    "ruling": _ruling,
    "rectification": _rectification,
    "informed": _informed,
    "approve": _approve,
    "reject": _reject,
    "called": _called,
    "done": _done,
    "correction": _correction,
    "reassign": _reassign,
    "withdraw": _withdraw,
    "merge": _merge,
    "reopen": _reopen,
    "hold": _hold,
    "release": _release,
}
_ENTRY_KINDS = (*_READERS, "deliveries", "wait")


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
