"""The workbooks' memory: what stood in each of them in each generation, and what its rows were answered.

A generation is one version of one workbook (`book`: the master or another) that the daemon meant to write; it begins
as the newest one that is still known. A row's versions never overlap, and each belongs to at least one generation that
is known.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from daemon.ledger import sqlite
from daemon.ledger.errors import LedgerRefused
from daemon.ledger.schema import marks, sheet_answers, sheet_base, sheet_generations
from daemon.ledger.sqlite import plain_rows, whole

MASTER = "master"
_LAST = "{}:generation"  # the mark of the last number given out, by book
_known, _version = sheet_generations.c, sheet_base.c
_NEW_LAST = sqlite.insert(marks)
_PUT_LAST = _NEW_LAST.on_conflict_do_update(index_elements=["name"], set_={"value": _NEW_LAST.excluded.value})

# Making a row of one generation what is given. What it was is kept for the known generations before and after.
_BOOK = bindparam("of_book", type_=_version.book.type)
_SHEET = bindparam("of_sheet", type_=_version.sheet.type)
_ROW = bindparam("of_row", type_=_version.row_key.type)
_G = bindparam("generation", type_=_version.since.type)
_BEFORE, _AFTER = bindparam("known_before", type_=_G.type), bindparam("known_after", type_=_G.type)
_NEW_UNTIL = bindparam("new_until", type_=_version.until.type)
_NEW_BODY = bindparam("new_body", type_=_version.body.type)
_COLUMNS = ["book", "sheet", "row_key", "since", "until", "body"]
_STANDS = and_(
    _version.book == _BOOK,
    _version.sheet == _SHEET,
    _version.row_key == _ROW,
    _version.since <= _G,
    or_(_version.until.is_(None), _version.until > _G),
)
_DIFFERS = and_(_STANDS, _version.body.is_distinct_from(_NEW_BODY))
_KEEP_FOR_LATER = insert(sheet_base).from_select(
    _COLUMNS,
    select(_BOOK, _SHEET, _ROW, _AFTER, _version.until, _version.body).where(
        _DIFFERS, or_(_version.until.is_(None), _version.until > _AFTER)
    ),
)
_END_EARLIER = update(sheet_base).where(_DIFFERS, _version.since <= _BEFORE).values(until=_G)
_DROP_THIS = delete(sheet_base).where(_DIFFERS)
_BEGIN = insert(sheet_base).from_select(
    _COLUMNS,
    select(_BOOK, _SHEET, _ROW, _G, _NEW_UNTIL, _NEW_BODY).where(
        _NEW_BODY.is_not(None), ~exists().where(_STANDS)
    ),
)

# Two questions with one index each, as most rows of a generation still stand and few have ended since.
_BASE = """
    SELECT sheet, row_key, body FROM sheet_base WHERE book = :book AND until IS NULL AND since <= :generation
    UNION ALL
    SELECT sheet, row_key, body FROM sheet_base WHERE book = :book AND until > :generation AND since <= :generation
"""

_NEW_ANSWER = sqlite.insert(sheet_answers)
_ANSWER = _NEW_ANSWER.on_conflict_do_update(
    index_elements=["sheet", "row_key"],
    set_={"body": _NEW_ANSWER.excluded.body, "at": _NEW_ANSWER.excluded.at},
)


# ---------------------------------------------------------------- generations


def generation(connection: Connection, book: str = MASTER) -> tuple[int, int]:
    """Return the last confirmed generation and the last number given out, each 0 if there is none."""
    confirmed = select(func.max(_known.number)).where(_known.book == book, _known.confirmed)
    return connection.execute(confirmed).scalar() or 0, _last_given_out(connection, book)


def _last_given_out(connection: Connection, book: str) -> int:
    return int(connection.execute(select(marks.c.value).where(marks.c.name == _mark(book))).scalar() or 0)


def _mark(book: str) -> str:
    return _LAST.format("workbook" if book == MASTER else book)


def knows(connection: Connection, number: int, book: str = MASTER) -> bool:
    """Tell whether a generation, confirmed or not, can still be read."""
    query = select(_known.number).where(_known.book == book, _known.number == number)
    return connection.execute(query).first() is not None


def next_generation(connection: Connection, at: datetime, above: int, book: str = MASTER) -> int:
    """Give out a new number; it begins as the newest known generation."""
    number = max(_last_given_out(connection, book), above) + 1
    connection.execute(_PUT_LAST, {"name": _mark(book), "value": str(number)})
    row = {"book": book, "number": number, "at": at, "confirmed": False}
    connection.execute(insert(sheet_generations), row)
    return number


def confirm(connection: Connection, number: int, book: str = MASTER) -> None:
    """Say that a generation was written; LedgerRefused if it is not known."""
    this = and_(_known.book == book, _known.number == number)
    if connection.execute(update(sheet_generations).where(this).values(confirmed=True)).rowcount != 1:
        raise _unknown(number)


def forget_attempts(connection: Connection, confirmed: int, book: str = MASTER) -> None:
    """Forget the unconfirmed generations above `confirmed`; the next one will not begin as they were."""
    attempts = delete(sheet_generations).where(
        _known.book == book, _known.number > confirmed, ~_known.confirmed
    )
    of_book = _version.book == book
    with whole(connection):
        if connection.execute(attempts).rowcount:
            newest = _newest_known(connection, book)
            lasting = or_(_version.until.is_(None), _version.until > newest)
            connection.execute(delete(sheet_base).where(of_book, lasting, _version.since > newest))
            connection.execute(update(sheet_base).where(of_book, _version.until > newest).values(until=None))
            _drop_unneeded(connection, book, _version.until > confirmed)


def prune(connection: Connection, before: datetime, book: str = MASTER) -> int:
    """Forget the generations older than `before` and below the newest confirmed one; return how many."""
    confirmed, _ = generation(connection, book)
    old = delete(sheet_generations).where(_known.book == book, _known.at < before, _known.number < confirmed)
    with whole(connection):
        forgotten = connection.execute(old.returning(_known.number)).scalars().all()
        if forgotten:
            next_kept = (
                select(func.min(_known.number))
                .where(_known.book == book, _known.number > max(forgotten))
                .scalar_subquery()
            )
            _drop_unneeded(connection, book, _version.until <= next_kept)
    return len(forgotten)


def _newest_known(connection: Connection, book: str, below: int | None = None) -> int:
    newest = select(func.coalesce(func.max(_known.number), 0)).where(_known.book == book)
    number: int = connection.execute(
        newest if below is None else newest.where(_known.number < below)
    ).scalar_one()
    return number


def _drop_unneeded(connection: Connection, book: str, where: ColumnElement[bool]) -> None:
    """Drop versions that ended and belong to no generation that is known."""
    needed = exists().where(
        _known.book == book, _known.number >= _version.since, _known.number < _version.until
    )
    connection.execute(delete(sheet_base).where(_version.book == book, where, ~needed))


def _unknown(number: int) -> LedgerRefused:
    return LedgerRefused(f"generation {number} of the workbook is not known")


# ---------------------------------------------------------------- what stood in the rows


def put_base(
    connection: Connection, number: int, sheet: str, rows: Mapping[str, str | None], book: str = MASTER
) -> None:
    """Make these rows of one generation what is given (None: gone); every other generation stays as it is."""
    if not knows(connection, number, book):
        raise _unknown(number)
    if not rows:
        return
    later = select(func.min(_known.number)).where(_known.book == book, _known.number > number)
    after = connection.execute(later).scalar()
    of = {
        "of_book": book,
        "of_sheet": sheet,
        "generation": number,
        "known_before": _newest_known(connection, book, below=number),
        "known_after": after,
        "new_until": None if after is None else number + 1,
    }
    wanted = [{**of, "of_row": row_key, "new_body": body} for row_key, body in rows.items()]
    with whole(connection):
        if after is not None:
            connection.execute(_KEEP_FOR_LATER, wanted)
        for step in (_END_EARLIER, _DROP_THIS, _BEGIN):
            connection.execute(step, wanted)


def base(connection: Connection, number: int, book: str = MASTER) -> dict[str, dict[str, str]]:
    """Return what stood in the rows in a generation, by sheet and row key; nothing before the first one.

    LedgerRefused if the generation is not known: nothing may be merged against a base that is lost.
    """
    if number and not knows(connection, number, book):
        raise _unknown(number)
    found: dict[str, dict[str, str]] = {}
    for sheet, row_key, body in plain_rows(connection, _BASE, {"generation": number, "book": book}):
        found.setdefault(sheet, {})[row_key] = body
    return found


# ---------------------------------------------------------------- what the rows were answered


def answer_row(connection: Connection, sheet: str, row_key: str, body: str | None, at: datetime) -> None:
    """Make a row's answer what is given; None takes it back."""
    if body is None:
        of_row = and_(sheet_answers.c.sheet == sheet, sheet_answers.c.row_key == row_key)
        connection.execute(delete(sheet_answers).where(of_row))
    else:
        connection.execute(_ANSWER, {"sheet": sheet, "row_key": row_key, "body": body, "at": at})


def answers(connection: Connection) -> dict[str, dict[str, str]]:
    """Return every row's answer, by sheet and row key."""
    found: dict[str, dict[str, str]] = {}
    query = select(sheet_answers.c.sheet, sheet_answers.c.row_key, sheet_answers.c.body)
    for sheet, row_key, body in connection.execute(query):
        found.setdefault(sheet, {})[row_key] = body
    return found
