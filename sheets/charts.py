"""Native bar charts over tables of ours, with the values they show written into them for previews."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.chart import BarChart
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.legend import Legend
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Font,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)
from openpyxl.utils import get_column_letter, quote_sheetname

from rules.locales import Locale
from sheets.columns import CellValue, Sheet
from sheets.looks import FONTS, HAIRLINE, INK, LINE, MUTED, NAVY, PAPER
from sheets.texts import plain_text

# The number format of labels, and of the cells they may take it from: nothing is said of nothing.
UNLESS_ZERO = "0;-0;;@"


@dataclass(frozen=True)
class Source:
    """A table as it was drawn: the name of its sheet, its header's place, its rows; the first column names them."""

    sheet: str
    definition: Sheet
    rows: Sequence[Mapping[str, CellValue]]
    top: int
    left: int
    locale: Locale

    def heading(self, key: str) -> SeriesLabel:
        """Return a column's header as the name of its series."""
        text = StrVal(idx=0, v=plain_text(self.definition.header(key, self.locale)))
        return SeriesLabel(strRef=StrRef(f=self._area(key, self.top, self.top), strCache=_texts([text], 1)))

    def names(self) -> AxDataSource:
        """Return the first column as categories."""
        key = self.definition.columns[0].key
        texts = [
            StrVal(idx=number, v=plain_text(str(row[key])))
            for number, row in enumerate(self.rows)
            if row.get(key)
        ]
        return AxDataSource(strRef=StrRef(f=self._all(key), strCache=_texts(texts, len(self.rows))))

    def numbers(self, key: str) -> NumDataSource:
        """Return a column as values."""
        values = [
            NumVal(idx=number, v=str(row[key]))
            for number, row in enumerate(self.rows)
            if row.get(key) is not None
        ]
        cache = NumData(formatCode=UNLESS_ZERO, ptCount=len(self.rows), pt=values)
        return NumDataSource(numRef=NumRef(f=self._all(key), numCache=cache))

    def _all(self, key: str) -> str:
        return self._area(key, self.top + 1, self.top + len(self.rows))

    def _area(self, key: str, first: int, last: int) -> str:
        place = [column.key for column in self.definition.columns].index(key)
        letter = get_column_letter(self.left + place)
        cells = f"${letter}${first}" if first == last else f"${letter}${first}:${letter}${last}"
        return f"{quote_sheetname(self.sheet)}!{cells}"


def _texts(values: list[StrVal], count: int) -> StrData:
    return StrData(ptCount=count, pt=values)


@dataclass(frozen=True)
class Bar:
    """One series: its column, its colour, and the colour and format of the numbers in it or above it."""

    key: str
    fill: str
    ink: str = INK
    number: str = UNLESS_ZERO


def bar_chart(
    source: Source, title: str, bars: Sequence[Bar], *, lying: bool = False, stacked: bool = False
) -> BarChart:
    """Draw bars for the rows of `source`; several series are named in a legend, stacked or side by side.

    The numbers stand on the bars, so that there is neither a value axis nor a grid. The chart is transparent: what
    stands in the cells behind it can be read where no bars are.
    """
    chart = BarChart()
    chart.type = "bar" if lying else "col"
    chart.grouping = "stacked" if stacked else "clustered"
    chart.overlap = 100 if stacked else None
    chart.gapWidth = 45
    several = stacked or len(bars) > 1
    chart.title = _title(title, source.locale)
    chart.series = [_series(source, bar, number, stacked=stacked) for number, bar in enumerate(bars)]
    _set_axes(chart, source.locale, lying=lying)
    chart.legend = _legend(source.locale) if several else None
    chart.layout = _inner(lying=lying, legend=several)
    chart.roundedCorners = False
    chart.graphical_properties = GraphicalProperties(noFill=True, ln=_line(HAIRLINE))
    chart.plot_area.graphicalProperties = GraphicalProperties(noFill=True)
    return chart


def _series(source: Source, bar: Bar, number: int, *, stacked: bool) -> Series:
    series = Series(idx=number, order=number, tx=source.heading(bar.key))
    series.cat, series.val = source.names(), source.numbers(bar.key)
    series.spPr = GraphicalProperties(solidFill=_rgb(bar.fill), ln=_line(PAPER) if stacked else _no_line())
    series.invertIfNegative = False
    series.dLbls = DataLabelList(
        numFmt=bar.number,
        dLblPos="ctr" if stacked else "outEnd",
        showVal=True,
        showLegendKey=False,
        showCatName=False,
        showSerName=False,
        showPercent=False,
        showBubbleSize=False,
        txPr=_letters(source.locale, 9, bar.ink, bold=True),
    )
    return series


def _set_axes(chart: BarChart, locale: Locale, *, lying: bool) -> None:
    names, values = chart.x_axis, chart.y_axis
    names.delete = False
    names.axPos = "l" if lying else "b"
    names.scaling.orientation = "maxMin" if lying else "minMax"
    names.majorTickMark = names.minorTickMark = "none"
    names.tickLblPos = "low"
    names.graphicalProperties = GraphicalProperties(ln=_no_line() if lying else _line(LINE))
    names.txPr = _letters(locale, 9, MUTED)
    names.noMultiLvlLbl = True
    values.delete = True
    values.majorGridlines = None
    values.scaling.min = 0
    values.numFmt = None


def _title(text: str, locale: Locale) -> Title:
    look = _character(locale, 12, NAVY, bold=True)
    run = RegularTextRun(rPr=look, t=text)
    rich = RichText(p=[Paragraph(pPr=ParagraphProperties(algn="l", defRPr=look), r=[run])])
    place = ManualLayout(xMode="edge", yMode="edge", x=0.025, y=0.035)
    return Title(tx=Text(rich=rich), layout=Layout(manualLayout=place), overlay=False)


def _legend(locale: Locale) -> Legend:
    legend = Legend()
    legend.position = "b"
    legend.overlay = False
    legend.txPr = _letters(locale, 9, MUTED)
    return legend


def _inner(*, lying: bool, legend: bool) -> Layout:
    """Keep the bars clear of the title, the names and the legend, in whatever program draws them."""
    left = 0.31 if lying else 0.035
    height = (0.82 if lying else 0.74) - (0.1 if legend else 0)
    place = ManualLayout(
        layoutTarget="inner",
        xMode="edge",
        yMode="edge",
        x=left,
        y=0.15,
        w=round(0.965 - left, 3),
        h=round(height, 3),
    )
    return Layout(manualLayout=place)


def _letters(locale: Locale, size: float, colour: str, *, bold: bool = False) -> RichText:
    look = _character(locale, size, colour, bold=bold)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=CharacterProperties())
    paragraph.r = []  # openpyxl puts an empty run there, which a text's look may not have
    return RichText(bodyPr=RichTextProperties(), p=[paragraph])


def _character(locale: Locale, size: float, colour: str, *, bold: bool) -> CharacterProperties:
    font = Font(typeface=FONTS[locale])
    return CharacterProperties(sz=round(size * 100), b=bold, solidFill=_rgb(colour), latin=font, ea=font)


def _line(colour: str) -> LineProperties:
    return LineProperties(w=9525, solidFill=_rgb(colour))


def _no_line() -> LineProperties:
    return LineProperties(noFill=True)


def _rgb(colour: str) -> str:
    return colour[2:]
