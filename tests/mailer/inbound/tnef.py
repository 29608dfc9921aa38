"""Writes winmail.dat files as Outlook does ([MS-OXTNEF]), and broken ones as nobody should."""

import struct

SIGNATURE = struct.pack("<IH", 0x223E9F78, 0x0001)
MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(identifier: int, data: bytes, level: int = 2, kind: int = 6) -> bytes:
    """One attribute with its checksum."""
    return (
        struct.pack("<BHHI", level, identifier, kind, len(data))
        + data
        + struct.pack("<H", sum(data) & 0xFFFF)
    )


def wide(identifier: int, text: str) -> bytes:
    """A property of Unicode text."""
    return variable(identifier, 0x1F, (text + "\0").encode("utf-16-le"))


def narrow(identifier: int, text: bytes) -> bytes:
    """A property of text in the mail's code page."""
    return variable(identifier, 0x1E, text + b"\0")


def binary(identifier: int, data: bytes) -> bytes:
    """A property of bytes."""
    return variable(identifier, 0x102, data)


def variable(identifier: int, kind: int, data: bytes) -> bytes:
    """A property of one value whose length varies."""
    return struct.pack("<HHII", kind, identifier, 1, len(data)) + data + b"\0" * (-len(data) % 4)


def number(identifier: int, value: int) -> bytes:
    """A property of a whole number."""
    return struct.pack("<HHI", 3, identifier, value)


def properties(*given: bytes) -> bytes:
    """A block of properties."""
    return struct.pack("<I", len(given)) + b"".join(given)


def file(content: bytes, title: bytes = b"", *props: bytes) -> bytes:
    """A file: where it begins, its short name, its bytes, its properties."""
    named = attribute(0x8010, title + b"\0", kind=1) if title else b""
    return (
        attribute(0x9002, b"\x01\x00" + b"\xff" * 12)
        + named
        + (attribute(0x800F, content) if content else b"")
        + (attribute(0x9005, properties(*props)) if props else b"")
    )


def embedded(mail: bytes) -> bytes:
    """A property that holds a mail of its own."""
    return variable(0x3701, 0x0D, MESSAGE + mail)


def winmail(*parts: bytes, codepage: int = 936) -> bytes:
    """A whole file."""
    return (
        SIGNATURE
        + attribute(0x9006, struct.pack("<I", 0x10000), level=1, kind=8)
        + attribute(0x9007, struct.pack("<II", codepage, 0), level=1)
        + b"".join(parts)
    )


def words(*props: bytes) -> bytes:
    """The properties of the mail itself, its words among them."""
    return attribute(0x9003, properties(*props), level=1)
