"""What the master's colours and counters say: grades, what is overdue or nearly so, incomplete, settled."""

from collections.abc import Mapping
from dataclasses import dataclass

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale, Text
from sheets.columns import Sheet
from sheets.looks import INK, MIST, MUTED, PAPER, RED, ROSE, Look, cell_at, paint
from sheets.registry import DUE_COLUMN, KEY_COLUMN, OPEN, REFUSAL_COLUMN
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
    "incomplete": ("FFB6BECB", INK),
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
    of cases whose clock stands still. `site` follows the title; `file` is the master's name without its ending.
    """

    site: str
    grades: Mapping[str, str]
    settled: tuple[str, ...]
    file: str = "master"


@dataclass(frozen=True)
class Counter:
    """A number over the open cases; `fill` and `ink` are its colours where it is not 0."""

    key: str
    label: Text
    formula: str
    fill: str
    ink: str


def grade_colours(labels: MasterLabels) -> dict[str, tuple[str, str]]:
    """Return fill and ink by grade key."""
    spare = iter(_SPARE_COLOURS * (len(labels.grades) // len(_SPARE_COLOURS) + 1))
    return {key: _GRADE_COLOURS.get(key) or next(spare) for key in labels.grades}


def add_signals(sheet: Worksheet, definition: Sheet, labels: MasterLabels, first: int, last: int) -> None:
    """Add the conditional formats for rows `first` to `last`; they look at each row's texts and at NOW()."""
    letters = _letters(definition)
    whole = f"A{first}:{get_column_letter(len(definition.columns))}{last}"
    settled = _settled(f"${letters['status']}{first}", labels)
    grade = f"${letters['grade']}{first}"

    def span(*keys: str) -> str:
        return " ".join(f"{letters[key]}{first}:{letters[key]}{last}" for key in keys)

    add_rule(sheet, span(REFUSAL_COLUMN), f"LEN(${letters[REFUSAL_COLUMN]}{first})>0", ROSE, RED, bold=True)
    for key, (fill, ink) in grade_colours(labels).items():
        condition = f"AND({grade}={quoted(labels.grades[key])},NOT({settled}))"
        add_rule(sheet, span("grade"), condition, fill, ink, bold=True)
    for key, cells in ((DUE_COLUMN, span(DUE_COLUMN, "remaining")), ("feedback_due", span("feedback_due"))):
        due = f"${letters[key]}{first}"
        waiting = f"ISNUMBER({due}),NOT({settled})"
        add_rule(sheet, cells, f"AND({waiting},{due}<NOW())", OVERDUE, PAPER, bold=True)
        add_rule(sheet, cells, f"AND({waiting},{due}-NOW()<1/48)", SOON, INK, bold=True)
    add_rule(sheet, span("status"), settled, SETTLED, SETTLED_INK, bold=True)
    add_rule(sheet, whole, settled, None, FADED)
    stripes = PatternFill("lightUp", fgColor=STRIPE, bgColor="FFF7F7F8")
    _add(sheet, whole, f'${letters["incomplete"]}{first}<>""', DifferentialStyle(fill=stripes))


def add_sober_signals(
    sheet: Worksheet, definition: Sheet, labels: MasterLabels, first: int, last: int
) -> None:
    """Add the few signs of a sheet of closed cases: grades in pale colours, lapses and refusals in red."""
    letters = _letters(definition)

    def area(key: str) -> tuple[str, str]:
        return f"{letters[key]}{first}:{letters[key]}{last}", f"${letters[key]}{first}"

    cells, refusal = area(REFUSAL_COLUMN)
    add_rule(sheet, cells, f"LEN({refusal})>0", ROSE, RED, bold=True)
    cells, grade = area("grade")
    for key, (fill, _) in grade_colours(labels).items():
        add_rule(sheet, cells, f"{grade}={quoted(labels.grades[key])}", pale(fill), INK)
    cells, lapses = area("lapses")
    add_rule(sheet, cells, f"AND(ISNUMBER({lapses}),{lapses}>0)", None, RED, bold=True)


def pale(colour: str) -> str:
    """Return a colour (ARGB) as it looks thinned with three parts of white."""
    parts = (int(colour[place : place + 2], 16) for place in (2, 4, 6))
    return "FF" + "".join(f"{255 - (255 - part) // 4:02X}" for part in parts)


def _letters(definition: Sheet) -> dict[str, str]:
    return {
        column.key: get_column_letter(number) for number, column in enumerate(definition.columns, start=1)
    }


def _settled(status: str, labels: MasterLabels) -> str:
    return (
        f"OR({','.join(f'{status}={quoted(text)}' for text in labels.settled)})"
        if labels.settled
        else "FALSE"
    )


def quoted(text: str) -> str:
    """Return a text as a formula writes it."""
    return '"' + text.replace('"', '""') + '"'


def add_rule(
    sheet: Worksheet, cells: str, condition: str, fill: str | None, ink: str, *, bold: bool = False
) -> None:
    """Colour `cells` where the formula `condition` holds."""
    paper = PatternFill("solid", bgColor=fill) if fill else None
    _add(sheet, cells, condition, DifferentialStyle(font=Font(color=ink, bold=bold or None), fill=paper))


def _add(sheet: Worksheet, cells: str, condition: str, look: DifferentialStyle) -> None:
    sheet.conditional_formatting.add(cells, Rule(type="expression", dxf=look, formula=[condition]))


def counters(labels: MasterLabels, locale: Locale) -> tuple[Counter, ...]:
    """Return the counters over the open cases: open, overdue, due soon, incomplete.

    They name the table's columns, not cells: managers may move those, and rows may go. Each contains NOW(), else
    Excel would show the number it came to before the daemon last wrote; `–` stands where a column is gone.
    """

    def column(key: str) -> str:
        return f"{OPEN.table}[{OPEN.header(key, locale)}]"

    going = "".join(f",{column('status')},{quoted('<>' + text)}" for text in labels.settled)
    due = column(DUE_COLUMN)
    found = (
        ("open", OPEN_CASES, f'COUNTIFS({column(KEY_COLUMN)},"?*"{going})+0*NOW()', MIST, INK),
        ("overdue", OVERDUE_CASES, f'COUNTIFS({due},"<"&NOW(){going})', OVERDUE, PAPER),
        ("soon", SOON_CASES, f'COUNTIFS({due},">="&NOW(),{due},"<"&(NOW()+1/48){going})', SOON, INK),
        (
            "incomplete",
            INCOMPLETE_CASES,
            f'COUNTIFS({column("incomplete")},"?*"{going})+0*NOW()',
            STRIPE,
            INK,
        ),
    )
    return tuple(
        Counter(key, label, f'=IFERROR({formula},"–")', fill, ink) for key, label, formula, fill, ink in found
    )


def add_counters(sheet: Worksheet, labels: MasterLabels, locale: Locale) -> None:
    """Put the counters over the table of open cases, in row 2."""
    keys = [column.key for column in OPEN.columns]
    over = ("case_number", "customer_name", "owner", DUE_COLUMN)
    for counter, above in zip(counters(labels, locale), over, strict=True):
        cell = cell_at(sheet, 2, keys.index(above) + 1)
        cell.value = counter.formula
        look = Look(size=11, bold=True, colour=MUTED, fill=MIST, horizontal="center", wrap=False, shrink=True)
        paint(cell, look, locale)
        cell.number_format = f'"{counter.label.get(locale)}  "0'
        add_rule(sheet, cell.coordinate, f"N({cell.coordinate})>0", counter.fill, counter.ink)
