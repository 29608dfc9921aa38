"""What the monthly mail says below its lead: the figures, the month day by day, bars and small tables."""

from mailer.blocks import BarRow, Block, Piece, Row
from mailer.draft import Draft
from mailer.letter import Template
from mailer.monthly import BarChart, BarLine, DayChart, Grid
from mailer.pictures import OPENED, SETTLED, Picture, day_chart, swatch

_FULL = 260  # how long the longest bar of a chart is, in pixels: it fits the narrowest telephone
_THIN = 3  # what is there at all can be seen


def report(draft: Draft) -> list[Block]:
    """Build the blocks of the mail `monthly-report`; none for any other."""
    known = draft.content.report
    if draft.letter.template is not Template.MONTHLY_REPORT or known is None:
        return []
    figures = tuple(Row(figure.label, figure.value) for figure in known.figures)
    left_out = [Block("note", "", (known.left_out,))] if known.left_out else []
    parts = [_days(part) if isinstance(part, DayChart) else _part(part) for part in known.parts]
    return [Block("figures", draft.say("headings.figures"), rows=figures), *left_out, *parts]


def _part(part: BarChart | Grid) -> Block:
    return _bars(part) if isinstance(part, BarChart) else _grid(part)


def _days(part: DayChart) -> Block:
    legend = tuple(
        Piece(label, swatch(colour), 12) for label, colour in ((part.opened, OPENED), (part.settled, SETTLED))
    )
    return Block("picture", part.title, (part.told,), picture=day_chart(part.days), legend=legend)


def _bars(part: BarChart) -> Block:
    longest = max((sum(segment.number for segment in bar.segments) for bar in part.bars), default=0)
    named = {s.label: s.colour for bar in part.bars for s in bar.segments if s.label and s.number}
    legend = tuple(Piece(label, swatch(colour), 12) for label, colour in named.items())
    bars = tuple(_bar(bar, longest) for bar in part.bars)
    return Block("bars", part.title, _lines(part.note), bars=bars, legend=legend)


def _bar(bar: BarLine, longest: int) -> BarRow:
    pieces = tuple(
        Piece(segment.label, swatch(segment.colour), max(_THIN, round(_FULL * segment.number / longest)))
        for segment in bar.segments
        if segment.number
    )
    return BarRow(bar.label, bar.value, bar.detail, pieces)


def _grid(part: Grid) -> Block:
    return Block(
        "grid", part.title, _lines(part.note), columns=part.columns, grid=part.rows, total=part.total
    )


def _lines(note: str) -> tuple[str, ...]:
    return (note,) if note else ()


def pictures(blocks: tuple[Block, ...]) -> dict[str, Picture]:
    """Return every picture that some blocks show, each once, by name."""
    shown = [block.picture for block in blocks if block.picture is not None]
    pieces = [piece for block in blocks for piece in block.legend]
    pieces += [piece for block in blocks for bar in block.bars for piece in bar.pieces]
    return {picture.name: picture for picture in (*shown, *(piece.picture for piece in pieces))}
