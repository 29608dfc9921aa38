"""Which mails no person wrote, so that they are never answered (RFC 3834); their forms are taken in all the same.

Most machines say so in the header. The automatic replies of QQ, NetEase and many telephones say so in the subject
alone; words that people write in subjects too, such as `out of office`, only count in an answer to somebody's mail.
"""

import re

from mailer.message_parts import Head

_ROBOTS = re.compile(
    r"(mailer[-_.]?daemon|mail[-_.]daemon|postmaster|listserv|majordomo|autoresponder"
    r"|microsoftexchange[0-9a-f]{8,})@",
    re.IGNORECASE,
)
_BULK = {"bulk", "list", "junk", "auto_reply", "auto-reply", "autoreply"}
_SUPPRESSED = {"all", "autoreply", "oof"}
_OLD_MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-auto-reply",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-vacation",
)
_MANY_HOPS = 60  # RFC 5321, 6.3, has servers give up at a hundred; a mail to people takes ten
_SAID_TO_BE = re.compile(
    r"\W*(自[动動][回答][复覆復]|自動応答|auto(matic|matische)?[- ]?(reply|response|antwort)|"
    r"autoreply|autoresponse|réponse automatique|vacation reply)\s*([]】)）:：]|$)",
    re.IGNORECASE,
)
_OF_ABSENCE = re.compile(
    r"\W*(自[动動][回答][复覆復]|auto(matic)?[- ]?reply|out[- ]of[- ](the[- ])?office|away from (my|the) (desk|office)|"
    r"on (vacation|holiday|leave)\b|abwesen|不在(办公室|辦公室|公司)|(休假|请假|請假|外出|出差)(中|通知|自[动動]))",
    re.IGNORECASE,
)


_OF_LISTS = (
    "Precedence: bulk",
    "Precedence: list",
    "List-Id",
    "X-Auto-Response-Suppress",
    "X-Loop",
    "Received",
)


def is_machines_own(reason: str) -> bool:
    """Tell whether a machine wrote the mail that is automatic for this reason; lists pass on what people write."""
    return bool(reason) and not reason.removeprefix("X-").startswith(
        tuple(one.removeprefix("X-") for one in _OF_LISTS)
    )


def automatic_reason(head: Head, sender: str) -> str:
    """Why a mail counts as automatic, as the header that says so; empty for a person's mail."""
    content_type = head.first("content-type").partition(";")[0].strip().lower()
    checks = (
        ("Return-Path: <>", _null_return_path(head)),
        (f"Auto-Submitted: {_word(head, 'auto-submitted')}", _word(head, "auto-submitted") not in ("", "no")),
        (f"Precedence: {_word(head, 'precedence')}", _word(head, "precedence") in _BULK),
        (f"X-Precedence: {_word(head, 'x-precedence')}", _word(head, "x-precedence") in _BULK),
        ("List-Id", bool(head.every("list-id"))),
        (f"Content-Type: {content_type}", content_type in ("multipart/report", "message/delivery-status")),
        ("X-Auto-Response-Suppress", _suppresses_answers(head)),
        ("X-Autoreply", any(head.every(name) for name in _OLD_MARKS)),
        ("X-MS-Exchange-Inbox-Rules-Loop", bool(head.every("x-ms-exchange-inbox-rules-loop"))),
        ("X-FC-MachineGenerated", _word(head, "x-fc-machinegenerated") == "true"),
        ("X-POST-MessageClass", "autoresponder" in head.first("x-post-messageclass").lower()),
        ("X-Loop", bool(head.every("x-loop"))),
        ("Delivered-To: autoresponder", "autoresponder" in map(str.lower, head.every("delivered-to"))),
        ("Received: too many hops", len(head.every("received")) > _MANY_HOPS),
        ("From: mailer daemon", _ROBOTS.match(sender) is not None),
        ("Subject: automatic reply", _says_so_in_its_subject(head)),
    )
    return next((reason for reason, holds in checks if holds), "")


def _word(head: Head, name: str) -> str:
    """A field's first word in lower case, without parameters and comments."""
    value = head.first(name)
    return re.split(r"[;\s(]", value.lower(), maxsplit=1)[0][:60] if value else ""


def _null_return_path(head: Head) -> bool:
    return any(re.sub(r"\s", "", value) == "<>" for value in head.every("return-path"))


def _suppresses_answers(head: Head) -> bool:
    words = re.split(r"[,;\s]+", head.first("x-auto-response-suppress").lower())
    return not _SUPPRESSED.isdisjoint(words)


def _says_so_in_its_subject(head: Head) -> bool:
    subject = head.text("subject")
    if _SAID_TO_BE.match(subject):
        return True
    answers = bool(head.first("in-reply-to") or head.first("references"))
    return answers and _OF_ABSENCE.match(subject) is not None
