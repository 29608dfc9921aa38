"""What the master's colours say: grades, what is overdue or nearly so, what is incomplete, what is settled."""

from collections.abc import Mapping
from dataclasses import dataclass

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.columns import COLUMNS
from sheets.looks import INK, MIST, MUTED, PAPER, Look, cell_at, paint
from sheets.texts import say

OVERDUE = "FFC81E1E"
SOON = "FFFFB020"
SETTLED = "FFCDEBD6"
SETTLED_INK = "FF17663A"
FADED = "FF98A2B3"
STRIPE = "FFD0D5DD"

# By key for the grades of the dealership; other packs' grades take the spare colours in the order they are given.
_GRADE_COLOURS = {
    "extra": ("FF7F1D1D", PAPER),
    "level-1": ("FFE02D2D", PAPER),
    "level-2": ("FFF58220", PAPER),
    "level-3": ("FFFFD84D", INK),
    "special": ("FF7B3FA0", PAPER),
}
_SPARE_COLOURS = (
    ("FFE02D2D", PAPER),
    ("FFF58220", PAPER),
    ("FFFFD84D", INK),
    ("FF4F86D9", PAPER),
    ("FF8FB8DE", INK),
)

OPEN_CASES = say("未結案", "未结案", "Open")
OVERDUE_CASES = say("已逾時", "已超时", "Overdue")
SOON_CASES = say("30 分鐘內到期", "30 分钟内到期", "Due in 30 min")
INCOMPLETE_CASES = say("資料不全", "资料不全", "Incomplete")


@dataclass(frozen=True)
class MasterLabels:
    """The policy's wording in the workbook's language.

    `grades` maps grade keys to the display texts that rows carry, gravest first; `settled` are the status texts
    of cases whose clock stands still. `site` follows the title.
    """

    site: str
    grades: Mapping[str, str]
    settled: tuple[str, ...]


def grade_colours(labels: MasterLabels) -> dict[str, tuple[str, str]]:
    """Return fill and ink by grade key."""
    spare = iter(_SPARE_COLOURS * (len(labels.grades) // len(_SPARE_COLOURS) + 1))
    return {key: _GRADE_COLOURS.get(key) or next(spare) for key in labels.grades}


def add_signals(sheet: Worksheet, labels: MasterLabels, first: int, last: int) -> None:
    """Add the conditional formats for rows `first` to `last`; they look at each row's texts and at NOW()."""
    letters = {column.key: get_column_letter(number) for number, column in enumerate(COLUMNS, start=1)}
    whole = f"A{first}:{get_column_letter(len(COLUMNS))}{last}"
    settled = _settled(f"${letters['status']}{first}", labels)
    grade = f"${letters['grade']}{first}"

    def span(*keys: str) -> str:
        return " ".join(f"{letters[key]}{first}:{letters[key]}{last}" for key in keys)

    for key, (fill, ink) in grade_colours(labels).items():
        condition = f"AND({grade}={_quoted(labels.grades[key])},NOT({settled}))"
        _add(sheet, span("grade"), condition, fill, ink, bold=True)
    for key, cells in (("due_at", span("due_at", "remaining")), ("feedback_due", span("feedback_due"))):
        due = f"${letters[key]}{first}"
        waiting = f"ISNUMBER({due}),NOT({settled})"
        _add(sheet, cells, f"AND({waiting},{due}<NOW())", OVERDUE, PAPER, bold=True)
        _add(sheet, cells, f"AND({waiting},{due}-NOW()<1/48)", SOON, INK, bold=True)
    _add(sheet, span("status"), settled, SETTLED, SETTLED_INK, bold=True)
    _add(sheet, whole, settled, None, FADED)
    _add_stripes(sheet, whole, f'${letters["incomplete"]}{first}<>""')


def _settled(status: str, labels: MasterLabels) -> str:
    return (
        f"OR({','.join(f'{status}={_quoted(text)}' for text in labels.settled)})"
        if labels.settled
        else "FALSE"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _add(
    sheet: Worksheet, cells: str, condition: str, fill: str | None, ink: str, *, bold: bool = False
) -> None:
    paper = PatternFill("solid", bgColor=fill) if fill else None
    look = DifferentialStyle(font=Font(color=ink, bold=bold or None), fill=paper)
    sheet.conditional_formatting.add(cells, Rule(type="expression", dxf=look, formula=[condition]))


def _add_stripes(sheet: Worksheet, cells: str, condition: str) -> None:
    look = DifferentialStyle(fill=PatternFill("lightUp", fgColor=STRIPE, bgColor="FFF7F7F8"))
    sheet.conditional_formatting.add(cells, Rule(type="expression", dxf=look, formula=[condition]))


def add_counters(sheet: Worksheet, labels: MasterLabels, locale: Locale, first: int, last: int) -> None:
    """Put four counters over the table: open, overdue, due soon, incomplete."""
    areas = {
        column.key: f"{get_column_letter(number)}{first}:{get_column_letter(number)}{last}"
        for number, column in enumerate(COLUMNS, start=1)
    }
    going = "".join(f",{areas['status']},{_quoted('<>' + text)}" for text in labels.settled)
    due = areas["due_at"]
    counters = (
        ("case_number", OPEN_CASES, f'COUNTIFS({areas["case_number"]},"?*"{going})', MIST, INK),
        ("due_at", OVERDUE_CASES, f'COUNTIFS({due},"<"&NOW(){going})', OVERDUE, PAPER),
        ("owner", SOON_CASES, f'COUNTIFS({due},">="&NOW(),{due},"<"&(NOW()+1/48){going})', SOON, INK),
        ("customer_name", INCOMPLETE_CASES, f'COUNTIFS({areas["incomplete"]},"?*"{going})', STRIPE, INK),
    )
    keys = [column.key for column in COLUMNS]
    for key, label, formula, fill, ink in counters:
        cell = cell_at(sheet, 2, keys.index(key) + 1)
        cell.value = f"={formula}"
        look = Look(size=11, bold=True, colour=MUTED, fill=MIST, horizontal="center", wrap=False)
        paint(cell, look, locale)
        cell.number_format = f'"{label.get(locale)}  "0'
        _add(sheet, cell.coordinate, f"{cell.coordinate}>0", fill, ink)
