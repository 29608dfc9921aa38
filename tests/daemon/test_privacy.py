"""Who sees other people's fines and customers' telephone numbers, by role ([privacy])."""

from pathlib import Path

import pytest

from daemon.errors import ConfigurationError
from daemon.site import Site, load_site
from tests.daemon.office import write_config


def site_with(folder: Path, privacy: str = "") -> Site:
    path = write_config(folder)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[people]", f"[privacy]\n{privacy}\n\n[people]"), encoding="utf-8")
    return load_site(path)


def test_whoever_decides_on_penalties_sees_them_where_nothing_is_configured(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    for role in ("customer-care", "customer-care-director", "general-manager", "board"):
        assert site.may_see_fines([role])
    assert not site.may_see_fines(["service-manager", "after-sales-director"])
    assert not site.may_see_fines([])


def test_telephone_numbers_are_for_everybody_unless_roles_are_named(tmp_path: Path) -> None:
    assert site_with(tmp_path).may_see_phones([])
    site = site_with(tmp_path, 'phones = ["customer-care"]')
    assert site.may_see_phones(["service-manager", "customer-care"])
    assert not site.may_see_phones(["service-manager"])


def test_configured_roles_take_the_place_of_the_policys(tmp_path: Path) -> None:
    site = site_with(tmp_path, 'fines = ["board"]')
    assert site.may_see_fines(["board"])
    assert not site.may_see_fines(["customer-care"])
    assert site_with(tmp_path, 'fines = ["*"]').may_see_fines([])


@pytest.mark.parametrize("key", ["fines", "phones"])
def test_an_unknown_role_stops_the_start_and_names_its_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"privacy.{key}.*treasurer"):
        site_with(tmp_path, f'{key} = ["treasurer"]')
