"""What no library writes: slicers, a pivot table, an answered comment, a form control, as Excel writes their parts.

Formats: ECMA-376 part 1 (18.10 pivot tables), MS-XLSX (2.3.3 slicers, 2.1 threaded comments), parts by hand.
"""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from sheets.registry import OPEN
from tests.preservation import drawing
from tests.preservation.grafting import LOCALE, ROWS, key_of
from tests.preservation.packages import Package, children, relations_of, with_last

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MS = "http://schemas.microsoft.com/office/2007/relationships"
_MS17 = "http://schemas.microsoft.com/office/2017/10/relationships"
_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_X15 = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_TC = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CT = "application/vnd.openxmlformats-officedocument."
_BOOK, _SHEET, _SECOND = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
_NS = f'xmlns="{_MAIN}" xmlns:r="{_R}"'
_STATUS, _GRADE, _AMOUNT = (OPEN.header(key, LOCALE) for key in ("status", "grade", "repair_amount"))


@dataclass
class _Additions:
    """Parts, content types and links to add to a package."""

    package: Package
    parts: dict[str, bytes] = field(default_factory=dict)

    def read(self, part: str) -> bytes:
        return self.parts.get(part) or self.package.read(part)

    def part(self, name: str, kind: str, xml: str) -> None:
        """Add a part of that content type."""
        self.parts[name] = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + xml.encode()
        element = (
            f'<Override xmlns="{_PACKAGE}/content-types" PartName="/{name}" ContentType="{escape(kind)}"/>'
        )
        self.last("[Content_Types].xml", element)

    def last(self, part: str, element: str, inside: str | None = None) -> None:
        """Add an element at the end of a part, or of one of its root's children."""
        self.parts[part] = with_last(self.read(part), part, element.encode(), inside)

    def before(self, part: str, name: str, element: str) -> None:
        """Add an element before the root's child of that name."""
        xml = self.read(part)
        at = next(child.start for child in children(xml, part) if child.name == name)
        self.parts[part] = xml[:at] + element.encode() + xml[at:]

    def link(self, part: str, identity: str, kind: str, target: str) -> None:
        """Add a relationship."""
        holder = relations_of(part)
        if holder not in self.package.entries and holder not in self.parts:
            self.parts[holder] = f'<Relationships xmlns="{_PACKAGE}/relationships"></Relationships>'.encode()
        self.last(
            holder,
            f'<Relationship xmlns="{_PACKAGE}/relationships" Id="{identity}" Type="{kind}" Target="/{target}"/>',
        )


def with_slicers_and_pivot(*, source_by_area: bool = False) -> bytes:
    """Return our table with a slicer of its own, a pivot table on the next sheet and a slicer of that."""
    added = _Additions(Package(drawing.plain(sheets=2)))
    _add_pivot(added, source_by_area=source_by_area)
    _add_slicers(added)
    return added.package.rewritten(added.parts)


def _add_pivot(added: _Additions, *, source_by_area: bool) -> None:
    table = Package(added.package.content).read("xl/tables/table1.xml")
    area = table.partition(b' ref="')[2].partition(b'"')[0].decode()
    source = f'ref="{area}" sheet="我的案件"' if source_by_area else f'name="{OPEN.table}"'
    fields = "".join(
        f'<cacheField name={quoteattr(header)} numFmtId="0">{_shared(header)}</cacheField>'
        for header in drawing.HEADERS
    )
    added.part(
        "xl/pivotCache/pivotCacheDefinition1.xml",
        f"{_CT}spreadsheetml.pivotCacheDefinition+xml",
        f'<pivotCacheDefinition {_NS} saveData="0" refreshOnLoad="1" refreshedBy="總經理" recordCount="0">'
        f'<cacheSource type="worksheet"><worksheetSource {source}/></cacheSource>'
        f'<cacheFields count="{len(drawing.HEADERS)}">{fields}</cacheFields>'
        f'<extLst><ext uri="{{725AE2AE-9491-48be-B2B4-4EB974FC3084}}" xmlns:x14="{_X14}">'
        '<x14:pivotCacheDefinition pivotCacheId="7"/></ext></extLst></pivotCacheDefinition>',
    )
    added.part("xl/pivotTables/pivotTable1.xml", f"{_CT}spreadsheetml.pivotTable+xml", _pivot_table())
    added.link(_SECOND, "rIdPivot", f"{_R}/pivotTable", "xl/pivotTables/pivotTable1.xml")
    definition = "xl/pivotCache/pivotCacheDefinition1.xml"
    added.link("xl/pivotTables/pivotTable1.xml", "rId1", f"{_R}/pivotCacheDefinition", definition)
    added.link(_BOOK, "rIdCache", f"{_R}/pivotCacheDefinition", definition)
    added.last(_BOOK, f'<pivotCaches {_NS}><pivotCache cacheId="1" r:id="rIdCache"/></pivotCaches>')


def _shared(header: str) -> str:
    if header not in (_STATUS, _GRADE):
        return "<sharedItems/>"
    key = "status" if header == _STATUS else "grade"
    items = "".join(f"<s v={quoteattr(f'{key}{number} <&>')}/>" for number in range(1, ROWS + 1))
    return f'<sharedItems count="{ROWS}">{items}</sharedItems>'


def _pivot_table() -> str:
    items = "".join(f'<item x="{number}"/>' for number in range(ROWS)) + '<item t="default"/>'
    fields = {
        _STATUS: f'<pivotField axis="axisRow" showAll="0"><items count="{ROWS + 1}">{items}</items></pivotField>',
        _GRADE: f'<pivotField showAll="0"><items count="{ROWS + 1}">{items}</items></pivotField>',
        _AMOUNT: '<pivotField dataField="1" showAll="0"/>',
    }
    listed = "".join(fields.get(header, '<pivotField showAll="0"/>') for header in drawing.HEADERS)
    rows = "".join(f'<i><x v="{number}"/></i>' for number in range(ROWS)) + '<i t="grand"><x/></i>'
    row_field, value_field = drawing.HEADERS.index(_STATUS), drawing.HEADERS.index(_AMOUNT)
    return (
        f'<pivotTableDefinition {_NS} name="樞紐1" cacheId="1" dataCaption="值">'
        f'<location ref="A3:B{4 + ROWS}" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'
        f'<pivotFields count="{len(drawing.HEADERS)}">{listed}</pivotFields>'
        f'<rowFields count="1"><field x="{row_field}"/></rowFields>'
        f'<rowItems count="{ROWS + 1}">{rows}</rowItems><colItems count="1"><i/></colItems>'
        f'<dataFields count="1"><dataField name="合計" fld="{value_field}" baseField="0" baseItem="0"/></dataFields>'
        "</pivotTableDefinition>"
    )


def _add_slicers(added: _Additions) -> None:
    """One slicer of the table, one of the pivot table; each with its cache, its name and its frame in a drawing."""
    place = drawing.HEADERS.index(_STATUS) + 1
    _cache(added, 1, _STATUS, (
        f'<extLst><x:ext xmlns:x="{_MAIN}" uri="{{2F2917AC-EB37-4324-AD4E-5DD8C200BD13}}" xmlns:x15="{_X15}">'
        f'<x15:tableSlicerCache tableId="1" column="{place}"/></x:ext></extLst>'
    ))  # fmt: skip
    items = "".join(f'<i x="{number}" s="1"/>' for number in range(ROWS))
    _cache(added, 2, _GRADE, (
        '<pivotTables><pivotTable tabId="2" name="樞紐1"/></pivotTables>'
        f'<data><tabular pivotCacheId="7"><items count="{ROWS}">{items}</items></tabular></data>'
    ))  # fmt: skip
    names = "".join(f'<definedName name="Slicer_{number}">#N/A</definedName>' for number in (1, 2))
    added.before(_BOOK, "calcPr", f"<definedNames>{names}</definedNames>")
    added.last(_BOOK, (
        f'<extLst><ext uri="{{BBE1A952-AA13-448e-AADC-164F8A28A991}}" xmlns:x14="{_X14}">'
        '<x14:slicerCaches><x14:slicerCache r:id="rIdSlicerCache2"/></x14:slicerCaches></ext>'
        f'<ext uri="{{46BE6895-7355-4a93-B00E-2C351335B9C9}}" xmlns:x15="{_X15}">'
        f'<x15:slicerCaches xmlns:x14="{_X14}"><x14:slicerCache r:id="rIdSlicerCache1"/></x15:slicerCaches>'
        "</ext></extLst>"
    ))  # fmt: skip
    _slicer(added, 1, _STATUS, _SHEET, "{3A4CF648-6AED-40f4-86FF-DC5316D8AED3}")
    _slicer(added, 2, _GRADE, _SECOND, "{A8765BA9-456A-4dab-B4F3-ACF838C121DE}")


def _cache(added: _Additions, number: int, header: str, content: str) -> None:
    part = f"xl/slicerCaches/slicerCache{number}.xml"
    added.part(
        part,
        "application/vnd.ms-excel.slicerCache+xml",
        f'<slicerCacheDefinition xmlns="{_X14}" name="Slicer_{number}" sourceName={quoteattr(header)}>'
        f"{content}</slicerCacheDefinition>",
    )
    added.link(_BOOK, f"rIdSlicerCache{number}", f"{_MS}/slicerCache", part)


def _slicer(added: _Additions, number: int, header: str, sheet: str, uri: str) -> None:
    part, frame = f"xl/slicers/slicer{number}.xml", f"xl/drawings/drawing{90 + number}.xml"
    added.part(
        part,
        "application/vnd.ms-excel.slicer+xml",
        f'<slicers xmlns="{_X14}"><slicer name="{header}" cache="Slicer_{number}" caption="{header}" '
        'rowHeight="241300"/></slicers>',
    )
    added.link(sheet, "rIdSlicer", f"{_MS}/slicer", part)
    added.part(frame, f"{_CT}drawing+xml", _frame(header))
    added.link(sheet, "rIdFrame", f"{_R}/drawing", frame)
    drawn = f'<drawing {_NS} r:id="rIdFrame"/>'
    if b"<tableParts" in added.read(sheet):
        added.before(sheet, "tableParts", drawn)
    else:
        added.last(sheet, drawn)
    added.last(
        sheet,
        f'<extLst {_NS}><ext uri="{uri}" xmlns:x14="{_X14}"><x14:slicerList><x14:slicer r:id="rIdSlicer"/>'
        "</x14:slicerList></ext></extLst>",
    )


def _frame(name: str) -> str:
    slicer = "http://schemas.microsoft.com/office/drawing/2010/slicer"
    return (
        f'<xdr:wsDr xmlns:xdr="{_XDR}" xmlns:a="{_A}"><xdr:absoluteAnchor><xdr:pos x="0" y="0"/>'
        f'<xdr:ext cx="1828800" cy="2428875"/><mc:AlternateContent xmlns:mc="{_MC}">'
        '<mc:Choice xmlns:sle15="http://schemas.microsoft.com/office/drawing/2012/slicer" Requires="sle15">'
        f'<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="{name}"/>'
        "<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>"
        '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
        f'<a:graphic><a:graphicData uri="{slicer}"><sle:slicer xmlns:sle="{slicer}" name="{name}"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame></mc:Choice>"
        '<mc:Fallback><xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="0" name=""/><xdr:cNvSpPr/></xdr:nvSpPr>'
        '<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1828800" cy="2428875"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:sp></mc:Fallback></mc:AlternateContent>'
        "<xdr:clientData/></xdr:absoluteAnchor></xdr:wsDr>"
    )


def with_volatile_formulas_marked() -> bytes:
    """Return our table with `ca="1"` at formulas that Excel calculates at each opening, as it marks NOW()."""
    package = Package(drawing.plain())
    marked = package.read(_SHEET).replace(b"<f>IF(ISNUMBER(", b'<f ca="1">IF(ISNUMBER(')
    return package.rewritten({_SHEET: marked})


def with_threads_and_controls() -> bytes:
    """Return our table with an answered comment on a case, and a form control whose anchor names rows of its own."""
    added = _Additions(Package(drawing.plain(notes=True)))
    cell = f"{drawing.letter('description')}8"
    first, answer, person = (f"{{5A0B6E0C-0000-4000-8000-00000000000{number}}}" for number in (1, 2, 3))
    added.part(
        "xl/persons/person.xml",
        "application/vnd.ms-excel.person+xml",
        f'<personList xmlns="{_TC}"><person displayName="總經理" id="{person}" userId="gm" providerId="None"/>'
        "</personList>",
    )
    added.link(_BOOK, "rIdPerson", f"{_MS17}/person", "xl/persons/person.xml")
    added.part(
        "xl/threadedComments/threadedComment1.xml",
        "application/vnd.ms-excel.threadedcomments+xml",
        f'<ThreadedComments xmlns="{_TC}"><threadedComment ref="{cell}" dT="2026-11-21T09:00:00.00" '
        f'personId="{person}" id="{first}"><text>{key_of(3)} 為什麼？</text></threadedComment>'
        f'<threadedComment ref="{cell}" dT="2026-11-21T10:00:00.00" personId="{person}" id="{answer}" '
        f'parentId="{first}"><text>零件缺貨</text></threadedComment></ThreadedComments>',
    )
    added.link(_SHEET, "rIdThread", f"{_MS17}/threadedComment", "xl/threadedComments/threadedComment1.xml")
    _add_control(added)
    return added.package.rewritten(added.parts)


def _add_control(added: _Additions) -> None:
    added.part(
        "xl/ctrlProps/ctrlProp1.xml",
        "application/vnd.ms-excel.controlproperties+xml",
        f'<formControlPr xmlns="{_X14}" objectType="Button" lockText="1"/>',
    )
    added.link(_SHEET, "rIdControl", f"{_R}/ctrlProp", "xl/ctrlProps/ctrlProp1.xml")
    corner = "<xdr:col>{}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{}</xdr:row><xdr:rowOff>0</xdr:rowOff>"
    added.before(
        _SHEET,
        "tableParts",
        f'<mc:AlternateContent xmlns:mc="{_MC}" xmlns:x14="{_X14}" {_NS} xmlns:xdr="{_XDR}">'
        '<mc:Choice Requires="x14"><controls><control shapeId="1025" r:id="rIdControl" name="按鈕 1">'
        '<controlPr defaultSize="0" print="0" autoFill="0" autoPict="0"><anchor moveWithCells="1" sizeWithCells="1">'
        f"<from>{corner.format(1, 2)}</from><to>{corner.format(3, 4)}</to></anchor></controlPr></control>"
        "</controls></mc:Choice></mc:AlternateContent>",
    )
