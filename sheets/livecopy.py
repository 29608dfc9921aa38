"""A copy of a workbook that programs offer to open for reading only (ECMA-376 part 1, 18.2.8)."""

import re

from sheets.archive import Archive
from sheets.parts import related
from sheets.refusal import unexpected

_NAME = rb"(?:[A-Za-z_][\w.-]*:)?"
_SHARING = re.compile(rb"<(" + _NAME + rb")fileSharing\b[^>]*/>")
_BEFORE = re.compile(rb"<(" + _NAME + rb")fileVersion\b[^>]*/>|<(" + _NAME + rb")workbook\b[^>]*>")


def read_only(content: bytes) -> bytes:
    """Return the workbook with opening for reading recommended; PatchRefused if it is none."""
    archive = Archive(content)
    part = related(archive, "", "officeDocument")[0]
    xml = _SHARING.sub(b"", archive.read(part))
    before = list(_BEFORE.finditer(xml))  # the root, and what may stand before the element
    if not before:
        raise unexpected(part, "workbook")
    place, prefix = before[-1].end(), before[-1][1] or before[-1][2] or b""
    sharing = b'<%sfileSharing readOnlyRecommended="1"/>' % prefix
    return archive.rewritten({part: xml[:place] + sharing + xml[place:]})


_OURS = re.compile(rb"<" + _NAME + rb'fileSharing readOnlyRecommended="1"/>')


def writable(content: bytes) -> bytes:
    """Return the workbook without the recommendation of `read_only`, as it is if it has none: a copy put back."""
    archive = Archive(content)
    part = related(archive, "", "officeDocument")[0]
    xml = archive.read(part)
    plain = _OURS.sub(b"", xml)
    return content if plain == xml else archive.rewritten({part: plain})
