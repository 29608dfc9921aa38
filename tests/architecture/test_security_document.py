"""SECURITY.md claims nothing that no test proves."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CLAIMS = "| test |"


def rows() -> list[str]:
    """The rows of every table whose last column names tests."""
    found: list[str] = []
    for table in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        head, _, *body = table.splitlines()
        found += body if head.endswith(CLAIMS) else []
    return found


@cache
def known_tests(path: Path) -> frozenset[str]:
    """The test functions of a file, those in classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def test_there_are_rows_for_every_kind_of_attacker() -> None:
    assert TEXT.count(CLAIMS) == len(re.findall(r"^## .*\n(?:\n)?\|.*\| test \|$", TEXT, re.MULTILINE)) >= 9
    assert len(rows()) >= 50


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_row_names_tests_and_every_test_is_there(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 3, "what is tried, what holds, which test"
    assert all(cells)
    named = NAMED.findall(cells[2])
    assert named, "no test is named"
    assert NAMED.sub("", cells[2]).replace(",", "").strip() == "", "something else than tests stands there"
    for file, test in named:
        assert (ROOT / file).exists(), file
        assert test in known_tests(ROOT / file), f"{file} has no {test}"


def test_no_test_of_this_folder_is_left_out() -> None:
    """Whatever is tested under tests/security belongs to somebody's row, file by file."""
    told = {file for file, _ in NAMED.findall(TEXT)}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "security").glob("test_*.py")}
    assert files <= told
