"""Which texts of a sheet are looked at as labels, before it is cut into forms."""

import pytest

from parsers.grids import Grid
from parsers.labels import FormBook
from parsers.regions import MAX_FORMS_IN_COLUMN, regions
from rules.fields import Catalogue, FormKind


@pytest.mark.parametrize(
    ("rows", "labels"), [(MAX_FORMS_IN_COLUMN, MAX_FORMS_IN_COLUMN), (MAX_FORMS_IN_COLUMN + 1, 1)]
)
def test_a_text_that_fills_a_column_over_and_over_is_a_label_once(
    catalogue: Catalogue, rows: int, labels: int
) -> None:
    cells = {(row, 1): "電話" for row in range(rows)} | {(row, 0): 1 for row in range(rows)}
    found = regions(Grid("s", cells), FormBook(catalogue))
    hits = [hit.at for region in found for hit in region.hits[FormKind.COMPLAINT]]
    assert hits == [(row, 1) for row in range(labels)]


def test_labels_are_found_in_reading_order_whatever_order_the_cells_come_in(catalogue: Catalogue) -> None:
    cells = {(2, 0): "客戶要求", (0, 3): "電話", (0, 0): "客戶姓名", (1, 1): "抱怨內容"}
    (region,) = regions(Grid("s", cells), FormBook(catalogue))
    assert [hit.at for hit in region.hits[FormKind.COMPLAINT]] == sorted(cells)
