"""Workbooks that nobody here made, most of them by Excel, keep everything when our table in them is patched."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sheets.patch import PatchRefused, patch_master
from tests.preservation.comparing import Expected, differences
from tests.preservation.conftest import CORPUS, EVERYTHING
from tests.preservation.grafting import LOCALE, Graft, beneath, on_its_own_sheet
from tests.preservation.opinions import opinions
from tests.preservation.packages import NotAWorkbook
from tests.preservation.patching import ADDED, PATCHES, SHANGHAI, Patched
from tests.preservation.validating import Validator, new_complaints

GRAFTS: dict[str, Callable[[bytes], Graft]] = {
    "on a sheet of its own": on_its_own_sheet,
    "below what stands in the first sheet": beneath,
}
_JUDGED = 16  # every so many workbooks are shown to the other readers and the validator, unless everything is
# Workbooks that no patch may touch, each with its cause.
REFUSED = {
    "miniexcel__b30e7fd0__TestIssue773_Template_output.xlsx": "its merged areas are upside down (Y2:A2)",
}


def _workbooks() -> list[Path]:
    return sorted(path for folder in ("sheets", "forms") for path in (CORPUS / folder).glob("*.xls[xm]"))


def _each(paths: list[Path]) -> list[object]:
    """Return the workbooks as a test's parameters; one that skips where there is no corpus."""
    missing = pytest.mark.skip(reason="KESU_CORPUS does not point to the corpus")
    return [pytest.param(path, id=path.name) for path in paths] or [
        pytest.param(Path(), id="none", marks=missing)
    ]


def _grafted(path: Path, graft: Callable[[bytes], Graft], tally: Counter[str]) -> bytes | None:
    """Return the workbook with our table; None where it has no room for one, and is no workbook of ours."""
    try:
        return graft(path.read_bytes()).content
    except NotAWorkbook as reason:
        tally[f"no workbook to graft our table into: {reason}"] += 1
        with pytest.raises(PatchRefused):
            patch_master(path.read_bytes(), ADDED, LOCALE, SHANGHAI)
        return None


def _patched(path: Path, grafted: bytes, patch: Callable[[bytes], Patched], tally: Counter[str]) -> Patched:
    if path.name in REFUSED and _is_refused(grafted, patch, tally):
        return grafted, Expected()
    done = patch(grafted)
    became = "rows kept" if done[1].kept else "rows emptied" if done[1].cleared else "rows closed up"
    tally["patched" + (f", {became}" if done[1].removed else "")] += 1
    return done


def _is_refused(grafted: bytes, patch: Callable[[bytes], Patched], tally: Counter[str]) -> bool:
    """Tell whether a patch is refused, with a reason in three languages."""
    try:
        patch(grafted)
    except PatchRefused as refused:
        tally[f"refused: {refused}" if all(refused.reason.all()) else "refused without a reason"] += 1
        return all(refused.reason.all())
    return False


@pytest.mark.parametrize("graft", GRAFTS)
@pytest.mark.parametrize("path", _each(_workbooks()))
def test_nothing_but_the_table_changes(path: Path, graft: str, tally: Counter[str]) -> None:
    if (grafted := _grafted(path, GRAFTS[graft], tally)) is None:
        return
    patches = PATCHES if EVERYTHING else {"all at once": PATCHES["all at once"]}
    for name, patch in patches.items():
        after, expected = _patched(path, grafted, patch, tally)
        assert differences(grafted, after, expected) == [], name


@pytest.mark.parametrize("graft", GRAFTS)
@pytest.mark.parametrize("path", _each(_workbooks()[:: 1 if EVERYTHING else _JUDGED]))
def test_other_readers_see_the_same(path: Path, graft: str, tally: Counter[str]) -> None:
    if (grafted := _grafted(path, GRAFTS[graft], Counter())) is None:
        return
    after, _ = _patched(path, grafted, PATCHES["all at once"], Counter())
    for reader, seen in opinions(grafted, after).items():
        tally[f"{reader}: " + ("cannot read the original" if seen is None else "sees the same")] += 1
        assert not seen, reader


@pytest.mark.parametrize("graft", GRAFTS)
@pytest.mark.parametrize("path", _each(_workbooks()[:: 1 if EVERYTHING else _JUDGED]))
def test_the_validator_finds_nothing_new(
    path: Path, graft: str, tally: Counter[str], validator: Validator
) -> None:
    if (grafted := _grafted(path, GRAFTS[graft], Counter())) is None:
        return
    after, _ = _patched(path, grafted, PATCHES["all at once"], Counter())
    before, now = validator.all_complaints([(grafted, path.name), (after, path.name)])
    tally["validator: nothing new"] += 1
    assert new_complaints(before, now) == []


@pytest.mark.parametrize(
    "path", _each(sorted(path for folder in ("sheets", "forms") for path in (CORPUS / folder).glob("*.*")))
)
def test_a_file_without_our_table_is_refused_in_three_languages(path: Path) -> None:
    with pytest.raises(PatchRefused) as refused:
        patch_master(path.read_bytes(), ADDED, LOCALE, SHANGHAI)
    assert len(set(refused.value.reason.all())) == 3
    assert all(refused.value.reason.all())
