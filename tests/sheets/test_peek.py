"""Whether a workbook changed, told from its directory."""

import io
import zipfile
from pathlib import Path

import pytest

from sheets.columns import Row
from sheets.patch import PatchRefused, patch_master
from sheets.peek import glance, peek
from tests.sheets.cases import HANT, SHANGHAI, master_of
from tests.sheets.test_patch import SHEET

MASTER = master_of(1, 2)


def test_the_same_file_looks_the_same_and_a_changed_one_names_its_part(tmp_path: Path) -> None:
    path = tmp_path / "master.xlsx"
    path.write_bytes(MASTER)
    first = peek(path)
    assert first.differing(peek(path)) == frozenset()
    assert first == glance(MASTER)
    path.write_bytes(patch_master(MASTER, [Row("K20261121-001", {"owner": "改"})], HANT, SHANGHAI))
    assert peek(path).differing(first) == {SHEET}


def test_a_part_more_or_less_is_a_difference() -> None:
    stream = io.BytesIO(MASTER)
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr("xl/more.xml", "x")
    assert glance(stream.getvalue()).differing(glance(MASTER)) == {"xl/more.xml"}
    assert glance(MASTER).differing(glance(stream.getvalue())) == {"xl/more.xml"}


def test_a_directory_longer_than_the_end_of_the_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for number in range(3000):
            package.writestr(f"xl/media/a-long-name-for-a-picture-{number}.png", "x")
    assert len(peek(path).parts) == 3000
    assert peek(path) == glance(path.read_bytes())


@pytest.mark.parametrize("content", [b"", b"PK", MASTER[: len(MASTER) // 2], MASTER[:-30]])
def test_a_file_that_is_half_written_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "half.xlsx"
    path.write_bytes(content)
    with pytest.raises(PatchRefused):
        peek(path)
