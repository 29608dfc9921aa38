"""What the workbook shows of a case: one row, open or closed, in the site's language."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath

from daemon import correction_words, words
from daemon.attachments.folders import seen_from
from daemon.docket import Docket
from daemon.ledger import LedgerError, RecordedEvent
from daemon.privacy import PHONE, hidden, masked
from daemon.site import Site
from daemon.standing import about
from daemon.workbook import afterwards, rulings
from rules.case import SETTLED_STATUSES, Case, Penalty, Status
from rules.fields import FormKind
from rules.locales import Locale, Text
from rules.policy import Policy
from sheets.cellvalues import CellError, ReadValue
from sheets.columns import ColumnKind, Row, Sheet
from sheets.links import link_text
from sheets.registry import CALLS, CLOSED, OPEN, PENALTIES, PENALTY_STATES, STATUSES
from sheets.signals import MasterLabels
from sheets.texts import plain_text

log = logging.getLogger("kesu.workbook")

Values = dict[str, ReadValue]
_HOUR = Decimal(3600)


def status_key(case: Case) -> str:
    """Return how a case stands, as the registry calls it."""
    if case.status is Status.OPEN and case.partly:
        return "partly"
    return case.status.value


def status_text(case: Case, site: Site, locale: Locale) -> str:
    """Return how a case stands in words: of a held one until when (K07)."""
    return correction_words.held(case, site.zone, locale) or STATUSES[status_key(case)].get(locale)


def sheet_of(case: Case) -> Sheet:
    """Return the sheet a case stands on."""
    return OPEN if case.is_open else CLOSED


def master_labels_of(site: Site) -> MasterLabels:
    """Return the policy's wording for the workbook, gravest grade first."""
    locale = site.locale
    ranked = sorted(site.policy.grades, key=lambda grade: -(grade.rank or 0))
    return MasterLabels(
        site=site.config.daemon.site,
        grades={grade.key: grade.title.get(locale) for grade in ranked},
        settled=tuple(STATUSES[status.value].get(locale) for status in SETTLED_STATUSES),
        file=PurePath(site.config.workbook.path).stem,
    )


def row_of(docket: Docket, case: Case, sheet: Sheet, files: int = 0) -> Values | None:
    """Return what a sheet shows of a case; None, logged, where it cannot: that keeps no other from its row.

    `files` is how many came with it.
    """
    try:
        values = _values(docket, case) | {"attachments": link_of(docket.site, case.number, files)}
        return _settled(values, sheet)
    except LedgerError:
        raise
    except Exception:
        log.exception("case %s cannot be shown in the workbook", case.number)
        return None


def link_of(site: Site, number: str, files: int) -> str:
    """Return what the master shows of the files of a case: their folder, and how many they are."""
    if not files:
        return ""
    home = site.config.path(site.config.workbook.path).parent
    return link_text(seen_from(home, number, site), files)


def penalty_rows(docket: Docket, case: Case) -> dict[str, Values]:
    """Return the rows of a case's penalties by their numbers."""
    return {
        penalty_number(case, penalty): _settled(_of_penalty(docket, case, penalty), PENALTIES)
        for penalty in case.penalties
    }


def settled_calls(rows: Mapping[str, Mapping[str, object]]) -> dict[str, Values]:
    """Return the rows of follow-up calls in the form in which they are read back."""
    return {key: _settled(values, CALLS) for key, values in rows.items()}


def penalty_number(case: Case, penalty: Penalty) -> str:
    """Return a penalty's number: the case's, and which of its penalties."""
    return f"{case.number}/{penalty.number}"


def _of_penalty(docket: Docket, case: Case, penalty: Penalty) -> dict[str, object]:
    site, locale = docket.site_of(case), docket.site.locale
    return {
        "case_number": case.number,
        "penalised": words.party(penalty.party, site.policy, locale),
        "cause": cause_title(site.policy, penalty.cause, penalty.key).get(locale),
        "amount": penalty.amount,
        "state": PENALTY_STATES[penalty.state.value].get(locale),
        "clause": penalty.clause,
        "imposed_at": penalty.imposed_at,
        "changed_at": penalty.changed_at,
        "appeal": case.notes.get(f"appeal {penalty.number}"),
        **rulings.shown(case, penalty),
    }


def cause_title(policy: Policy, cause: str, key: str) -> Text:
    """Return a penalty's cause in words: what was found, else the rule's own title."""
    found = None if policy.findings is None else policy.findings.causes.get(cause)
    if found is not None:
        return found.title
    rule = policy.penalty(key)
    return Text(zh_hant=key, zh_hans=key, en=key) if rule is None else rule.title


def as_row(key: str, values: Mapping[str, ReadValue]) -> Row:
    """Return a row to write."""
    return Row(key, {name: value for name, value in values.items() if not isinstance(value, CellError)})


def _settled(values: Mapping[str, object], sheet: Sheet) -> Values:
    """Give every value the form in which it is read back, so that what is unchanged compares equal at once."""
    return {name: _as_read(values.get(name), sheet.column(name).kind) for name in sheet.merged}


def _as_read(value: object, kind: ColumnKind) -> ReadValue:
    match value:
        case None | "" | False:
            return None
        case datetime():
            return value.replace(microsecond=0)
        case int() if kind in (ColumnKind.MONEY, ColumnKind.HOURS):
            return Decimal(value)
        case bool() | int() | Decimal():
            return value
    return plain_text(str(value)).strip() or None


def _values(docket: Docket, case: Case) -> dict[str, object]:
    site, locale = docket.site_of(case), docket.site.locale
    facts = docket.facts_of(case)
    values: dict[str, object] = {
        "grade": site.policy.grade(case.grade).title.get(locale),
        "status": status_text(case, site, locale),
        "opened_at": case.opened_at,
        "lapses": len(case.lapses),
        "warnings": "\n".join(case.warnings),
        "incomplete": case.status is Status.INCOMPLETE,
        **_texts(docket.site, facts),
        **_choices(site, facts, locale),
        "repair_amount": facts.get("repair_amount"),
        **_notes(case),
        **afterwards.shown(case, site, locale),
    }
    return {**values, **(_of_open(docket, case, site) if case.is_open else _of_closed(case, site, locale))}


def _texts(site: Site, facts: Mapping[str, object]) -> dict[str, str]:
    """Return what the form says in words, the customer's number hidden where the workbook's role may not see it."""
    phone = str(facts.get(PHONE, ""))
    told = {key: str(facts.get(key, "")) for key in ("customer_name", PHONE, "plate_no", "description")}
    if site.may_see_phones([site.workbook_role]):
        return told
    return {**{key: hidden(text, phone) for key, text in told.items()}, PHONE: masked(phone)}


def _choices(site: Site, facts: Mapping[str, object], locale: Locale) -> dict[str, str]:
    form = site.catalogue.form(FormKind.COMPLAINT)
    return {
        key: words.choice(form.field(key), str(facts[key]), locale) if key in facts else ""
        for key in ("department", "category", "source")
    }


def _notes(case: Case) -> dict[str, object]:
    """Return what managers wrote beside the case, typed as their columns are."""
    contact = case.notes.get("next_contact")
    return {
        **{key: case.notes.get(key) for key in ("remarks", "fault_of", "fault", "disposal", "disposal_note")},
        "next_contact": datetime.fromisoformat(str(contact)) if contact else None,
    }


def _of_open(docket: Docket, case: Case, site: Site) -> dict[str, object]:
    locale = docket.site.locale
    history = docket.ledger.events(case.number)
    return {
        "owner": words.role_titles(case.owners, site.policy, locale),
        "due_at": case.due,
        "feedback_due": next((task.due for task in case.tasks if not task.done), None),
        "resolution": case.notes.get("resolution"),
        "concession": case.notes.get("concession"),
        "last_action": _last_action(history, site, locale),
    }


def _last_action(history: Sequence[RecordedEvent], site: Site, locale: Locale) -> str:
    """Say what happened last, but nothing of fault and fines: the row and the board are for everybody."""
    seen = filter(about(None), (row.event for row in reversed(history)))
    return next(filter(None, (words.step(event, site.policy, locale) for event in seen)), "")


def _of_closed(case: Case, site: Site, locale: Locale) -> dict[str, object]:
    resolved_at = case.resolved_at or case.last_at
    seconds = Decimal((resolved_at - case.opened_at).total_seconds())
    return {
        "resolution": str(case.resolution.get("resolution", "")),
        "concession": words.concession(case.resolution, locale),
        "resolved_at": resolved_at,
        "took": (seconds / _HOUR).quantize(Decimal("0.1")),
        "resolved_by": words.party(case.resolved_by, site.policy, locale),
    }
