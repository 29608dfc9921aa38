"""Files that mean harm: each is read or refused with a named reason, in time and memory, and the next one is read."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parsers import refusals
from parsers.reader import FormReader
from parsers.results import ParsedFile
from rules.locales import Locale, Text
from tests.parsers import hostile_files as made

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, tzinfo=ZONE)
REASONS = {reason for reason in vars(refusals).values() if isinstance(reason, Text)}
Ask = Callable[..., ParsedFile]


@pytest.fixture
def ask(reader: FormReader) -> Iterator[Ask]:
    """Read bytes in the child, and prove afterwards that the next file is read."""

    def run(content: bytes, name: str = "form.xls") -> ParsedFile:
        return reader.read(content, name, zone=ZONE, now=NOW, locale=Locale.ZH_HANT)

    yield run
    assert run(made.good()).forms[0].facts["customer_name"] == "王小明"


def facts(parsed: ParsedFile) -> dict[str, Any]:
    assert parsed.error is None, parsed.error.en
    return parsed.forms[0].facts


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (made.overlapping_bomb, {refusals.DAMAGED}),
        (made.many_parts, {refusals.TOO_MANY_PARTS}),
        (made.nested_bomb, {refusals.OTHER_DOCUMENT}),
        (lambda: made.sheet_bomb(1.5), {refusals.TOO_LARGE}),
        (lambda: made.sheet_bomb(0.4, declared=50_000), {refusals.DAMAGED}),
        (made.string_flood, {refusals.NO_FORM, refusals.TOO_HEAVY}),
        (made.many_strings, {refusals.TOO_LARGE}),
        (made.far_cells, {refusals.NO_FORM, refusals.TOO_HEAVY}),
        (
            made.long_attribute,
            {
                refusals.CELLS_UNREAD,
                refusals.DAMAGED,
                refusals.TOO_HEAVY,
                refusals.NO_FORM,
            },
        ),
        (made.with_entities, {refusals.UNSAFE_XML}),
        (made.with_late_entities, {refusals.UNSAFE_XML}),
        (made.deep_html, {refusals.WEB_PAGE}),
        (made.wide_csv, {refusals.WEB_PAGE}),
        (made.quoted_csv, {refusals.NO_FORM}),
        (made.deep_archive, {refusals.DAMAGED, refusals.WEB_PAGE}),
        (made.deep_spreadsheet_xml, {refusals.DAMAGED}),
        (made.spinning_key, {refusals.PASSWORD}),
    ],
)
def test_what_means_harm_is_refused_by_its_reason(
    ask: Ask, make: Callable[[], bytes], reasons: set[Text]
) -> None:
    assert ask(make()).error in reasons


@pytest.mark.parametrize("make", [made.many_merges, made.endless_merge, made.huge_styles, made.deep_xml])
def test_what_only_is_too_much_does_not_hide_the_form(ask: Ask, make: Callable[[], bytes]) -> None:
    parsed = ask(make())
    assert parsed.error == refusals.TOO_HEAVY or facts(parsed)["description"] == "貴"
