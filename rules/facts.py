"""Facts: the typed values a form yields, and how they stand in JSON (contract.md)."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from rules.conditions import FactValue
from rules.fields import Field, Form, Kind

Facts = Mapping[str, FactValue]
Json = str | int | float | bool | None

NO_FACTS: Facts = MappingProxyType({})
MONEY_LIMIT = Decimal(100_000_000)
ISSUED_BY = "issued_by"  # the sender's role; a fact of every form that no form can claim (D26)


class FactError(ValueError):
    """A fact that is unknown or of the wrong type; `key` is its name, the message says what is wanted."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


def facts_from_json(raw: Mapping[str, object], form: Form) -> dict[str, FactValue]:
    """Type the facts of a JSON (or TOML) object by the form's fields; FactError at the first that does not fit."""
    known = form.by_key
    facts: dict[str, FactValue] = {}
    for key, value in raw.items():
        if key == ISSUED_BY:
            if not isinstance(value, str):
                raise FactError(key, f"a role's name expected, not {value!r}")
            facts[key] = value
        elif key in known:
            facts[key] = fact_from_json(known[key], value)
        else:
            raise FactError(key, f"unknown fact; known are {', '.join([*known, ISSUED_BY])}")
    return facts


def fact_from_json(field: Field, value: object) -> FactValue:
    """Type one JSON value by its field; FactError if it is of another type or out of range."""
    if field.kind is Kind.CHOICE:
        return _choice(field, value)
    return _TYPING.get(field.kind, _text)(field.key, value)


def with_issuer(facts: Facts, issued_by: str | None) -> dict[str, FactValue]:
    """Return the facts with the sender's role as their issuer, whatever they themselves claim (D26)."""
    claimed_no_issuer = {key: value for key, value in facts.items() if key != ISSUED_BY}
    return claimed_no_issuer if issued_by is None else {**claimed_no_issuer, ISSUED_BY: issued_by}


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """Write facts as JSON values: money as text with two decimals, percentages as numbers, times as ISO 8601."""
    return {key: fact_to_json(value, percentage=key.endswith("_percent")) for key, value in facts.items()}


def fact_to_json(value: FactValue, *, percentage: bool = False) -> Json:
    """Write one fact as a JSON value."""
    match value:
        case bool() | str():
            return value
        case Decimal() if percentage:
            return int(value) if value == value.to_integral_value() else float(value)
        case Decimal():
            return f"{value:.2f}"
        case _:
            return value.isoformat()


_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_YEARS = range(1900, 2200)


def _decimal(key: str, value: object, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise FactError(key, f"{what} expected, not {value!r}")
    if isinstance(value, str) and not _PLAIN_NUMBER.fullmatch(value):
        raise FactError(key, f"{what} expected, not {value!r}")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise FactError(key, f"{what} expected, not {value!r}") from None
    if not number.is_finite():
        raise FactError(key, f"{what} expected, not {value!r}")
    return number


def money_from_json(key: str, value: object) -> Decimal:
    """Type one amount; FactError, naming `key`, if it is none or out of range."""
    number = _decimal(key, value, 'an amount such as "1200.00"')
    if not 0 <= number <= MONEY_LIMIT:
        raise FactError(key, f"an amount from 0 to {MONEY_LIMIT} expected, not {value!r}")
    if number != number.quantize(Decimal("0.01")):
        raise FactError(key, f"an amount with at most two decimals expected, not {value!r}")
    return number.quantize(Decimal("0.01"))


def _choice(field: Field, value: object) -> str:
    if isinstance(value, str) and field.choice(value) is not None:
        return str(value)
    keys = ", ".join(choice.key for choice in field.choices)
    raise FactError(field.key, f"one of {keys} expected, not {value!r}")


def _text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise FactError(key, f"text expected, not {value!r}")


def _yes_no(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise FactError(key, f"true or false expected, not {value!r}")


def _percentage(key: str, value: object) -> Decimal:
    number = _decimal(key, value, "a percentage such as 30")
    if not 0 <= number <= 100:
        raise FactError(key, f"a percentage from 0 to 100 expected, not {value!r}")
    return number


def _datetime(key: str, value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None or value.year not in _YEARS:
        raise FactError(key, 'a time with its zone such as "2026-11-23T09:00:00+08:00" expected')
    return value


def _date(key: str, value: object) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime) or value.year not in _YEARS:
        raise FactError(key, 'a date such as "2026-11-23" expected')
    return value


_TYPING: Mapping[Kind, Callable[[str, object], FactValue]] = {
    Kind.MONEY: money_from_json,
    Kind.PERCENTAGE: _percentage,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.YES_NO: _yes_no,
}
