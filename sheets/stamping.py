"""A new workbook of ours as a file, with the properties by which it is known again."""

from io import BytesIO

from openpyxl.packaging.custom import IntProperty, StringProperty
from openpyxl.workbook import Workbook

from sheets.archive import Archive
from sheets.generation import GENERATION, SITE
from sheets.links import with_values
from sheets.texts import plain_text


def stamped_file(workbook: Workbook, *, title: str, site: str, generation: int) -> bytes:
    """Return the workbook as .xlsx, its generation and site among the document's custom properties."""
    workbook.properties.creator = "kesu"
    workbook.properties.title = plain_text(title)
    properties = workbook.custom_doc_props  # type: ignore[attr-defined] # missing from the stubs
    properties.append(IntProperty(name=GENERATION, value=generation))
    properties.append(StringProperty(name=SITE, value=plain_text(site)))
    stream = BytesIO()
    workbook.save(stream)
    return _with_links(stream.getvalue())


def _with_links(content: bytes) -> bytes:
    """Return the file with what its links come to: openpyxl writes formulas without their values."""
    archive = Archive(content)
    sheets = {name: archive.read(name) for name in archive.names if name.startswith("xl/worksheets/")}
    changed = {name: with_values(xml) for name, xml in sheets.items() if b"<f>HYPERLINK(" in xml}
    return archive.rewritten(changed) if changed else content
