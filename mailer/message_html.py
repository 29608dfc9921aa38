"""The text of an HTML mail, in one pass that no page can make slow."""

import html

_DROPPED = {"script", "style", "head", "title", "xml", "template"}
_BLOCKS = {
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "table", "tr", "ul",
}  # fmt: skip
_CELLS = {"td", "th"}


def html_text(page: str) -> str:
    """What a reader sees of `page`: no tags, scripts or comments; blocks begin new lines, cells are set apart."""
    out: list[str] = []
    waiting_for = ""  # what ends the part that is being dropped
    first, *chunks = page.split("<")
    out.append(_words(first))
    for chunk in chunks:
        if waiting_for:
            waiting_for, chunk = _still_dropped(chunk, waiting_for)  # noqa: PLW2901 - what is left of it
            if waiting_for:
                continue
            out.append(_words(chunk))
            continue
        if chunk.startswith("!--"):
            _, ended, rest = chunk.partition("-->")
            waiting_for = "" if ended else "-->"
            out.append(_words(rest))
            continue
        waiting_for = _element(chunk, out)
    return _tidy("".join(out))


def _element(chunk: str, out: list[str]) -> str:
    """Take one tag and the text behind it; says what must come before text counts again."""
    tag, closed, text = chunk.partition(">")
    name = tag.strip().split(maxsplit=1)[0].lower() if tag.strip() else ""
    plain = name.strip("/")
    if not closed or not (plain[:1].isalpha() or plain[:1] in ("!", "?")):
        out.append(_words("<" + chunk))  # a less-than sign, not a tag
        return ""
    if plain in _BLOCKS:
        out.append("\n")
    elif name in _CELLS:
        out.append("\t")
    if plain in _DROPPED and not name.startswith("/") and not tag.endswith("/"):
        return f"/{plain}"
    out.append(_words(text))
    return ""


def _still_dropped(chunk: str, waiting_for: str) -> tuple[str, str]:
    """What is waited for still, and the text behind its end when the end has come."""
    if waiting_for == "-->":
        _, ended, rest = chunk.partition("-->")
        return ("" if ended else waiting_for), rest
    ends = chunk[: len(waiting_for)].lower() == waiting_for and not chunk[len(waiting_for) :][:1].isalnum()
    return ("", chunk.partition(">")[2]) if ends else (waiting_for, "")


def _words(text: str) -> str:
    """Text between tags: entities decoded, and line breaks of the source only spaces."""
    return " ".join(html.unescape(text).replace("\n", " ").replace("\r", " ").split(" "))


def _tidy(text: str) -> str:
    """No space at the ends of lines, no more than one empty line in a row."""
    lines: list[str] = []
    for line in text.replace("\xa0", " ").split("\n"):
        words = "\t".join(" ".join(cell.split()) for cell in line.split("\t")).strip()
        if words or (lines and lines[-1]):
            lines.append(words)
    return "\n".join(lines).strip()
