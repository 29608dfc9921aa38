"""Facts written as `維修金額=2400，聯絡電話：0912…` in a line of text: by the form's labels, as its values are read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from parsers.change_texts import no_such_field, value_missing
from parsers.choices import ChoiceBook
from parsers.labels import LabelBook
from parsers.readings import NOTHING, Reading, Surroundings
from parsers.reply_verbs import plain_text
from parsers.values import means_empty, read_value
from parsers.wordings import quoted
from rules.conditions import FactValue
from rules.fields import Catalogue, Field, FormKind, Kind
from rules.locales import Text

CASE_NUMBER = "case_number"
_SEPARATOR = re.compile(r"\s*(?:[=:]|(?:应|改|应改|更正)为|改成|[为是→]|->|\bis\b|\bto\b)\s*")
_STOPS = re.compile(r"[,，;；。、\n]|\s(?=\S)")
_TEXT_ENDS = re.compile(r"[,，;；。\n]")
_TRIM = " \t\r\n\u3000\xa0,，;；。、"
_AND = re.compile(r"[\s,，、]*(?:\band|[和及與与並并]|以及|同時|同时)?[\s,，、]*$", re.IGNORECASE)
_QUOTES = "「」『』“”\"'"
_BEFORE = re.compile(r"[\s,，;；。、()（）]+")
_LONGEST_LABEL = 40
_LONGEST_VALUE = 200  # characters of a value that is no text
_MOST_PLACES = 200  # labels in one reply; no form has as many, and one that stands twice is asked back
_NONE = ("none", "blank", "没有", "空白", "清空")


@dataclass(frozen=True)
class Assigned:
    """The facts a text sets, None where it says there is none, and what stands behind the last of them."""

    entries: Mapping[str, FactValue | None]
    rest: str = ""


@dataclass(frozen=True)
class Untold:
    """A text that sets no facts, or not clearly; `problem` says why, None where it names no field at all."""

    problem: Text | None = None


@dataclass(frozen=True)
class _Place:
    field: Field
    begin: int  # of its label
    value: int  # of what it is set to


def assignments(
    text: str, catalogue: Catalogue, around: Surroundings, *, open_end: bool
) -> Assigned | Untold:
    """Read every fact that a text sets; `open_end`: more may follow the last value, such as the reason."""
    book = LabelBook(catalogue.form(FormKind.COMPLAINT))
    places = list(islice(_places(text, book), _MOST_PLACES)) or list(_bare(text, book))
    stray = _stray(text, places)
    if stray or not places:
        return Untold(no_such_field(quoted(stray)) if stray else None)
    entries: dict[str, FactValue | None] = {}
    rest = ""
    ends = [*(place.begin for place in places[1:]), len(text)]
    for place, end in zip(places, ends, strict=True):
        last = place is places[-1]
        given = text[place.value : end] if last else _AND.sub("", text[place.value : end])
        reading, rest = _value(place.field, given, around, open_end=last and open_end)
        if reading.problem is not None:
            return Untold(reading.problem)
        entries[place.field.key] = reading.value
    return Assigned(entries, rest) if len(entries) == len(places) else Untold()


def _places(text: str, book: LabelBook) -> Iterator[_Place]:
    """Yield where a label of the form stands before a separator."""
    plain, begin = plain_text(text), 0
    for found in _SEPARATOR.finditer(plain):
        label = _label_before(text[begin : found.start()], book)
        if label is not None:
            key, start = label
            yield _Place(book.form.field(key), begin + start, found.end())
            begin = found.end()


def _bare(text: str, book: LabelBook) -> Iterator[_Place]:
    """Yield the label that a text begins with where only a space sets it apart from its value: `維修金額 2400`."""
    for gap in reversed(list(re.finditer(r"[ \t\u3000\xa0]+", text[:_LONGEST_LABEL]))):
        key = _key(text[: gap.start()].strip(), book)
        if key is not None:
            yield _Place(book.form.field(key), 0, gap.end())
            return


def _label_before(text: str, book: LabelBook) -> tuple[str, int] | None:
    """Return the field whose label a text ends with, and where it begins; the longest counts."""
    base = max(len(text) - 3 * _LONGEST_LABEL, 0)  # what stands further before is no part of a label
    near = text[base:]
    starts = [*([] if base else [0]), *(gap.end() for gap in _BEFORE.finditer(near))]
    for start in starts:
        label = near[start:].strip(_QUOTES + " \t\u3000的")
        key = _key(label, book) if len(label) <= _LONGEST_LABEL else None
        if key is not None:
            return key, base + start
    return None


def _key(label: str, book: LabelBook) -> str | None:
    plain = plain_text(label)
    keys = [field.key for field in book.form.fields]
    known = plain if plain in keys else None
    if known is None and label:
        match = book.match(label)
        known = match.known[0] if match is not None and len(match.known) == 1 and not match.inline else None
    return None if known == CASE_NUMBER else known


def _stray(text: str, places: list[_Place]) -> str:
    """Return what is set with `=` but is no field of the form: it must not pass for a part of another value."""
    for found in re.finditer(r"=", plain_text(text)):
        if not any(found.start() < place.value and found.start() >= place.begin for place in places):
            begin = max((place.value for place in places if place.value <= found.start()), default=0)
            return _BEFORE.split(text[begin : found.start()].strip(_TRIM))[-1] or "="
    return ""


def _value(field: Field, text: str, around: Surroundings, *, open_end: bool) -> tuple[Reading, str]:
    """Read a value, and return what stands behind it."""
    given = text.strip(_TRIM)
    if not given:
        return Reading(problem=value_missing(field.label)), ""
    if not open_end:
        return _read(field, given, around), ""
    if field.kind is Kind.TEXT:
        end = _TEXT_ENDS.search(given)
        return (
            (_read(field, given, around), "")
            if end is None
            else (_read(field, given[: end.start()], around), given[end.end() :])
        )
    return _longest(field, given, around)


def _longest(field: Field, given: str, around: Surroundings) -> tuple[Reading, str]:
    """Read as much as still is a value: `2026-11-22 14:30 記錯日期`."""
    stops = (stop.start() for stop in _STOPS.finditer(given[:_LONGEST_VALUE]))
    ends = [len(given), *reversed(list(stops))]
    for end in ends:
        reading = _read(field, given[:end], around)
        if reading.problem is None:
            return reading, given[end:]
    return _read(field, given, around), ""


def _read(field: Field, text: str, around: Surroundings) -> Reading:
    given = text.strip(_TRIM).strip(_QUOTES)
    if means_empty(given) or plain_text(given) in _NONE:
        return NOTHING
    book = ChoiceBook.of(field) if field.kind in (Kind.CHOICE, Kind.YES_NO) else None
    return read_value(field, given, around, book)
