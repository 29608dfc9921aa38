"""Bytes to forms, in one process: what the limited child runs for every file (forms.md, contract.md `kesu parse`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from parsers.cells import Answer, Reader
from parsers.choices import ChoiceBook
from parsers.folding import fold
from parsers.form_tokens import split_tokens
from parsers.grids import MAX_COLUMNS, MAX_ROWS, Grid, Place, cell_name
from parsers.kinds import LISTS, kind_of
from parsers.labels import FormBook
from parsers.layout import Layout
from parsers.readings import NOTHING, Reading, Surroundings
from parsers.refusals import CELLS_UNREAD, EMPTY_FORM, EMPTY_WORKBOOK, NO_FORM, Refused
from parsers.regions import Region, TitleHit, regions
from parsers.results import ParsedFile, ParsedForm, Problem, Severity
from parsers.tables import MAX_LIST_ROWS, Table, find_table, is_empty_list, row_answers
from parsers.wordings import (
    column_unread,
    formulas_without_values,
    list_too_long,
    missing,
    partly_unread,
    rows_after_gap,
    said_twice,
    say,
    sheet_hidden,
    sheet_too_large,
    title_says_otherwise,
    too_many_forms,
)
from parsers.workbook import Workbook, read_workbook
from rules.conditions import FactValue
from rules.fields import Catalogue, Field, FormKind, Kind
from rules.locales import Locale, Text

MAX_FORMS = 1_000  # of one file
_NOT_FILLED_IN = ("填寫說明", "使用說明", "說明", "範例", "示例", "instructions", "how to fill in", "example")
_INSTRUCTIONS = tuple(fold(name) for name in _NOT_FILLED_IN)
_NO_LABEL = say("表格", "表格", "Table")
CASE_NUMBER = "case_number"
CUSTOMER_CARE = "customer-care"
FOLLOW_UP_CALL = "follow-up-call"
# Where a form is sent out filled in but for these, a form or row without any of them says nothing yet.
_ASKED = {
    FormKind.CALLS: frozenset({"called_at", "reached", "satisfied", "complaint"}),
    FormKind.RULING: frozenset({"decision", "reason"}),
}


@dataclass(frozen=True)
class Request:
    """What a file is read for: the forms to look for, and the circumstances of its arrival."""

    book: FormBook
    choices: Mapping[FormKind, dict[str, ChoiceBook]]
    zone: ZoneInfo
    now: datetime
    locale: Locale
    issued_by: str | None


@dataclass
class _Draft:
    """One form while it is being read."""

    reader: Reader
    blank: str
    locale: Locale
    issued_by: str | None
    facts: dict[str, FactValue] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Place] = field(
        default_factory=dict
    )  # where an unanswered label (or a row's cell) stands
    problems: list[Problem] = field(default_factory=list)
    untouched: bool = True


def parse_workbook(
    content: bytes,
    name: str,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    locale: Locale,
    issued_by: str | None = None,
    *,
    second_reader_only: bool = False,
) -> ParsedFile:
    """Read every form in a file. What is wrong with the file is `error`, with a form its problems; nothing is raised
    for either, but a hostile file may use up memory or time: untrusted ones go through `reader.FormReader`.
    """
    try:
        workbook = read_workbook(content, second_reader_only=second_reader_only)
    except Refused as refused:
        return ParsedFile(file=name, forms=(), error=refused.reason)
    workbook, tokens = split_tokens(workbook)
    return parse_grids(workbook, name, catalogue, zone, now, locale, issued_by, tokens=tokens)


def parse_grids(
    workbook: Workbook,
    name: str,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    locale: Locale,
    issued_by: str | None = None,
    *,
    tokens: tuple[str, ...] = (),
) -> ParsedFile:
    """Read every form in sheets that are cells already, wherever they come from."""
    if not any(grid.cells for grid in workbook.grids):
        return ParsedFile(file=name, forms=(), error=EMPTY_WORKBOOK)
    book, choices = books_of(catalogue)
    request = Request(book, choices, zone, now, locale, issued_by)
    drafts = [draft for grid in _form_sheets(workbook) for draft in _drafts(workbook, grid, request)]
    filled = [draft for draft in drafts if not draft.untouched]
    if not filled:
        reason = CELLS_UNREAD if workbook.partial else EMPTY_FORM if drafts else NO_FORM
        return ParsedFile(file=name, forms=(), error=reason)
    if workbook.partial:
        _note_file(filled[0], partly_unread(), Severity.WARNING)
    if any(not draft.reader.grid.hidden for draft in drafts):
        for draft in filled:
            if draft.reader.grid.hidden:
                _note_file(draft, sheet_hidden(), Severity.WARNING)
    if workbook.uncomputed:
        cells = "、".join(workbook.uncomputed)
        _note_file(filled[0], formulas_without_values(cells), Severity.WARNING)
    if len(filled) > MAX_FORMS:
        _note_file(filled[MAX_FORMS - 1], too_many_forms(MAX_FORMS), Severity.ERROR)
    return ParsedFile(
        file=name, forms=tuple(_finished(draft) for draft in filled[:MAX_FORMS]), error=None, tokens=tokens
    )


_prepared: dict[int, tuple[Catalogue, FormBook, dict[FormKind, dict[str, ChoiceBook]]]] = {}


def books_of(catalogue: Catalogue) -> tuple[FormBook, dict[FormKind, dict[str, ChoiceBook]]]:
    """Index a catalogue once; the last few are kept."""
    known = _prepared.get(id(catalogue))
    if known is None or known[0] is not catalogue:
        choices = {
            form.kind: {f.key: ChoiceBook.of(f) for f in form.fields if f.kind in (Kind.CHOICE, Kind.YES_NO)}
            for form in catalogue.forms
        }
        known = (catalogue, FormBook(catalogue), choices)
        if len(_prepared) > 8:
            _prepared.clear()
        _prepared[id(catalogue)] = known
    return known[1], known[2]


def _form_sheets(workbook: Workbook) -> list[Grid]:
    """Leave out sheets that explain how to fill in the others."""
    filled = [grid for grid in workbook.grids if grid.cells]
    forms = [grid for grid in filled if not fold(grid.name).endswith(_INSTRUCTIONS)]
    return forms or filled


def _drafts(workbook: Workbook, grid: Grid, request: Request) -> Iterator[_Draft]:
    for region in regions(grid, request.book):
        kind = kind_of(region, request.book)
        if kind is None:
            continue
        form = request.book.labels[kind].form
        around = Surroundings(request.zone, request.now, workbook.epoch_1904)
        reader = Reader(workbook, grid, form, request.book, request.choices[kind], around)
        title = _title_of(region, kind)
        locale = request.book.locale_of(_label_texts(region, kind, title, grid)) or request.locale
        start = _Draft(reader, title.match.blank if title else "", locale, request.issued_by)
        yield from _read_region(region, start, title)


def _title_of(region: Region, kind: FormKind) -> TitleHit | None:
    return next((title for title in region.titles if title.match.kind is kind), None)


def _label_texts(region: Region, kind: FormKind, title: TitleHit | None, grid: Grid) -> Iterator[str]:
    if title is not None:
        yield str(grid.cells[title.at])
    for hit in region.hits[kind]:
        yield hit.text.split(":")[0].split("：")[0]


def _read_region(region: Region, start: _Draft, title: TitleHit | None) -> Iterator[_Draft]:
    table = find_table(start.reader, region)
    layout = Layout(start.reader, region, above=table.top if table else None)
    above = list(layout.answers())
    if table is None and start.reader.form.kind in LISTS and is_empty_list(start.reader, region):
        above = []  # labels side by side are no answers to each other
    if table is None:
        draft = _draft(start, above, title)
        _note_unread_columns(draft, layout)
        yield draft
        return
    drafts = [
        _draft(
            start, _with_what_applies_to_all(list(row_answers(start.reader, table.header, row)), above), title
        )
        for row in table.rows
    ]
    _note_unread_rows(table, drafts)
    yield from drafts
    if not table.rows:
        yield _draft(start, above, title)


def _note_unread_columns(draft: _Draft, layout: Layout) -> None:
    for places in layout.further_columns():
        cells = f"{cell_name(places[0])}–{cell_name(places[-1])}"
        _note_file(draft, column_unread(cells), Severity.ERROR)


def _note_unread_rows(table: Table, drafts: list[_Draft]) -> None:
    if table.next_row is not None:
        _note_table(drafts[-1], table, table.next_row, list_too_long(MAX_LIST_ROWS))
    if table.stray_row is not None and drafts:
        _note_table(drafts[-1], table, table.stray_row, rows_after_gap())


def _note_table(draft: _Draft, table: Table, row: int, message: Text) -> None:
    place = cell_name((row, table.header[0].at[1]))
    sheet = draft.reader.grid.name
    draft.problems.append(
        Problem(sheet=sheet, cell=place, key="", label=_NO_LABEL, message=message, severity=Severity.ERROR)
    )


def _draft(start: _Draft, answers: Sequence[Answer], title: TitleHit | None) -> _Draft:
    """Put the answers of one form together and check what is missing."""
    draft = _Draft(start.reader, start.blank, start.locale, start.issued_by)
    chosen = _best(answers)
    draft.untouched = _is_untouched(start, chosen)
    for answer in chosen.values():
        if answer.reading.value is not None:
            draft.facts[answer.key] = answer.reading.value
            draft.cells[answer.key] = cell_name(answer.at)
        draft.labels[answer.key] = answer.at
    _follow_title(draft, title)
    _note_conflicts(draft, chosen, answers)
    _note_readings(draft, chosen)
    _note_missing(draft, chosen)
    if draft.reader.grid.cut:
        _note_file(draft, sheet_too_large(MAX_ROWS, MAX_COLUMNS), Severity.WARNING)
    return draft


def _with_what_applies_to_all(own: list[Answer], above: list[Answer]) -> list[Answer]:
    """A row's own value stands before the one above the table, and does not contradict it."""
    said = {answer.key for answer in own if answer.reading != NOTHING}
    return [*own, *(answer for answer in above if answer.key not in said)]


def _note_conflicts(draft: _Draft, chosen: dict[str, Answer], answers: Sequence[Answer]) -> None:
    """Two cells that say the same fact differently: a required one is not guessed, another keeps the better label's."""
    if len(answers) == len(chosen):
        return  # nothing is said twice
    for key, kept in list(chosen.items()):
        if kept.reading.value is None:
            continue
        others = [a for a in answers if a.key == key and a.at != kept.at and _contradicts(a, kept)]
        if not others:
            continue
        of = draft.reader.field(key)
        message = said_twice("、".join(cell_name(at) for at in (kept.at, *(other.at for other in others))))
        if _is_required(draft, of) and of.kind is not Kind.PHONE:
            del draft.facts[key], draft.cells[key]
            chosen[key] = kept._replace(reading=Reading(problem=message))
        else:
            _note(draft, of, cell_name(kept.at), message, Severity.WARNING)


def _contradicts(one: Answer, other: Answer) -> bool:
    values = (one.reading.value, other.reading.value)
    if isinstance(values[0], str) and isinstance(values[1], str):
        return fold(values[0]) != fold(values[1])
    return values[0] is not None and values[0] != values[1]


def _is_untouched(start: _Draft, chosen: Mapping[str, Answer]) -> bool:
    """Tell whether nobody filled in anything: of a list of customers to call, what the calls came to."""
    asked = _ASKED.get(start.reader.form.kind)
    answers = (answer for answer in chosen.values() if asked is None or answer.key in asked)
    return all(_is_printed(start, answer) for answer in answers)


def _is_printed(start: _Draft, answer: Answer) -> bool:
    """Tell whether a blank says as much unfilled: nothing, what its title implies, or the case it was sent for."""
    if answer.reading == NOTHING or answer.key == CASE_NUMBER:
        return True
    implied = (blank.implies for blank in start.reader.form.blanks if blank.key == start.blank)
    return any(says.get(answer.key, NOTHING) == answer.reading.value for says in implied)


def _best(answers: Iterable[Answer]) -> dict[str, Answer]:
    """Keep one answer per field: a filled one before an empty one, then the better name, then the first."""
    best: dict[str, Answer] = {}
    for answer in answers:
        held = best.get(answer.key)
        if held is None or _standing(answer) < _standing(held):
            best[answer.key] = answer
    return best


def _standing(answer: Answer) -> tuple[bool, int]:
    return answer.reading == NOTHING, answer.rank


def _follow_title(draft: _Draft, title: TitleHit | None) -> None:
    """Take from the title what no cell says; a cell that says otherwise wins, with a warning."""
    if title is None:
        return
    form = draft.reader.form
    blank = next(blank for blank in form.blanks if blank.key == title.match.blank)
    for key, implied in blank.implies.items():
        said = draft.facts.get(key)
        if said is None:
            draft.facts[key] = implied
            draft.cells[key] = cell_name(title.at)
        elif said != implied:
            book = draft.reader.choices[key]
            message = title_says_otherwise(book.label(implied), book.label(str(said)))
            _note(draft, form.field(key), draft.cells[key], message, Severity.WARNING)


def _note_readings(draft: _Draft, chosen: dict[str, Answer]) -> None:
    for answer in chosen.values():
        if answer.reading.problem is None and answer.reading.warning is None:
            continue
        of = draft.reader.field(answer.key)
        place = cell_name(answer.at)
        if answer.reading.warning is not None:
            _note(draft, of, place, answer.reading.warning, Severity.WARNING)
        if answer.reading.problem is not None:
            severity = Severity.ERROR if _is_required(draft, of) else Severity.WARNING
            _note(draft, of, place, answer.reading.problem, severity)


def _note_missing(draft: _Draft, chosen: dict[str, Answer]) -> None:
    nothing = Answer("", (0, 0), Reading(), 0)
    for of in draft.reader.form.fields:
        if not of.required or of.key in draft.facts:
            continue
        if chosen.get(of.key, nothing).reading.problem is None and _is_required(draft, of):
            place = cell_name(draft.labels[of.key]) if of.key in draft.labels else ""
            _note(draft, of, place, missing(), Severity.ERROR)


def _is_required(draft: _Draft, of: Field) -> bool:
    """Tell whether the form needs this field; a condition on a fact nobody gave counts as holding."""
    if not of.required:
        return False
    found_by_customer_care = (
        draft.issued_by == CUSTOMER_CARE and draft.facts.get("source") == FOLLOW_UP_CALL
    )  # special whatever the amount (D05)
    if of.key == "repair_amount" and found_by_customer_care:
        return False
    return all(cell.holds(draft.facts.get(key)) is not False for key, cell in of.required_when.items())


def _note(draft: _Draft, of: Field, cell: str, message: Text, severity: Severity) -> None:
    sheet = draft.reader.grid.name
    draft.problems.append(
        Problem(sheet=sheet, cell=cell, key=of.key, label=of.label, message=message, severity=severity)
    )


def _note_file(draft: _Draft, message: Text, severity: Severity) -> None:
    """Note what no cell is at fault for."""
    sheet = draft.reader.grid.name
    draft.problems.append(
        Problem(sheet=sheet, cell="", key="", label=_NO_LABEL, message=message, severity=severity)
    )


def _finished(draft: _Draft) -> ParsedForm:
    order = {of.key: index for index, of in enumerate(draft.reader.form.fields)}
    facts = dict(sorted(draft.facts.items(), key=lambda item: order[item[0]]))
    return ParsedForm(
        kind=draft.reader.form.kind,
        blank=draft.blank,
        sheet=draft.reader.grid.name,
        locale=draft.locale,
        facts=facts,
        cells={key: draft.cells[key] for key in facts},
        problems=tuple(sorted(draft.problems, key=lambda problem: order.get(problem.key, len(order)))),
    )
