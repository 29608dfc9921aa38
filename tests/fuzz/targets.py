"""What fuzzing feeds: each target takes bytes and raises Finding where a promise of `parsers/` does not hold."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from parsers.forms import parse_workbook
from parsers.html_tables import tables
from parsers.otherwise import read_otherwise
from parsers.pasted import parse_pasted
from parsers.readings import Surroundings
from parsers.refusals import Refused
from parsers.replies import parse_reply
from parsers.reply_absence import parse_absence
from parsers.reply_call_lines import parse_calls
from parsers.reply_confirm import parse_confirmation
from parsers.reply_corrections import parse_change
from parsers.reply_informing import parse_done
from parsers.reply_lines import addressed
from parsers.reply_reviews import parse_review
from parsers.reply_tokens import tokens_in
from parsers.reply_verdicts import parse_blame, parse_verdict, says_nothing
from parsers.values import read_value
from parsers.wire import file_from_json, file_to_json
from rules.fields import Catalogue, load_form
from rules.locales import Locale

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, tzinfo=ZONE)
SECONDS = 5.0  # of this process, for one input


class Finding(AssertionError):
    """A promise that does not hold for an input."""


@cache
def catalogue() -> Catalogue:
    """The forms the product ships."""
    files = sorted((ROOT / "rules" / "forms").glob("*.toml"))
    return Catalogue(forms=tuple(load_form(file.read_text(encoding="utf-8")) for file in files))


def workbook(data: bytes) -> None:
    """A file is read or refused with a reason, and the answer survives the wire.

    By the second readers: the first is compiled, takes what memory it likes and may end the process, which the child's
    limits are for; `make hostile` feeds it.
    """
    parsed = parse_workbook(
        data, "fuzz.xlsx", catalogue(), ZONE, NOW, Locale.ZH_HANT, second_reader_only=True
    )
    if parsed.error is None and not parsed.forms:
        raise Finding("neither a form nor a reason")
    back = file_from_json(_through_json(file_to_json(parsed)), catalogue(), ZONE)
    if back != parsed:
        raise Finding("the answer is another one behind the wire")


def _through_json(document: dict[str, Any]) -> Any:
    import json

    return json.loads(json.dumps(document, ensure_ascii=True))


def page(data: bytes) -> None:
    """Text that goes by the name of a workbook is read or refused; so is a page pasted into a mail."""
    with suppress(Refused):
        read_otherwise(data)
    text = data.decode("utf-8", "replace")
    for table in tables(text):
        table.rows()
    parse_pasted(text, text, "", catalogue(), ZONE, NOW, Locale.ZH_HANT)


def reply(data: bytes) -> None:
    """Whatever a mail says, every reader of replies answers, alone and where it quotes a mail of ours."""
    text, _, answered = data.decode("utf-8", "replace").partition("\f")
    around = Surroundings(ZONE, NOW)
    tokens_in(text)
    addressed(text, answered=answered)
    for read in (
        parse_calls,
        parse_confirmation,
        parse_done,
        parse_review,
        parse_verdict,
        parse_blame,
        says_nothing,
    ):
        read(text, answered=answered)
    parse_absence(text, date(2026, 11, 21), answered=answered)
    parse_change(text, catalogue(), around, answered=answered)
    for detailed in (False, True):
        parse_reply(text, catalogue(), answered=answered, detailed=detailed)


def value(data: bytes) -> None:
    """Whatever stands in a cell, each kind of field reads it, as text, number and date alike."""
    text = data.decode("utf-8", "replace")
    around = Surroundings(ZONE, NOW)
    raws: list[Any] = [text]
    try:
        number = float(text)
        raws += [number, timedelta(days=number), datetime(1900, 1, 1) + timedelta(days=number)]  # noqa: DTZ001
    except (ValueError, OverflowError):
        pass
    for form in catalogue().forms:
        for field in form.fields:
            for raw in raws:
                read_value(field, raw, around, None, shown_as_percentage=len(text) % 2 == 0, scale=10_000)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "workbook": workbook,
    "page": page,
    "reply": reply,
    "value": value,
}


def run(target: str, data: bytes, seconds: float = SECONDS) -> None:
    """Feed one input and hold the time it took against the promise; memory is the child's to bound."""
    begin = time.process_time()
    try:
        TARGETS[target](data)
    except (Finding, MemoryError):
        raise
    except Exception as error:
        raise Finding(f"{type(error).__name__}: {error}") from error
    took = time.process_time() - begin
    if took > seconds:
        raise Finding(f"took {took:.1f} s")
