"""A row of the workbook as the ledger remembers it: JSON that gives every value back as it was read."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sheets.cellvalues import CellError, ReadValue
from sheets.texts import plain_text

Values = Mapping[str, ReadValue]


def encoded(values: Values) -> str:
    """Write a row; empty cells are left out."""
    told = {key: _encoded(value) for key, value in values.items() if value is not None}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decoded(body: str, zone: ZoneInfo, columns: tuple[str, ...] = ()) -> dict[str, ReadValue]:
    """Read a row back, datetimes in `zone`; `columns` not told of are empty."""
    told = {key: _decoded(value, zone) for key, value in json.loads(body).items()}
    return {**dict.fromkeys(columns), **told}


def _encoded(value: ReadValue) -> object:
    match value:
        case str():
            return plain_text(value)
        case datetime():
            return {"at": value.isoformat()}
        case Decimal():
            return {"number": str(value)}
        case CellError():
            return {"error": value.code}
    return value


def _decoded(value: object, zone: ZoneInfo) -> ReadValue:
    match value:
        case {"at": str(moment)}:
            return datetime.fromisoformat(moment).astimezone(zone)
        case {"number": str(number)}:
            return Decimal(number)
        case {"error": str(code)}:
            return CellError(code)
        case str() | bool() | int():
            return value
    raise ValueError(f"{value!r} is no value of a cell")
