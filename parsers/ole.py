"""What stands in an OLE compound file (.xls, or the shell of an encrypted workbook): its streams, by name."""

from contextlib import suppress
from io import BytesIO

_WORKBOOK_STREAMS = ("Workbook", "Book")
_MOST_STREAM = 64 * 1024 * 1024


def streams(content: bytes) -> frozenset[str]:
    """Return the paths of all streams in lower case; none if the file's directory cannot be read."""
    from olefile import OleFileIO

    with suppress(Exception), OleFileIO(BytesIO(content)) as file:
        return frozenset("/".join(path).lower() for path in file.listdir())
    return frozenset()


def stream(content: bytes, name: str, most: int = _MOST_STREAM) -> bytes:
    """Return the beginning of a stream; ValueError if there is none."""
    from olefile import OleFileIO

    try:
        with OleFileIO(BytesIO(content)) as file, file.openstream(name) as found:
            return bytes(found.read(most))
    except MemoryError:
        raise
    except Exception as error:  # olefile raises what the damage brings about
        raise ValueError(f"no stream {name}") from error


def biff_stream(content: bytes, most: int = _MOST_STREAM) -> bytes:
    """Return the records of an .xls; a file of Excel 4 and before is nothing else. ValueError if there are none."""
    if not content.startswith(b"\xd0\xcf"):
        return content[:most]
    for name in _WORKBOOK_STREAMS:
        with suppress(ValueError):
            return stream(content, name, most)
    raise ValueError("no workbook stream")
