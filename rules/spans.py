"""Lengths of time as policies write them: `2h`, `90m`, `2d`, `8s` (contract.md)."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def parse_span(raw: object) -> timedelta:
    """Read a span; ValueError names it if it is none."""
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str) or not _SPAN.fullmatch(raw.strip()):
        raise ValueError(f"{raw!r} is not a span of time; write 2h, 90m, 1h30m or 2d")
    return sum(
        (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in _PART.findall(raw)), timedelta()
    )


def write_span(span: timedelta) -> str:
    """Write a span in the largest unit that divides it: 2 h as `2h`, 90 min as `90m`, 48 h as `2d`."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


Span = Annotated[timedelta, BeforeValidator(parse_span), PlainSerializer(write_span)]
