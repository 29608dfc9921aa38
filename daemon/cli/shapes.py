"""The shapes in which commands show cases to programs."""

from zoneinfo import ZoneInfo

from rules.case import Case


def case_as_json(case: Case, zone: ZoneInfo) -> dict[str, object]:
    """Return a case as `kesu cases --json` shows it; times in the site's zone."""
    return {
        "case": case.number,
        "status": case.status.value,
        "grade": case.grade,
        "clause": case.grade_clause,
        "stage": case.stage,
        "owner_roles": list(case.owners),
        "opened_at": case.opened_at.astimezone(zone).isoformat(),
        "due": None if case.due is None else case.due.astimezone(zone).isoformat(),
        "held_until": None if case.held_until is None else case.held_until.astimezone(zone).isoformat(),
        "merged_into": case.merged_into,
        "lapses": len(case.lapses),
        "facts": case.facts,
        "issued_by": case.issued_by,
        "missing": list(case.missing),
        "warnings": list(case.warnings),
        "tasks": [task.model_dump(mode="json") for task in case.tasks],
        "resolution": case.resolution,
        "resolved_at": None if case.resolved_at is None else case.resolved_at.astimezone(zone).isoformat(),
    }
