"""Where a changed master comes to be: the sheet, the table's record, the calculation chain, the checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sheets.archive import Archive
from sheets.cells import NewCell
from sheets.cellxml import formula_kind
from sheets.deflating import Spliced
from sheets.grid import row_attributes
from sheets.moving import check_movable, moved_into, moved_row
from sheets.parts import area
from sheets.places import cell_name, overlap
from sheets.recalculation import asking_to_calculate
from sheets.references import rows_named
from sheets.refusal import formula_in_the_way, merged, rows_in_use, totals_row
from sheets.soundness import check_package
from sheets.standing import Standing
from sheets.tabling import resized_table, without_calc_chain

Edits = dict[int, dict[int, NewCell]]


@dataclass(frozen=True)
class Moves:
    """Rows that move or go: `gone` are the numbers they leave, `standing` what is to stand at which number."""

    gone: tuple[int, ...] = ()
    standing: Mapping[int, bytes] = field(default_factory=dict)

    @staticmethod
    def of_totals(standing: Standing, down: int) -> "Moves":
        """Move the totals row down; PatchRefused if its sums name cells, or something depends on its place."""
        number = standing.table.last_row + 1
        row = standing.grid.row(number)
        if row is None:
            raise totals_row()
        for cell in standing.grid.cells(number).values():
            if formula_kind(cell) and any(rows_named(cell.content.decode("utf-8", errors="replace"))):
                raise totals_row()
        check_movable(standing, range(number, number + 1))
        # A row may stand there already, of which only the height or the colour was ever set.
        columns = range(standing.table.first_column, standing.table.last_column + 1)
        goal = number + down
        return Moves((number, goal), {goal: moved_into(standing.grid, row, goal, columns)})

    @staticmethod
    def closing_up(standing: Standing, removed: list[int]) -> "Moves":
        """Move up what stands below the removed rows; PatchRefused if something depends on its place."""
        table, grid = standing.table, standing.grid
        rows = range(min(removed), table.last_row + table.totals + 1)
        check_movable(standing, rows)
        staying = [number for number in rows if number not in set(removed)]
        moved = {
            new: moved_row(grid, row, new)
            for new, number in enumerate(staying, start=rows.start)
            if (row := grid.row(number))
        }
        if table.totals and table.last_row + 1 - len(removed) not in moved:
            raise rows_in_use(cell_name(table.first_column, table.last_row + 1))
        return Moves(tuple(rows), moved)


def written(standing: Standing, edits: Edits, last_row: int, moves: Moves) -> Archive:
    """Return the workbook with those cells written, rows moved and the table's data reaching to `last_row`."""
    archive, table, grid = standing.archive, standing.table, standing.grid
    _check_cells(standing, edits, moves)
    model = grid.row(table.last_row)
    height = row_attributes(model.attributes, (b"ht", b"customHeight")) if model else b""
    splices = grid.splices(edits, height, moves.standing, moves.gone)
    parts: dict[str, bytes | Spliced] = {table.sheet_part: replace(standing.sheet, splices=splices)}
    fills_blank = any(number in standing.data_rows and standing.is_blank(number) for number in edits)
    if last_row != table.last_row or fills_blank:
        parts[table.part] = resized_table(archive.read(table.part), table, last_row)
    parts |= asking_to_calculate(archive)
    dropped: frozenset[str] = frozenset()
    if _formula_goes(standing, edits, moves):
        more, dropped = without_calc_chain(archive)
        parts |= more
    patched = archive.followed_by(archive.rewritten(parts, dropped), parts)
    touched = {number: tuple(cells) for number, cells in edits.items()} | dict.fromkeys(moves.standing, ())
    check_package(patched, parts, replace(table, last_row=last_row), touched, standing.definition)
    return patched


def _check_cells(standing: Standing, edits: Edits, moves: Moves) -> None:
    """Refuse if a cell to be written is merged, or holds a formula that others depend on."""
    grid = standing.grid
    merges = [(reference, area(reference, grid.part)) for reference in grid.merged]
    for number, cells in edits.items():
        old = {} if number in moves.gone else grid.cells(number)
        for place in cells:
            spot = (place, number, place, number)
            if formula_kind(old.get(place)) == "spread":
                raise formula_in_the_way(cell_name(place, number))
            for reference, covered in merges:
                if overlap(spot, covered):
                    raise merged(reference)


def _formula_goes(standing: Standing, edits: Edits, moves: Moves) -> bool:
    """Tell whether a cell is to lose its formula: a calculation chain that names it would be called damaged."""
    if any(formula_kind(cell) for number in moves.gone for cell in standing.grid.cells(number).values()):
        return True
    return any(
        formula_kind(standing.grid.cells(number).get(place)) is not None and not cell.is_formula
        for number, cells in edits.items()
        for place, cell in cells.items()
    )
