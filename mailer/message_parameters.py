"""Parameters of header fields (RFC 2045, 2231), in whatever state they come; file names above all."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from mailer.message_charsets import codec_for
from mailer.message_words import decode_percent, decode_words, one_line

LONGEST_VALUE = 16 * 2**10
_LONGEST_REMEMBERED = 200  # characters: what programs write into every mail is short

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")
_CHARSET = re.compile(r"([A-Za-z0-9_.:-]{0,40})'(?:[A-Za-z0-9-]{0,20}')?")
_NAMED = re.compile(r'\b(?:file)?name\*?\s*=\s*("[^"]*"|[^;\s,]+)', re.IGNORECASE)
_FILE = re.compile(r"[^/\\:;=<>\"?*]{1,200}\.[A-Za-z][A-Za-z0-9]{1,4}")


def parameters_of(value: str, hint: str) -> tuple[str, Mapping[str, str]]:
    """A value like Content-Type's: what stands first, in lower case, and its parameters, decoded (RFC 2231, 2047)."""
    if len(value) > _LONGEST_REMEMBERED:
        return _parameters_of(value[:LONGEST_VALUE], hint)
    return _remembered_parameters(value, hint)


@lru_cache(maxsize=1000)
def _remembered_parameters(value: str, hint: str) -> tuple[str, Mapping[str, str]]:
    return _parameters_of(value, hint)


def _parameters_of(value: str, hint: str) -> tuple[str, Mapping[str, str]]:
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for parameter in _PARAMETER.finditer(value):
        parts = _SECTION.fullmatch(parameter[1].lower())
        if parts is not None:
            section = (_unquoted(parameter[2]), parts[3] is not None)
            # An extended value goes before a plain one of the same name, which is meant for old readers.
            name = parts[1] if parts[2] is None and parts[3] is None else parts[1] + "*"
            sections.setdefault(name, {}).setdefault(int(parts[2] or 0), section)
    values = {name: _joined(found, hint) for name, found in sections.items()}
    plain = {name: found for name, found in values.items() if not name.endswith("*")}
    extended = {name[:-1]: found for name, found in values.items() if name.endswith("*") and found}
    return value.partition(";")[0].strip().lower(), MappingProxyType({**plain, **extended})


def stray_name(value: str, hint: str) -> str:
    """A file name that is no parameter as it should be: it is the whole value, or no semicolon stands before it."""
    value = value[:LONGEST_VALUE]
    named = _NAMED.search(value)
    if named is not None:
        return _joined({0: (_unquoted(named[1]), False)}, hint)
    words = one_line(decode_words(_unquoted(value.partition(";")[0]), hint))
    return words if _FILE.fullmatch(words) else ""


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        # Only these two: a path like C:\forms\1.xlsx is not meant to be escaped.
        return value[1:-1].replace("\\\\", "\\").replace('\\"', '"')
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    return value.strip('"')


def _joined(sections: dict[int, tuple[str, bool]], hint: str) -> str:
    """The sections of one parameter as text: the first may name the charset of all that are percent-encoded."""
    charset = ""
    values: list[str] = []
    for number in sorted(sections):
        value, extended = sections[number]
        named = _charset(value) if extended else None  # some mailers name it again in every section
        if named is not None:
            charset = charset or named[1] or ""
            value = value[named.end() :]
        values.append(value)
    joined = "".join(values)
    if any(extended for _, extended in sections.values()):
        return decode_words(decode_percent(joined, charset, hint), hint)
    text = decode_words(joined, hint)
    unpercented = decode_percent(text, hint=hint)
    return text if unpercented.isascii() else unpercented  # 100%25.xlsx may be just a name


def _charset(value: str) -> re.Match[str] | None:
    """What stands before an extended value: charset'language', sometimes with the second quote forgotten."""
    found = _CHARSET.match(value)
    if found is None or (found[0].count("'") < 2 and codec_for(found[1]) is None):
        return None
    return found
