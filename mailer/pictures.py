"""Pictures in mails: PNGs that every mail program shows, Outlook too, which knows neither SVG nor scripts.

Words stand beside them as text, so that no font is needed but for digits. The background is transparent and all colours
are of middle brightness: a picture looks right on white and in dark mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from mailer.monthly import DayColumn

OPENED, SETTLED = "#3b78c2", "#1e9e8a"
_AXIS, _DIGITS = "#98a2b3", "#7b8798"
_SCALE = 2  # drawn twice as large as shown, for sharp screens
_WIDTH, _HEIGHT = 536, 170
_LEFT, _TOP, _BOTTOM = 26, 14, 20
_CLEAR = (0, 0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """One picture of a mail: `name` is unique in it, the size is as shown."""

    name: str
    content: bytes
    width: int
    height: int

    @property
    def file_name(self) -> str:
        """What the part is called."""
        return f"{self.name}.png"


@cache
def swatch(colour: str) -> Picture:
    """Return a patch of one colour, to be stretched to a bar by whoever shows it."""
    return Picture(f"bar-{colour.lstrip('#')}", _png(Image.new("RGB", (4, 4), colour)), 14, 14)


def day_chart(days: Sequence[DayColumn]) -> Picture:
    """Draw two columns for each day: what came and what was settled."""
    image = Image.new("RGBA", (_WIDTH * _SCALE, _HEIGHT * _SCALE), _CLEAR)
    draw = ImageDraw.Draw(image)
    top = _rounded_up(max((max(each.opened, each.settled) for each in days), default=0))
    _draw_grid(draw, top)
    for number, each in enumerate(days):
        _draw_day(draw, each, number, len(days), top)
    return Picture("days", _png(image), _WIDTH, _HEIGHT)


def _draw_grid(draw: ImageDraw.ImageDraw, top: int) -> None:
    """Draw the base line and two lines above it, each with its number."""
    for number in sorted({0, top // 2, top} if top % 2 == 0 else {0, top}):
        y = _height_of(number, top)
        draw.line(
            [(_LEFT * _SCALE, y), (_WIDTH * _SCALE, y)], fill=_AXIS + ("ff" if number == 0 else "60"), width=2
        )
        draw.text(((_LEFT - 6) * _SCALE, y), str(number), fill=_DIGITS, font=_font(11), anchor="rm")


def _draw_day(draw: ImageDraw.ImageDraw, each: DayColumn, place: int, count: int, top: int) -> None:
    room = (_WIDTH - _LEFT) * _SCALE / count
    begin, thick = _LEFT * _SCALE + room * (place + 0.14), room * 0.36
    for number, colour, left in ((each.opened, OPENED, begin), (each.settled, SETTLED, begin + thick)):
        if number:
            area = [left, _height_of(number, top), left + thick - 2, _height_of(0, top) - 1]
            draw.rectangle(area, fill=colour)
    below = ((_HEIGHT - _BOTTOM + 4) * _SCALE,)
    draw.text((begin + thick, *below), str(each.day), fill=_DIGITS, font=_font(9), anchor="mt")


def _height_of(number: int, top: int) -> float:
    room = _HEIGHT - _TOP - _BOTTOM
    return (_TOP + room * (1 - number / top)) * _SCALE


def _rounded_up(number: int) -> int:
    """Return the end of the scale: the next number that reads well, never 0."""
    steps = (2, 4, 6, 8, 10, 20, 30, 40, 50)
    tens = 1
    while number > steps[-1] * tens:
        tens *= 10
    return next(step * tens for step in steps if number <= step * tens)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _SCALE)


def _png(image: Image.Image) -> bytes:
    stream = BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
