"""What goes over the pipes between the daemon and the reading child: length-prefixed frames, JSON, no pickle.

The parent checks what comes back against the catalogue: the child has read a stranger's file and is not trusted.
"""

import json
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from parsers.results import ParsedFile, ParsedForm, Problem
from rules.conditions import FactValue
from rules.facts import facts_from_json, facts_to_json
from rules.fields import Catalogue, FormKind
from rules.locales import Text

HEADER = struct.Struct(">I")
LARGEST_ANSWER = 64 * 1024 * 1024


def frame(payload: bytes) -> bytes:
    """Prefix a payload with its length."""
    return HEADER.pack(len(payload)) + payload


def json_frame(document: Mapping[str, Any]) -> bytes:
    """Frame a JSON document; escaped to ASCII, so that lone surrogates cannot break the pipe."""
    return frame(json.dumps(document, ensure_ascii=True).encode("ascii"))


def file_to_json(parsed: ParsedFile) -> dict[str, Any]:
    """Write a result as JSON values."""
    return {
        "file": parsed.file,
        "forms": [_form_to_json(form) for form in parsed.forms],
        "error": parsed.error.model_dump(by_alias=True) if parsed.error else None,
        "tokens": list(parsed.tokens),
    }


def _form_to_json(form: ParsedForm) -> dict[str, Any]:
    return {
        "kind": form.kind.value,
        "blank": form.blank,
        "sheet": form.sheet,
        "locale": form.locale.value,
        "facts": facts_to_json(form.facts),
        "cells": form.cells,
        "problems": [problem.model_dump(mode="json", by_alias=True) for problem in form.problems],
    }


def file_from_json(raw: Mapping[str, Any], catalogue: Catalogue, zone: ZoneInfo) -> ParsedFile:
    """Read a result back, typed by the catalogue; ValueError or KeyError if it is malformed."""
    return ParsedFile(
        file=raw["file"],
        forms=tuple(_form_from_json(form, catalogue, zone) for form in raw["forms"]),
        error=Text.model_validate(raw["error"]) if raw["error"] is not None else None,
        tokens=tuple(str(token) for token in raw["tokens"]),
    )


def _form_from_json(raw: Mapping[str, Any], catalogue: Catalogue, zone: ZoneInfo) -> ParsedForm:
    form = catalogue.form(FormKind(raw["kind"]))
    facts = facts_from_json(raw["facts"], form)
    return ParsedForm(
        kind=form.kind,
        blank=raw["blank"],
        sheet=raw["sheet"],
        locale=raw["locale"],
        facts={key: _in_zone(value, zone) for key, value in facts.items()},
        cells=raw["cells"],
        problems=tuple(Problem.model_validate(problem) for problem in raw["problems"]),
    )


def _in_zone(value: FactValue, zone: ZoneInfo) -> FactValue:
    """Give a time its zone back, of which JSON kept only the offset."""
    return value.astimezone(zone) if isinstance(value, datetime) else value
