"""The star of packages: rules imports nothing of ours, the edges import only rules, the daemon composes them all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_IMPORT = {
    "rules": set(),
    "parsers": {"rules"},
    "mailer": {"rules"},
    "sheets": {"rules"},
    "daemon": {"rules", "parsers", "mailer", "sheets"},
    "daemon/ledger": {"rules"},
}
OURS = {"rules", "parsers", "mailer", "sheets", "daemon"}


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the star"
            yield node.module or ""


def files_of(package: str) -> list[Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"{package} has no source"
    return files


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_no_arrow_runs_against_the_star(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package.split("/")[0]}
    for path in files_of(package):
        for name in imported(path):
            top = name.split(".")[0]
            assert top not in OURS or top in allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_the_ledger_knows_nothing_else_of_the_daemon() -> None:
    for path in files_of("daemon/ledger"):
        for name in imported(path):
            inside = not name.startswith("daemon") or name.startswith("daemon.ledger")
            assert inside, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_ledger_speaks_sql() -> None:
    for package in OURS:
        for path in files_of(package):
            if "ledger" in path.parts and path.parent.name != "cli":
                continue
            names = {name.split(".")[0] for name in imported(path)}
            assert not names & {"sqlalchemy", "sqlite3"}, f"{path.relative_to(ROOT)} speaks SQL"


def test_only_the_clock_reads_the_time() -> None:
    """Monotonic timers may be read anywhere; the time of day only in daemon/clock.py."""
    for package in OURS:
        for path in files_of(package):
            if path == ROOT / "daemon" / "clock.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    call = f"{node.value.id}.{node.attr}"
                    forbidden = {
                        "datetime.now",
                        "datetime.utcnow",
                        "datetime.today",
                        "date.today",
                        "time.time",
                    }
                    assert call not in forbidden, f"{path.relative_to(ROOT)}:{node.lineno} reads the clock"


def test_rules_are_pure() -> None:
    """No I/O and nothing that could do any."""
    forbidden = {
        "os",
        "io",
        "pathlib",
        "socket",
        "subprocess",
        "time",
        "random",
        "threading",
        "logging",
        "sys",
    }
    for path in files_of("rules"):
        names = {name.split(".")[0] for name in imported(path)}
        assert not names & forbidden, f"{path.relative_to(ROOT)} imports {names & forbidden}"
