"""Opening a ledger: made where there is none, upgraded where it is old, refused in words where it cannot be used."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Date, Engine, Integer, LargeBinary, Table, inspect

from daemon.ledger import (
    Ledger,
    LedgerError,
    LedgerOfAnotherSite,
    LedgerTooNew,
    LedgerUnavailable,
    LedgerUnsupported,
)
from daemon.ledger.schema import metadata
from daemon.ledger.sqlite import writing_engine
from daemon.ledger.upgrade import Migration, shipped_migrations, statements, upgrade
from daemon.ledger.writer import Writer
from rules.case import Status
from tests.ledger.clerk import NINE, TWO_HOURS, Clerk, open_ledger

V1 = Path(__file__).with_name("v1.sql")


def test_a_new_ledger_is_made_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///var/deep/kesu.db", site="main", version="1") as ledger:
        assert ledger.path == tmp_path / "var" / "deep" / "kesu.db"
        assert ledger.last_seq() == 0
        assert ledger.verify() == []


def test_the_sqlite_in_use_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), open_ledger(path):
        assert f"SQLite {sqlite3.sqlite_version}" in caplog.text


def test_what_was_recorded_is_there_after_opening_again(path: Path, clerk: Clerk) -> None:
    with open_ledger(path) as ledger, ledger.writing() as entry:
        number = clerk.open_case(entry)
    with open_ledger(path, create=False) as ledger:
        assert ledger.case(number) is not None
        assert ledger.verify() == []


def test_commits_survive_a_power_cut(path: Path) -> None:
    """WAL with synchronous=FULL: a mail is never sent whose row could be lost."""
    writer = Writer(writing_engine(path, 1))
    with writer.transaction() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    writer.close()
    assert found == ["wal", 2, 1]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://kesu:secret@db/kesu",
        "mysql://kesu:secret@db/kesu",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///kesu.db?mode=ro",
        "kesu.db",
    ],
)
def test_a_url_that_names_no_sqlite_file_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(LedgerUnsupported) as refusal:
        Ledger.open(url, site="main", version="1")
    assert "sqlite:///var/kesu.db" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_a_missing_ledger_is_not_made_unasked(path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no ledger at"):
        open_ledger(path, create=False)
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(LedgerUnavailable, match="var cannot be made"):
        open_ledger(tmp_path / "var" / "kesu.db")


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 a workbook" * 100)
    with pytest.raises(LedgerUnavailable, match="not a database"):
        open_ledger(path)


def test_somebody_elses_database_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(LedgerUnavailable, match="no ledger of ours"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_the_ledger_of_another_site_is_refused(path: Path) -> None:
    open_ledger(path).close()
    with pytest.raises(LedgerOfAnotherSite) as refusal:
        Ledger.open(f"sqlite:///{path}", site="north", version="1")
    assert (refusal.value.found, refusal.value.wanted) == ("main", "north")


def test_a_ledger_of_a_newer_release_is_refused(path: Path) -> None:
    open_ledger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, 'later', '9.0')")
        connection.commit()
    with pytest.raises(LedgerTooNew) as refusal:
        open_ledger(path)
    assert (refusal.value.found, refusal.value.known) == (999, shipped_migrations()[-1].version)


# ---------------------------------------------------------------- migrations


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    versions = [migration.version for migration in shipped_migrations()]
    assert versions == list(range(1, len(versions) + 1))


def test_a_trigger_is_one_statement() -> None:
    sql = "CREATE TABLE a (b);\nCREATE TRIGGER c AFTER INSERT ON a\nBEGIN SELECT 1; SELECT 2; END;\n"
    assert len(list(statements(sql))) == 2
    with pytest.raises(ValueError, match="middle of a statement"):
        list(statements("CREATE TABLE a (b)"))


@pytest.fixture
def v1(path: Path) -> Path:
    """The ledger as the first release wrote it: one case, lapsed once and then settled, another still open."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(V1.read_text(encoding="utf-8"))
    return path


def test_a_ledger_of_the_first_release_opens_and_verifies(v1: Path, clerk: Clerk) -> None:
    with open_ledger(v1, create=False) as ledger:
        assert ledger.verify() == []
        settled, waiting = ledger.cases()
        assert (settled.status, settled.lapses) == (Status.RESOLVED, ("after-sales-level-3",))
        assert waiting.status is Status.OPEN
        assert ledger.raw(ledger.received_mail(1)[0].sha256) == b"Subject: form\r\n\r\n"
        with ledger.writing() as entry:
            clerk.open_case(entry)
        assert ledger.verify() == []


def test_a_ledger_of_the_first_release_learns_when_its_cases_were_resolved(v1: Path) -> None:
    with open_ledger(v1, create=False) as ledger:
        (settled,) = ledger.resolved_cases(since=NINE + TWO_HOURS, before=NINE + 2 * TWO_HOURS)
        (waiting,) = ledger.cases(open_only=True)
        assert settled.resolved_at == NINE + 1.5 * TWO_HOURS
        assert (settled.number, waiting.number) == ("KS-20261123-001", "KS-20261123-002")
    with closing(sqlite3.connect(v1)) as connection:
        found = connection.execute("SELECT resolved_at FROM cases ORDER BY number").fetchall()
    assert found == [("2026-11-23T04:00:00.000000Z",), (None,)]


def test_a_ledger_of_the_first_release_tells_what_happened_and_takes_a_workbook(v1: Path) -> None:
    with open_ledger(v1, create=False) as ledger:
        assert [told.seq for told in ledger.recent_events(3)] == [11, 10, 9]
        assert list(ledger.lapse_counts(NINE).values()) == [1]
        assert (ledger.generation(), ledger.answers(), ledger.recent_activity(9)) == ((0, 0), {}, [])
        assert ledger.mark_value("workbook") == "6"
        with ledger.writing() as entry:
            entry.put_base(entry.next_generation(NINE), "open", {"KS-20261123-002": "[]"})
        assert ledger.base(1) == {"open": {"KS-20261123-002": "[]"}}


NEXT = Migration(
    len(shipped_migrations()) + 1,
    "test",
    """
    CREATE TABLE marks_new (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, at TEXT) STRICT;
    INSERT INTO marks_new SELECT name, value, NULL FROM marks;
    DROP TABLE marks;
    ALTER TABLE marks_new RENAME TO marks;
    """,
)


def upgraded(path: Path, *more: Migration) -> int:
    writer = Writer(writing_engine(path, 1))
    try:
        with writer.connection() as connection:
            return upgrade(connection, [*shipped_migrations(), *more], "test")
    finally:
        writer.close()


@pytest.mark.parametrize("start", ["empty", "v1"])
def test_every_migration_is_applied_once_in_order(
    start: str, path: Path, request: pytest.FixtureRequest
) -> None:
    if start == "v1":
        request.getfixturevalue("v1")
    for _ in range(2):
        assert upgraded(path, NEXT) == NEXT.version
    with closing(sqlite3.connect(path)) as connection:
        versions = connection.execute("SELECT version FROM schema_version ORDER BY version").fetchall()
        assert versions == [(version,) for version in range(1, NEXT.version + 1)]
        connection.execute("SELECT at FROM marks")


@pytest.mark.parametrize(
    "broken", ["CREATE TABLE x (y);\nSELECT nothing FROM nowhere;", "DELETE FROM cases;"]
)
def test_a_migration_that_fails_leaves_nothing_behind(broken: str, v1: Path) -> None:
    with pytest.raises(LedgerError):
        upgraded(v1, Migration(NEXT.version, "broken", broken))
    with closing(sqlite3.connect(v1)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'x'").fetchall() == []
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (NEXT.version - 1,)
    with open_ledger(v1) as ledger:
        assert ledger.verify() == []


# ---------------------------------------------------------------- one schema, written twice


@pytest.fixture
def engine(path: Path) -> Engine:
    open_ledger(path).close()
    return writing_engine(path, 1)


def test_the_migrations_make_exactly_the_tables_that_queries_know(engine: Engine) -> None:
    assert sorted(inspect(engine).get_table_names()) == sorted(metadata.tables)


def test_every_table_is_strict(engine: Engine) -> None:
    with engine.begin() as connection:
        loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
        assert [name for (name,) in connection.exec_driver_sql(loose) if not name.startswith("sqlite_")] == []


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_table_is_as_queries_know_it(table: Table, engine: Engine) -> None:
    found = inspect(engine)
    assert {
        column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table.name)
    } == {column.name: (_stored_as(column.type), column.nullable) for column in table.columns}
    assert found.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
    assert _found(found.get_unique_constraints(table.name), "column_names") == _unique(table)
    assert {
        (*key["constrained_columns"], key["referred_table"], *key["referred_columns"])
        for key in found.get_foreign_keys(table.name)
    } == {(key.parent.name, key.column.table.name, key.column.name) for key in table.foreign_keys}
    assert {(index["name"], *index["column_names"]) for index in found.get_indexes(table.name)} == {
        (index.name, *(column.name for column in index.columns)) for index in table.indexes
    }


def _stored_as(kind: object) -> str:
    match kind:
        case Integer() | Boolean():
            return "INTEGER"
        case LargeBinary():
            return "BLOB"
        case Date():
            return "TEXT"
        case _:
            return "TEXT"


def _found(entries: list, what: str) -> set[tuple[str, ...]]:
    return {tuple(entry[what]) for entry in entries}


def _unique(table: Table) -> set[tuple[str, ...]]:
    several = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if type(constraint).__name__ == "UniqueConstraint"
    }
    return several | {(column.name,) for column in table.columns if column.unique}


def test_clients_of_the_ledger_need_no_sql(path: Path, tamper: Callable[[str], None]) -> None:
    """Errors of the database come out as ours, not as SQLAlchemy's."""
    with open_ledger(path) as ledger:
        tamper("DROP TABLE cases")
        with pytest.raises(LedgerUnavailable, match="no such table"):
            ledger.case("KS-20261123-001")
