"""Answers to UID FETCH, read by what they say and not by where they stand.

imaplib gives one FETCH answer as (text, literal) pairs followed by the rest of its last line. Servers put the UID
before or behind the literal (Exchange), send answers nobody asked for in between, and leave out what was expunged.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)", re.IGNORECASE)
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]*)"', re.IGNORECASE)
_BODY_LITERAL = re.compile(rb"\bBODY\[[^\]]*\](?:<\d+>)? \{\d+\}$", re.IGNORECASE)
_BODY_QUOTED = re.compile(rb'\bBODY\[[^\]]*\](?:<\d+>)? (?:NIL|"((?:[^"\\]|\\.)*)")', re.IGNORECASE)
_DATE = re.compile(r"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d)(?: ([+-])(\d\d)(\d\d))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one FETCH answer said; None for what it did not say."""

    uid: int
    size: int | None = None
    arrived: datetime | None = None
    body: bytes | None = None
    deleted: bool = False


def read_answers(items: Iterable[Any]) -> list[Answer]:
    """imaplib's items as answers, in their order; those that name no UID are left out."""
    found = []
    texts: list[bytes] = []
    literals: list[bytes] = []
    for item in items:
        if isinstance(item, tuple):
            texts.append(item[0])
            literals.append(item[1])
        elif isinstance(item, bytes):  # the rest of the last line ends an answer
            texts.append(item)
            found.append(_answer(texts, literals))
            texts, literals = [], []
    return [answer for answer in found if answer is not None]


def uid_set(uids: Sequence[int]) -> str:
    """Sorted UIDs in IMAP's words, runs shortened: `1:3,7`. Names no UID that was not given."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def batches(uids: Sequence[int], sizes: dict[int, int], most: int, most_bytes: int) -> Iterator[list[int]]:
    """Cut UIDs into batches of at most `most` mails and about `most_bytes` bytes, at least one mail each."""
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid, 0)
        if batch and (len(batch) >= most or total + size > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch


def read_internal_date(text: str) -> datetime | None:
    """INTERNALDATE as an aware time; None when it is no date. A missing offset counts as UTC."""
    found = _DATE.match(text)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        zone = _offset(found[7], found[8], found[9])
        return datetime(
            year, _MONTHS.index(found[2].lower()) + 1, day, hour, minute, min(second, 59), tzinfo=zone
        )
    except ValueError:
        return None


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    if sign is None or hours is None or minutes is None:
        return UTC
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(ahead if sign == "+" else -ahead)


def _answer(texts: list[bytes], literals: list[bytes]) -> Answer | None:
    flags = b" ".join(_FLAGS.findall(b" ".join(texts)))
    said = _FLAGS.sub(b"", b" ".join(texts))  # a keyword among the flags may look like anything
    uid = _UID.search(said)
    if uid is None:
        return None
    size, arrived = _SIZE.search(said), _ARRIVED.search(said)
    return Answer(
        uid=int(uid[1]),
        size=int(size[1]) if size else None,
        arrived=read_internal_date(arrived[1].decode("ascii", "replace")) if arrived else None,
        body=_body(texts, literals),
        deleted=b"\\deleted" in flags.lower(),
    )


def _body(texts: list[bytes], literals: list[bytes]) -> bytes | None:
    for text, literal in zip(texts, literals, strict=False):
        if _BODY_LITERAL.search(text):
            return literal
    quoted = _BODY_QUOTED.search(b" ".join(texts))  # a server may send a short or empty mail as a string
    if (
        quoted is None or quoted[1] is None
    ):  # NIL is no empty mail: Dovecot says it of one that it cannot open
        return None
    return re.sub(rb"\\(.)", rb"\1", quoted[1])
