"""The documents say what the code does: every command, key, template, event and clause is documented, and no other."""

import argparse
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from daemon import packs
from daemon.cli import build_parser
from daemon.config import Config
from daemon.oauth2 import OAuth2Section
from mailer.letter import Template
from rules.events import Event

ROOT = Path(__file__).resolve().parent.parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def section(title: str) -> str:
    return REFERENCE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def commands(parser: argparse.ArgumentParser, prefix: str = "kesu") -> list[str]:
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                found += commands(sub, f"{prefix} {name}")
    return found or [prefix]


def test_every_command_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(kesu(?: [a-z]+)+)", section("Commands"), re.MULTILINE))
    assert documented == set(commands(build_parser()))


def test_every_configuration_key_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", section("config.toml"), re.MULTILINE)
    documented = {key for row in rows for key in re.findall(r"`([a-z]+(?:\.[a-z0-9_A-Z]+)+)`", row)}
    sections = {
        name: field.annotation
        for name, field in Config.model_fields.items()
        if name not in ("base", "people")
    }
    known = {f"{name}.{key}" for name, model in sections.items() for key in model.model_fields}
    tokens = {f"mailbox.oauth2.{key}" for key in OAuth2Section.model_fields}
    assert documented == known | tokens | {"people.ROLE"}


def test_the_shipped_configuration_names_every_key() -> None:
    text = (ROOT / "daemon" / "shipped" / "config.toml").read_text(encoding="utf-8")
    assert text == (ROOT / "config.toml").read_text(encoding="utf-8")
    for name, field in Config.model_fields.items():
        if name not in ("base", "people"):
            body = text.partition(f"[{name}]")[2].partition("\n[")[0]
            keys = set(field.annotation.model_fields)
            if name == "mailbox":
                keys = keys - {"oauth2"} | set(OAuth2Section.model_fields)
            missing = [key for key in keys if not re.search(rf"^(# )?{key} = ", body, re.M)]
            assert not missing, f"[{name}] does not show {missing}"


def test_every_template_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", section("Mails"), re.MULTILINE))
    assert documented == {template.value for template in Template}


def test_every_event_is_documented_and_no_other() -> None:
    union = get_args(get_args(Event)[0]) if get_args(get_args(Event)[0]) else get_args(Event)
    kinds = {member.model_fields["kind"].default for member in union if hasattr(member, "model_fields")}
    assert kinds
    assert set(re.findall(r"`([a-z-]+)`", section("Events").partition(";")[0])) == kinds


def test_every_clause_is_documented_in_the_policys_words() -> None:
    for clause in packs.read_policy(packs.policy_text("dealership"), "dealership").clauses:
        mark = " assumed" if clause.assumed else ""
        assert f"| {clause.key} | {clause.text.en} | {clause.text.zh_hant} |{mark} |" in REFERENCE, clause.key


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z]+)", document.read_text(encoding="utf-8")))
        assert named <= targets, f"{document.name} names {named - targets}"


def test_links_inside_the_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} → {target}"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_hashed_and_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9-]+==\S+", text, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 20
    assert len(re.findall(r"^[a-zA-Z0-9-]+==[^\n]*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(pinned)


def test_declared_dependencies_are_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[><=]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE | re.IGNORECASE), name
