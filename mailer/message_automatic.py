"""Which mails no person wrote, so that they are never answered (RFC 3834); their forms are taken in all the same."""

import re

from mailer.message_parts import Head

_ROBOTS = re.compile(r"(mailer[-_.]?daemon|postmaster|listserv|majordomo)@", re.IGNORECASE)
_BULK = {"bulk", "list", "junk", "auto_reply", "auto-reply"}
_SUPPRESSED = {"all", "autoreply", "oof"}
_OLD_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")


def automatic_reason(head: Head, sender: str) -> str:
    """Why a mail counts as automatic, as the header that says so; empty for a person's mail."""
    content_type = head.first("content-type").partition(";")[0].strip().lower()
    checks = (
        ("Return-Path: <>", _null_return_path(head)),
        (f"Auto-Submitted: {_word(head, 'auto-submitted')}", _word(head, "auto-submitted") not in ("", "no")),
        (f"Precedence: {_word(head, 'precedence')}", _word(head, "precedence") in _BULK),
        ("List-Id", bool(head.every("list-id"))),
        (f"Content-Type: {content_type}", content_type in ("multipart/report", "message/delivery-status")),
        ("X-Auto-Response-Suppress", _suppresses_answers(head)),
        ("X-Autoreply", any(head.every(name) for name in _OLD_MARKS)),
        ("From: mailer daemon", _ROBOTS.match(sender) is not None),
    )
    return next((reason for reason, holds in checks if holds), "")


def _word(head: Head, name: str) -> str:
    """A field's first word in lower case, without parameters and comments."""
    words = re.split(r"[;\s(]", head.first(name).lower(), maxsplit=1)
    return words[0][:60]


def _null_return_path(head: Head) -> bool:
    return any(re.sub(r"\s", "", value) == "<>" for value in head.every("return-path"))


def _suppresses_answers(head: Head) -> bool:
    words = re.split(r"[,;\s]+", head.first("x-auto-response-suppress").lower())
    return not _SUPPRESSED.isdisjoint(words)
