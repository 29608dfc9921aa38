"""What is derived from the events and can be derived again: each case's row, its deadlines, its search keys."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, select

from daemon.ledger.replay import replay_all
from daemon.ledger.schema import case_keys, cases, deadlines, events
from daemon.ledger.sqlite import insert, run, run_many
from rules.case import Case
from rules.deadlines import Deadline

DeadlinesOf = Callable[[Case], Sequence[Deadline]]
KeysOf = Callable[[Case], Mapping[str, str]]
Row = dict[str, object]

_NEW_CASE = insert(cases)
_PUT_CASE = _NEW_CASE.on_conflict_do_update(
    index_elements=["number"],
    set_={column.name: _NEW_CASE.excluded[column.name] for column in cases.c if column.name != "number"},
)
_PUT_DEADLINES = insert(deadlines)
_DROP_DEADLINES = delete(deadlines).where(deadlines.c.case_number == bindparam("number"))
_DROP_DEADLINE = delete(deadlines).where(
    deadlines.c.case_number == bindparam("number"), deadlines.c.name == bindparam("what")
)
_PUT_KEYS = insert(case_keys)
_DROP_KEYS = delete(case_keys).where(case_keys.c.case_number == bindparam("number"))


def row_of(case: Case, site: str, seq: int) -> Row:
    """Return the row of `case` after event `seq`: a few columns to search by, and all of it as JSON."""
    return {
        "number": case.number,
        "site": site,
        "status": case.status.value,
        "grade": case.grade,
        "stage": case.stage,
        "due": case.due,
        "opened_at": case.opened_at,
        "updated": seq,
        "body": case.model_dump_json(),
        "resolved_at": None if case.is_open else case.resolved_at,
        "kind": case.kind,
        "closed_at": case.closed_at,
    }


def deadline_rows(number: str, due: Sequence[Deadline]) -> list[Row]:
    """Return a row for each deadline of a case."""
    return [{"case_number": number, "name": deadline.name, "due": deadline.due} for deadline in due]


def key_rows(number: str, keys: Mapping[str, str]) -> list[Row]:
    """Return a row for each key a case is found by."""
    return [{"case_number": number, "key": key, "value": value} for key, value in keys.items()]


def put_cases(connection: Connection, rows: Sequence[Row]) -> None:
    """Make the rows of cases what `row_of` says."""
    run_many(connection, _PUT_CASE, rows)


def put_deadlines(connection: Connection, rows: Sequence[Row]) -> None:
    """Add deadlines to those there are."""
    run_many(connection, _PUT_DEADLINES, rows)


def put_keys(connection: Connection, rows: Sequence[Row]) -> None:
    """Add keys to those there are."""
    run_many(connection, _PUT_KEYS, rows)


def replace_deadlines(connection: Connection, number: str, due: Sequence[Deadline]) -> None:
    """Make `due` all the deadlines the case has."""
    run(connection, _DROP_DEADLINES, {"number": number})
    put_deadlines(connection, deadline_rows(number, due))


def drop_deadline(connection: Connection, number: str, name: str) -> None:
    """Forget one deadline of the case."""
    connection.execute(_DROP_DEADLINE, {"number": number, "what": name})


def replace_keys(connection: Connection, number: str, keys: Mapping[str, str]) -> None:
    """Make `keys` all the case is found by, settled or not."""
    run(connection, _DROP_KEYS, {"number": number})
    put_keys(connection, key_rows(number, keys))


def rebuild(connection: Connection, site: str, deadlines_of: DeadlinesOf, keys_of: KeysOf | None) -> int:
    """Derive every case anew and return how many; LedgerDamaged if the chain is not whole.

    A case of which a payload was erased stays as it is: its events no longer tell all.
    """
    replay = replay_all(connection, site)
    count = 0
    for case, seq in replay.whole():
        put_cases(connection, [row_of(case, site, seq)])
        replace_deadlines(connection, case.number, deadlines_of(case))
        if keys_of is not None:
            replace_keys(connection, case.number, keys_of(case))
        count += 1
    _drop_invented(connection)
    return count


def _drop_invented(connection: Connection) -> None:
    """Remove cases that no event tells of."""
    known = select(events.c.case_number)
    connection.execute(delete(deadlines).where(deadlines.c.case_number.not_in(known)))
    connection.execute(delete(case_keys).where(case_keys.c.case_number.not_in(known)))
    connection.execute(delete(cases).where(cases.c.number.not_in(known)))
