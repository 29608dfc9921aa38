"""Commands about form files: `kesu parse`, `kesu forms`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon import packs
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.errors import UsageError
from parsers.reader import FormReader, ReaderUnavailable
from parsers.results import ParsedFile, ParsedForm, Severity
from rules.facts import facts_to_json
from rules.fields import FormKind
from rules.locales import Locale, Text
from sheets.blanks import blank_form, blank_name
from sheets.lists import list_blank
from sheets.rosters import LIST_SHAPED, roster

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


LIST_NAMES = Text(
    zh_hant="客戶抱怨清單（一列一件）.xlsx",
    zh_hans="客户抱怨清单（一行一件）.xlsx",
    en="Complaint list (one per row).xlsx",
)


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    command = commands.add_parser("parse", help="what stands in a form file, and what is wrong with it")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--timezone", default="Asia/Shanghai", help="the zone of times written without one")
    command.add_argument("--locale", default="zh-Hant", choices=[locale.value for locale in Locale])
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_parse)
    command = commands.add_parser("forms", help="write the blank forms")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.add_argument("--locale", action="append", choices=[locale.value for locale in Locale])
    command.set_defaults(run=run_forms)


def run_parse(arguments: argparse.Namespace) -> int:
    """Carry out `kesu parse`: exit 1 if any form has a problem of error severity or nothing can be read."""
    locale = Locale(arguments.locale)
    try:
        zone = ZoneInfo(arguments.timezone)
    except (LookupError, ValueError, OSError) as error:
        raise UsageError(f"--timezone: {arguments.timezone!r} is no time zone") from error
    contents = [_content(path) for path in arguments.files]
    try:
        with FormReader(packs.catalogue()) as reader:
            parsed = [
                reader.read(content, path.name, zone=zone, now=SystemClock().now(), locale=locale)
                for path, content in zip(arguments.files, contents, strict=True)
            ]
    except ReaderUnavailable as error:
        raise UsageError(str(error)) from error
    if arguments.json:
        print_json(
            [_file_as_json(file, path, locale) for file, path in zip(parsed, arguments.files, strict=True)]
        )
    else:
        for file in parsed:
            _say_file(file, locale)
    return 1 if any(_is_bad(file) for file in parsed) else 0


def run_forms(arguments: argparse.Namespace) -> int:
    """Carry out `kesu forms`."""
    locales = [Locale(name) for name in arguments.locale] if arguments.locale else list(Locale)
    for path in write_forms(arguments.directory, locales):
        say(str(path))
    return 0


def write_forms(directory: Path, locales: list[Locale]) -> list[Path]:
    """Write the blanks of every form, a folder a language; existing files are left alone. Return what was written."""
    written = []
    for locale in locales:
        folder = directory / locale.value
        for name, content in _blanks(locale).items():
            path = folder / name
            if path.exists():
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                raise UsageError(f"{path}: {error.strerror}") from error
            written.append(path)
    return written


def _blanks(locale: Locale) -> Mapping[str, bytes]:
    found = {}
    for form in packs.catalogue().forms:
        for blank in form.blanks:
            draw = roster if form.kind in LIST_SHAPED else blank_form
            found[blank_name(form, blank, locale)] = draw(form, blank, locale)
        if form.kind is FormKind.COMPLAINT:
            found[LIST_NAMES.get(locale)] = list_blank(form, locale)
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _is_bad(file: ParsedFile) -> bool:
    problems = [problem for form in file.forms for problem in form.problems]
    return file.error is not None or any(problem.severity is Severity.ERROR for problem in problems)


def _file_as_json(file: ParsedFile, path: Path, locale: Locale) -> dict[str, object]:
    return {
        "file": str(path),
        "forms": [_form_as_json(form) for form in file.forms],
        "error": None if file.error is None else file.error.get(locale),
    }


def _form_as_json(form: ParsedForm) -> dict[str, object]:
    return {
        "kind": form.kind.value,
        "sheet": form.sheet,
        "locale": form.locale.value,
        "facts": facts_to_json(form.facts),
        "cells": form.cells,
        "problems": [
            {
                "sheet": problem.sheet,
                "cell": problem.cell,
                "label": problem.label.get(form.locale),
                "message": problem.message.get(form.locale),
                "severity": problem.severity.value,
                "key": problem.key,
            }
            for problem in form.problems
        ],
    }


def _say_file(file: ParsedFile, locale: Locale) -> None:
    say(file.file)
    if file.error is not None:
        say(f"  ✗ {file.error.get(locale)}")
    for form in file.forms:
        say(f"  {form.sheet}: {form.kind.value} ({form.locale.value})")
        for key, value in facts_to_json(form.facts).items():
            say(f"    {key:<22} {value}   {form.cells.get(key, '')}")
        for problem in form.problems:
            sign = "✗" if problem.severity is Severity.ERROR else "!"
            text = f"{problem.label.get(form.locale)}: {problem.message.get(form.locale)}"
            say(f"    {sign} {problem.sheet}!{problem.cell} {text}")
