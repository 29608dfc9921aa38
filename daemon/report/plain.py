"""The figures of a month as one JSON document (contract.md: money as strings, times with their offset)."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from rules.months import Month
from rules.statistics import Figures


def as_json(figures: Figures, zone: ZoneInfo, *, fines: bool = True) -> dict[str, object]:
    """Write the figures by their own names; lengths of time in seconds."""
    left_out = () if fines else ("penalties", "penalised", "penalty_lines")
    plain = {name: value for name, value in _fields(figures) if name not in (*left_out, "crossed")}
    crossed = [
        {"department": department, "grade": grade, "opened": count}
        for (department, grade), count in sorted(figures.crossed.items())
    ]
    return {name: _plain(value, zone) for name, value in plain.items()} | {"department_grades": crossed}


def _fields(value: object) -> list[tuple[str, object]]:
    return [(field.name, getattr(value, field.name)) for field in fields(value)]  # type: ignore[arg-type] # a dataclass


def _plain(value: object, zone: ZoneInfo) -> object:
    match value:
        case Month() | Enum():
            return str(value)
        case datetime():
            return value.astimezone(zone).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return round(value.total_seconds())
        case Decimal():
            return f"{value:.2f}"
        case BaseModel():
            return {name: _plain(getattr(value, name), zone) for name in type(value).model_fields}
        case Mapping():
            return {str(key): _plain(each, zone) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each, zone) for each in value]
        case _ if is_dataclass(value):
            return {name: _plain(each, zone) for name, each in _fields(value)}
        case _:
            return value
