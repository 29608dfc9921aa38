"""Under which licences the product's dependencies stand: `make licences` lists them, a test judges them.

Read from the metadata of what is installed (PEP 639's License-Expression, else the classifiers, else License).
"""

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+))?", re.MULTILINE)
_PERMISSIVE = re.compile(
    r"apache|\bmit\b|\bmit-0\b|\bmit-cmu\b|bsd|\bisc\b|python software foundation|psf-2|\bzlib\b|\bunlicense\b|\b0bsd\b"
    r"|public domain|historical permission notice|hpnd",
    re.IGNORECASE,
)
_COPYLEFT = re.compile(
    r"gpl|general public|mozilla|\bmpl|eclipse|\bepl|cddl|eupl|sspl|busl|commons clause", re.IGNORECASE
)


@dataclass(frozen=True)
class Licence:
    """What one package says of itself."""

    package: str
    version: str
    said: str

    @property
    def permissive(self) -> bool:
        """Whether it asks for no more than its notice; of several by choice one suffices."""
        choices = re.split(r"\s+OR\s+", self.said)
        return any(_PERMISSIVE.search(one) and not _COPYLEFT.search(one) for one in choices)


def pinned(lock: Path) -> dict[str, str]:
    """The packages of a lock file, each with the marker that says where it is needed."""
    return {
        name: (marker or "").strip() for name, _, marker in _PINNED.findall(lock.read_text(encoding="utf-8"))
    }


def licence_of(package: str) -> Licence | None:
    """What an installed package says; None if it is not installed."""
    try:
        found = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return None
    classified = [
        value.rpartition("::")[2].strip()
        for value in found.get_all("Classifier") or []
        if value.startswith("License ::") and not value.endswith("OSI Approved")
    ]
    first_line = next(iter((found.get("License") or "").strip().splitlines()), "")
    said = found.get("License-Expression") or ", ".join(classified) or first_line
    return Licence(package, found.get("Version") or "", said)


def main() -> int:
    """List the licences of what the product needs to run, and of what it is built and tested with."""
    for title, name in (("to run", "requirements.lock"), ("to build and test", "requirements-dev.lock")):
        sys.stdout.write(f"{title} ({name})\n")
        for package in sorted(pinned(ROOT / name)):
            known = licence_of(package)
            sys.stdout.write(f"  {package:<24} {known.said if known else 'not installed on this system'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
