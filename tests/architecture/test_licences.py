"""Everything the product needs may be given away with it."""

import re
import sys
import tomllib

import pytest

from tests.architecture.licences import ROOT, Licence, licence_of, pinned

# No permissive one does their work; used as they are, as libraries, and replaceable by whoever runs the product.
WEAK_COPYLEFT = {
    "certifi": "MPL-2.0: the list of authorities, a data file",
    "tnefparse": "LGPL: reads winmail.dat",
}
RUNTIME = sorted(pinned(ROOT / "requirements.lock"))


def needed_by_name() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[><=\[]", one)[0].lower() for one in project["dependencies"]}


@pytest.mark.parametrize("package", sorted({*RUNTIME, *needed_by_name()}))
def test_what_the_product_runs_on_is_permissive_or_argued_for(package: str) -> None:
    found = licence_of(package)
    if found is None:
        marker = pinned(ROOT / "requirements.lock").get(package, "")
        assert "platform" in marker or "python" in marker, f"{package} is locked and not installed"
        pytest.skip(f"{package} is not for {sys.platform}: {marker}")
    assert found.said, f"{package} names no licence"
    assert found.permissive or package in WEAK_COPYLEFT, f"{package}: {found.said}"


def test_no_exception_outlives_its_package() -> None:
    for package in WEAK_COPYLEFT:
        found = licence_of(package)
        assert found is not None
        assert not found.permissive, f"{package} is {found.said} now"


@pytest.mark.parametrize(
    "said",
    [
        "GPL-3.0-or-later",
        "GNU General Public License v2 (GPLv2)",
        "AGPL-3.0",
        "LGPL-2.1",
        "SSPL-1.0",
        "BUSL-1.1",
        "MPL-2.0",
        "Other/Proprietary License",
        "",
        "MIT AND GPL-2.0",
    ],
)
def test_what_asks_for_more_than_its_notice_is_seen(said: str) -> None:
    assert not Licence("x", "1", said).permissive


@pytest.mark.parametrize(
    "said", ["MIT", "Apache-2.0 OR BSD-3-Clause", "BSD License", "GPL-2.0 OR MIT", "PSF-2.0", "ISC"]
)
def test_what_asks_for_its_notice_only_is_welcome(said: str) -> None:
    assert Licence("x", "1", said).permissive
