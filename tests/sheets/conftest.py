"""What the tests of the spreadsheet edge share: LibreOffice as a second opinion, and the site's zone."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.sheets.cases import SHANGHAI

Office = Callable[[Mapping[str, bytes], str], dict[str, bytes]]


@pytest.fixture
def zone() -> ZoneInfo:
    return SHANGHAI


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Convert workbooks by LibreOffice: (name → bytes, format) → name → bytes, all in one run."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("soffice (LibreOffice) is not installed")
    clock = {**os.environ, "TZ": "UTC"}  # NOW() then means the same on every machine
    profile = tmp_path_factory.mktemp("office")

    def convert(workbooks: Mapping[str, bytes], form: str) -> dict[str, bytes]:
        source, target = tmp_path_factory.mktemp("from"), tmp_path_factory.mktemp("to")
        for name, content in workbooks.items():
            (source / f"{name}.xlsx").write_bytes(content)
        command = [program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", form]
        files = [str(source / f"{name}.xlsx") for name in workbooks]
        subprocess.run(
            [*command, "--outdir", str(target), *files],
            check=True,
            capture_output=True,
            timeout=600,
            env=clock,
        )
        ending = form.partition(":")[0]
        return {name: Path(target / f"{name}.{ending}").read_bytes() for name in workbooks}

    return convert
