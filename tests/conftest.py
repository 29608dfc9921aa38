"""Fixtures that every test may use."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rules.fields import Catalogue, load_form

ROOT = Path(__file__).resolve().parent.parent

# No example is wrong for being slow: the machine may be.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The forms the product ships."""
    files = sorted((ROOT / "rules" / "forms").glob("*.toml"))
    return Catalogue(forms=tuple(load_form(file.read_text(encoding="utf-8")) for file in files))
