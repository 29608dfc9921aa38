"""The page as one HTML file: nothing is fetched, nothing runs, and it prints on A4."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from daemon.casepage.parts import Story
from mailer.wording import wording

_HOME = Path(__file__).resolve().parent


def _lines(text: str) -> Markup:
    """Escape a text and keep its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


_PAGES = Environment(
    loader=FileSystemLoader(_HOME),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["lines"] = _lines


def as_html(story: Story) -> str:
    """Return the page as a document of its own."""
    style = (_HOME / "page.css").read_text(encoding="utf-8")
    fonts = wording(story.locale).say("general.fonts")
    return _PAGES.get_template("page.html").render(story=story, style=Markup(style), fonts=Markup(fonts))  # noqa: S704 # our own
