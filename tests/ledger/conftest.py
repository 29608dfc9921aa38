"""A real ledger in a file of its own, and somebody to keep it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from daemon.ledger import Ledger
from tests.ledger.clerk import Clerk, open_ledger

MEASURED = pytest.StashKey[list[str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the test run: figures are told, not asserted, as machines differ."""
    return request.config.stash.setdefault(MEASURED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was measured."""
    for line in config.stash.get(MEASURED, []):
        terminalreporter.write_line(line)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kesu.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def clerk() -> Clerk:
    return Clerk()


@pytest.fixture
def new_case(ledger: Ledger, clerk: Clerk) -> Callable[..., str]:
    """Open a case in a transaction of its own."""

    def open_one(**details: object) -> str:
        with ledger.writing() as entry:
            return clerk.open_case(entry, **details)  # type: ignore[arg-type]

    return open_one


@pytest.fixture
def tamper(path: Path) -> Callable[[str], None]:
    """Do to the file what the ledger would refuse: as somebody with the file and a database tool can."""

    def with_a_tool(script: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                connection.execute(f"DROP TRIGGER {name}")
            connection.executescript(script)

    return with_a_tool
