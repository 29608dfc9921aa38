"""Managers' own formulas over cells that a patch changed.

Excel calculates nothing but volatile formulas when it opens a file that it saved itself: it takes the values that
stand beside the others for right, so that a manager's sum over our table would show what it was before the patch
until he touches it. `fullCalcOnLoad` makes it calculate all of them once, at the next opening (ECMA-376 part 1,
18.2.2); Excel takes the mark away when it saves. The price is its question at closing whether to save, which the
column of the time left, being volatile, brings about anyway.
"""

import re

from sheets.archive import Archive
from sheets.parts import Child, children, related

# What may stand before `calcPr` (CT_Workbook, 18.2.27); `sheets` always does.
_BEFORE = frozenset({"sheets", "functionGroups", "externalReferences", "definedNames"})
_TAG = re.compile(
    rb"""<((?:[A-Za-z_][\w.-]*:)?)[\w.-]+(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*(?=\s*/?>)"""
)
_ASKS = re.compile(rb"""\sfullCalcOnLoad\s*=\s*["']([^"']*)["']""")


def asking_to_calculate(archive: Archive) -> dict[str, bytes]:
    """Return the workbook part as it asks Excel to calculate all formulas; nothing if it does so already."""
    part = related(archive, "", "officeDocument")[0]
    xml = archive.read(part)
    found = children(xml, part)
    settings = [child for child in found if child.name == "calcPr"]
    before = [child for child in found if child.name in _BEFORE]
    asking = xml
    if settings:
        asking = _marked(xml, settings[0])
    elif before:
        asking = _with_settings(xml, before[-1])
    return {} if asking == xml else {part: asking}


def _marked(xml: bytes, settings: Child) -> bytes:
    """Return the part with the mark in its settings, whatever else stands in them."""
    tag = _TAG.match(xml, settings.start)
    if tag is None:  # the part is not in UTF-8, which no known program writes
        return xml
    mark = _ASKS.search(xml, tag.start(), tag.end())
    if mark is None:
        return b'%s fullCalcOnLoad="1"%s' % (xml[: tag.end()], xml[tag.end() :])
    return xml if mark[1] in (b"1", b"true") else b"%s1%s" % (xml[: mark.start(1)], xml[mark.end(1) :])


def _with_settings(xml: bytes, before: Child) -> bytes:
    """Return the part with settings of its own, in their place and in the prefix of what stands before them."""
    tag = _TAG.match(xml, before.start)
    if tag is None:
        return xml
    return b'%s<%scalcPr fullCalcOnLoad="1"/>%s' % (xml[: before.following], tag[1], xml[before.following :])
