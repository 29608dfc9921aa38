"""Which choice is ticked among cells: boxes inside a cell, or a tick in a cell beside (or under) the choice."""

from collections.abc import Sequence
from dataclasses import dataclass

from parsers.choices import ChoiceBook
from parsers.marks import Mark, Option, has_mark, lone_mark, options
from parsers.readings import NOTHING, Reading
from parsers.values import means_empty, written
from parsers.wordings import not_a_choice
from parsers.workbook import Area, Place, Raw
from rules.fields import Kind


@dataclass(frozen=True)
class Box:
    """A filled cell to the right of or below a choice field's label."""

    at: Place
    area: Area
    raw: Raw

    @property
    def text(self) -> str:
        """What stands in it."""
        return written(self.raw)

    @property
    def lone(self) -> Mark | None:
        """The mark, if it holds nothing else."""
        return lone_mark(self.text)


def are_boxes(boxes: Sequence[Box], book: ChoiceBook) -> bool:
    """Tell whether these cells are choices to tick rather than a written answer."""
    if any(has_mark(box.text) for box in boxes):
        return True
    return any(box.lone for box in boxes) and any(book.key(box.text) for box in boxes)


def read_ticks(boxes: Sequence[Box], book: ChoiceBook, start: int) -> tuple[Reading, Place | None]:
    """Read the ticked choice and where it stands; two ticks, or one beside an unknown word, are a problem.

    `start` is the first column of the answer, filled or not.
    """
    ticked = [found for box in boxes for found in _ticked_words(box, boxes, book, start)]
    if not ticked:
        return _lone_yes(boxes, book)
    keys = [(book.key(words), words) for words, _ in ticked]
    unknown = next((words for key, words in keys if key is None), None)
    if unknown is not None:
        return Reading(problem=not_a_choice(unknown, book.offered())), ticked[0][1]
    return book.reading([key for key, _ in keys if key is not None]), ticked[0][1]


def _lone_yes(boxes: Sequence[Box], book: ChoiceBook) -> tuple[Reading, Place | None]:
    """A single tick with nothing beside it answers a yes/no question."""
    if book.subject.kind is Kind.YES_NO and len(boxes) == 1 and boxes[0].lone == Mark(True):
        return Reading(True), boxes[0].at
    return NOTHING, None


def _ticked_words(box: Box, boxes: Sequence[Box], book: ChoiceBook, start: int) -> list[tuple[str, Place]]:
    if box.lone is None:
        found = options(box.text) if has_mark(box.text) else []
        return [(_nearest_choice(option, book), box.at) for option in found if option.ticked]
    partner = _partner(box, boxes, book, start) if box.lone.ticked else None
    return [(partner.text, box.at)] if partner else []


def _nearest_choice(option: Option, book: ChoiceBook) -> str:
    """`√來電 其他`: of several words the choice beside the mark; all of them if none is a choice."""
    words = option.words.split()
    for count in range(len(words), 0, -1):
        part = " ".join(words[:count] if option.mark_first else words[-count:])
        if book.key(part) is not None:
            return part
    return option.words


def _partner(mark: Box, boxes: Sequence[Box], book: ChoiceBook, start: int) -> Box | None:
    """Find the choice a lone tick belongs to: beside it in the row, else above it."""
    words = [box for box in boxes if box.lone is None and not has_mark(box.text) and not means_empty(box.raw)]
    row = [box for box in words if box.at[0] == mark.at[0] and book.key(box.text)]
    before = [box for box in row if box.at[1] < mark.at[1]]
    behind = [box for box in row if box.at[1] > mark.at[1]]
    if not row:
        above = [
            box for box in words if box.area.left <= mark.at[1] <= box.area.right and box.at[0] < mark.at[0]
        ]
        return above[-1] if above else None
    if not before or not behind:
        return (before or behind[:1])[-1]
    near, far = mark.area.left - before[-1].area.right, behind[0].area.left - mark.area.right
    if near != far:
        return before[-1] if near < far else behind[0]
    # A choice on each side: where the row begins with a choice, the boxes stand behind their words.
    return before[-1] if row[0].area.left == start else behind[0]
