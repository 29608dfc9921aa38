"""Letters as the daemon would write them: one richly filled case in each language, and the barest one."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailer.letter import (
    Address,
    CaseLine,
    Content,
    Enclosure,
    Flaw,
    Letter,
    Line,
    PenaltyStanding,
    Step,
    Template,
    Why,
    WorkbookTrouble,
)
from rules.locales import Locale

ZONE = ZoneInfo("Asia/Shanghai")
OPENED = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)  # a Monday
NOW = OPENED + timedelta(minutes=18)
DUE = OPENED + timedelta(hours=2)
NUMBER = "KS-20261123-001"
FORM = Enclosure(
    name="客戶抱怨回覆單.xlsx",
    content=b"PK\x03\x04 form",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
_WORDS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)


def words(locale: Locale) -> dict[str, str]:
    """The sample texts in one language."""
    return _WORDS[locale.value]


def full(locale: Locale, **changes: Any) -> Content:
    """A case with everything known about it; `changes` replace fields."""
    said = words(locale)
    known: dict[str, Any] = {
        "reader": "owner",
        "zone": "Asia/Shanghai",
        "case_number": NUMBER,
        "reader_role": said["role"],
        "grade": said["grade"],
        "grade_key": "level-3",
        "customer": said["customer"],
        "summary": said["summary"],
        "opened_at": OPENED,
        "due": DUE,
        "window": said["window"],
        "owners": said["owners"],
        "next_owners": said["following"],
        "why": (Why(clause="D06", text=said["clause"]),),
        "reason": said["reason"],
        "facts": (
            Line(label=said["phone"], value="13800001111"),
            Line(label=said["repair"], value=said["amount"]),
            Line(label=said["description"], value=said["told"]),
        ),
        "history": (
            Step(at=OPENED, text=said["opened"]),
            Step(at=OPENED + timedelta(seconds=2), text=said["notified"]),
        ),
        "authority": said["authority"],
    }
    return Content(**{**known, **changes})


def raised(locale: Locale, **changes: Any) -> Content:
    """The same case after its first window lapsed, 18 minutes ago."""
    said = words(locale)
    known: dict[str, Any] = {
        "grade": said["higher"],
        "grade_key": "level-2",
        "previous_grade": said["grade"],
        "previous_owners": said["owners"],
        "owners": said["following"],
        "next_owners": said["boss"],
        "lapsed_at": OPENED,
        "due": DUE,
    }
    return full(locale, **{**known, **changes})


def flaws(locale: Locale) -> tuple[Flaw, ...]:
    """A form with a bad required field and a bad optional one."""
    said = words(locale)
    bad = Flaw(
        file="售後1121.xlsx",
        sheet=said["sheet"],
        cell="C7",
        label=said["repair"],
        message=said["bad_amount"],
        required=True,
    )
    odd = {"cell": "F4", "label": said["reported"], "message": said["bad_time"], "required": False}
    return (bad, bad.model_copy(update=odd))


def outcome(locale: Locale) -> tuple[Line, ...]:
    """What a report says."""
    return (Line(label=words(locale)["resolution"], value=words(locale)["resolved"]),)


def listed(locale: Locale) -> tuple[CaseLine, ...]:
    """Two new cases and one that was known."""
    said = words(locale)
    mine = CaseLine(
        number=NUMBER,
        customer=said["customer"],
        summary=said["summary"],
        grade=said["grade"],
        grade_key="level-3",
        owners=said["owners"],
        due=DUE,
    )
    other = {"customer": said["other"], "summary": said["delay"], "owners": said["boss"]}
    theirs = {"number": "KS-20261123-002", "grade": said["higher"], "grade_key": "level-2", **other}
    known = {
        "number": "KS-20261119-007",
        "grade": said["special"],
        "grade_key": "special",
        "again": True,
        **other,
    }
    return (mine, mine.model_copy(update=theirs), mine.model_copy(update=known))


def standing(locale: Locale, state: str, **changes: Any) -> PenaltyStanding:
    """A penalty of Mr Wang with all that led to it; `changes` replace fields."""
    said, later = words(locale), state not in ("proposed", "pending")
    known: dict[str, Any] = {
        "number": 2,
        "state": state,
        "person": said["person"],
        "cause": said["cause"],
        "amount": "" if state == "pending" else said["fine"],
        "amount_unknown": said["amount_unknown"] if state == "pending" else "",
        "found_by": said["care"],
        "found": said["found"],
        "issued_at": OPENED if later else None,
        "ruler": said["boss"],
    }
    if state in ("appealed", "upheld", "revoked"):
        known |= {"appeal": said["appealed"], "appealed_at": NOW}
    if state in ("upheld", "revoked"):
        known |= {"ruled_by": said["boss"], "ruling": said["ruling"]}
    return PenaltyStanding(**{**known, **changes})


def fined(locale: Locale, state: str, **changes: Any) -> Content:
    """A case with a penalty; `changes` replace fields of the content, `penalty` those of the penalty."""
    said = words(locale)
    known: dict[str, Any] = {
        "penalty": standing(locale, state, **changes.pop("penalty", {})),
        "why": (Why(clause="D28", text=said["fine_clause"]),),
        "reason": "",
    }
    return full(locale, **{**known, **changes})


def trouble(locale: Locale, kind: str, **changes: Any) -> Content:
    """What customer care is told about the master workbook, with everything known; `changes` replace fields."""
    said = words(locale)
    known: dict[str, Any] = {
        "kind": kind,
        "name": said["workbook"],
        "holder": said["holder"],
        "since": OPENED - timedelta(minutes=27),
        "waiting": 3,
        "detail": "" if kind == "held" else said[f"workbook_{kind}"],
        "live_copy": said["workbook"].replace(".xlsx", "-live.xlsx"),
        "board": said["workbook"].replace(".xlsx", ".html"),
    }
    return bare("informed", workbook=WorkbookTrouble(**{**known, **changes}))


def bare(reader: str, **changes: Any) -> Content:
    """The least a letter can say."""
    return Content(**{"reader": reader, "zone": "Asia/Shanghai", **changes})


def letter(template: Template, locale: Locale, content: Content, **changes: Any) -> Letter:
    """A letter to Mr Wang about `content`."""
    known: dict[str, Any] = {
        "template": template,
        "locale": locale,
        "sender": Address(email="complaints@example.com", name=words(locale)["care"]),
        "to": Address(email="wang@example.com", name="王大明"),
        "message_id": "<kesu.0001@example.com>",
        "root": "<kesu.case.KS-20261123-001@example.com>",
        "subject_hint": words(locale)["customer"],
        "content": content,
    }
    return Letter(**{**known, **changes})
