"""No test measures speed: a slow, busy machine would break it, and what is right would be refused.

What must not go on for ever is bounded by tests/guards.py. Only these read a clock, each for a reason of its own.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.test_imports import ROOT

CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "thread_time"}
READS_A_CLOCK = {
    "tests/guards.py": "the bounds themselves",
    "tests/ledger/test_speed.py": "tells figures, and asserts none",
    "tests/ledger/test_generations.py": "tells figures, and asserts none",
    "tests/e2e/world.py": "waits with an eye on the daemon's process",
    "tests/servers/loopback.py": "waits for a server",
    "tests/parsers/flood.py": "tells how long each hostile file took, for `make hostile`",
    "tests/fuzz/targets.py": "the promise that `make fuzz` tries to break",
    "tests/fuzz/__main__.py": "shares out the time that fuzzing was given",
}


def clocks_in(tree: ast.AST) -> Iterator[int]:
    """The lines that read a clock, under whatever name it was imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value) == "time":
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in CLOCKS)


def test_no_test_measures_speed() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        if list(clocks_in(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == set(READS_A_CLOCK)


@pytest.mark.parametrize(
    "source", ["assert time.process_time() - began < 1", "from time import perf_counter as now"]
)
def test_the_rule_sees_a_stopwatch(source: str) -> None:
    assert list(clocks_in(ast.parse(source)))
