"""`kesu people` and what `kesu doctor` says of absences, deputies and empty offices."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.attendance import gaps
from daemon.cli import main
from daemon.clock import SystemClock
from daemon.site import Site, load_site
from tests.daemon.office import Office, mail, write_config


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    path = write_config(folder)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def asked(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    assert main(["people", "--config", str(path), "--json"]) == 0
    found: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return found


def today() -> str:
    return f"{SystemClock().now() - timedelta(days=1):%Y-%m-%d}..{SystemClock().now() + timedelta(days=2):%Y-%m-%d}"


def test_it_names_roles_persons_absences_and_deputies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = f'"after-sales@example.com", absent = ["{today()}"], deputy = "sales@example.com"'
    path = changed(tmp_path, ('"after-sales@example.com"', away))
    found = asked(path, capsys)
    director = next(role for role in found["roles"] if role["role"] == "after-sales-director")
    assert director["reached"] == ["sales@example.com"]
    assert [(one["email"], one["deputy"]) for one in found["absences"]] == [
        ("after-sales@example.com", "sales@example.com")
    ]
    assert main(["people", "--config", str(path)]) == 0
    said = capsys.readouterr().out
    assert "林總監 <after-sales@example.com>  absent until" in said
    assert "李總監 <sales@example.com>  stands in for 林總監" in said


def test_what_people_told_by_mail_shows_too(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now()
    office.clock.forward(seconds=(now - office.clock.now()).total_seconds())
    office.vouching = True
    office.receive(mail("after-sales@example.com", "請假", f"請假 {today().replace('..', ' 至 ')}"))
    found = asked(office.folder / "config.toml", capsys)
    assert [(one["email"], one["deputy"]) for one in found["absences"]] == [("after-sales@example.com", None)]


def missing(site: Site) -> list[str]:
    return [
        line for line in gaps(site.at(SystemClock().now(), [])) if not line.startswith("nobody is behind")
    ]


def test_the_gaps_are_named(tmp_path: Path) -> None:
    site = load_site(write_config(tmp_path))
    assert missing(site) == []
    assert "department-staff" in list(gaps(site))[-1]  # the office's configuration names nobody there
    alone = changed(tmp_path, ('"gm@example.com"', f'"gm@example.com", absent = ["{today()}"]'))
    assert missing(load_site(alone)) == ["周总经理 <gm@example.com> is absent today and nobody stands in"]
    stranger = changed(tmp_path, ('"gm@example.com"', '"gm@example.com", deputy = "who@example.com"'))
    assert missing(load_site(stranger)) == [
        "the deputy of gm@example.com, who@example.com, is not among [people]"
    ]
    himself = changed(tmp_path, ('"gm@example.com"', '"gm@example.com", deputy = "GM@example.com"'))
    assert missing(load_site(himself)) == ["gm@example.com is his own deputy"]
