"""Other people's files: each is read or refused with a named reason, in time, and none reads as empty in silence."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from parsers import refusals
from parsers.reader import FormReader
from rules.fields import Catalogue
from rules.locales import Locale, Text

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=ZONE)
REASONS = {reason for name, reason in vars(refusals).items() if isinstance(reason, Text)}


@pytest.mark.parametrize("folder", ["forms", "sheets"])
def test_every_file_is_read_or_refused_with_a_named_reason(
    corpus: Path, catalogue: Catalogue, folder: str
) -> None:
    files = [file for file in sorted((corpus / folder).iterdir()) if file.suffix not in (".tsv", ".md")]
    assert files
    with FormReader(catalogue) as reader:  # within the time that the product allows
        for file in files:
            parsed = reader.read(file.read_bytes(), file.name, zone=ZONE, now=NOW, locale=Locale.EN)
            assert parsed.forms or parsed.error in REASONS, file.name


def test_nothing_in_the_corpus_of_forms_is_refused_as_unreadable(corpus: Path, reader: FormReader) -> None:
    for file in sorted((corpus / "forms").iterdir()):
        if file.suffix not in (".tsv", ".md"):
            parsed = reader.read(file.read_bytes(), file.name, zone=ZONE, now=NOW, locale=Locale.EN)
            assert parsed.forms or parsed.error in (refusals.NO_FORM, refusals.EMPTY_FORM), file.name
