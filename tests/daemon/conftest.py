"""One reading child for all tests of the daemon, and an office in a folder of its own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import packs
from parsers.reader import FormReader
from tests.daemon.office import Office, open_office
from tests.guards import PATIENT


@pytest.fixture(scope="session")
def reader() -> Iterator[FormReader]:
    with FormReader(packs.catalogue(), PATIENT) as opened:
        yield opened


@pytest.fixture
def office(tmp_path: Path, reader: FormReader, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    opened = open_office(tmp_path, reader)
    yield opened
    opened.ledger.close()
