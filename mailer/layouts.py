"""Turns a page into the two bodies of a mail: plain text, and HTML that mail programs of all ages can show.

HTML: nested tables, styles written into the elements (only @media rules stay in the head), nothing remote.
"""

from base64 import b64encode
from collections.abc import Callable

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mailer.page import Page
from mailer.pictures import Picture
from mailer.wording import TEMPLATES, Wording


def _lines(text: str) -> Markup:
    """Escape `text` and keep its line breaks (Outlook knows no `white-space`)."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


_LOADER = FileSystemLoader(TEMPLATES)
_HTML = Environment(loader=_LOADER, undefined=StrictUndefined, autoescape=True, trim_blocks=True)
_HTML.filters["lines"] = _lines
_TEXT = Environment(loader=_LOADER, undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701 plain text
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def embedded(picture: Picture) -> str:
    """Return a picture as a data URI (RFC 2397), which browsers show and hardly any mail program does."""
    return f"data:image/png;base64,{b64encode(picture.content).decode('ascii')}"


def html(page: Page, source: Callable[[Picture], str] = embedded) -> str:
    """Return `page` as one HTML document; `source` says where a picture is found, by default in the document itself."""
    return _INLINER.inline(_HTML.get_template("layout.html").render(page=page, source=source))


def text(page: Page, wording: Wording) -> str:
    """Return `page` as plain text, its first line the marked headline."""

    def pair(label: str, value: str) -> str:
        return wording.say("general.row", label=label, value=value) if label else value

    return _TEXT.get_template("layout.txt").render(page=page, pair=pair) + "\n"
