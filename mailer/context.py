"""What a mail says beside its matter: the files that came with the case, and the same customer's other cases."""

from typing import Final

from mailer.blocks import Block, CaseRow, Row
from mailer.colours import COLOURS, PLAIN
from mailer.draft import Draft
from mailer.letter import KnownCase, Paper

_WHERE: Final = {"enclosed": "enclosed", "folder": "in_folder", "mail": "in_mail"}


def papers(draft: Draft) -> list[Block]:
    """List every file by name and size, whether it is enclosed, and where all of them lie."""
    content = draft.content
    rows = [Row(paper.name, _standing(draft, paper)) for paper in content.papers]
    if rows and content.papers_folder:
        folder = draft.say("papers.folder")
        rows.append(Row(folder, content.papers_folder, href=content.papers_link))
    heading = "headings.papers_of_appeal" if draft.about_penalty else "headings.papers"
    return [Block("rows", draft.say(heading), rows=tuple(rows))] if rows else []


def _standing(draft: Draft, paper: Paper) -> str:
    return draft.say("papers.row", size=paper.size, where=draft.say(f"papers.{_WHERE[paper.where]}"))


def left_out(draft: Draft) -> list[str]:
    """Say of each file that is too large for the mail server where it is to be had."""
    return [
        draft.say(
            "left_out.in_folder" if file.in_folder else "left_out.elsewhere",
            name=file.name,
            size=f"{max(0.1, file.bytes / 1_000_000):.1f} MB",
        )
        for file in draft.content.left_out
    ]


def other_cases(draft: Draft) -> list[Block]:
    """List the customer's other cases, newest first."""
    content = draft.content
    if not content.other_cases:
        return []
    columns = tuple(draft.say(f"columns.{name}") for name in ("case", "matter", "grade", "outcome"))
    more = (draft.say("other_cases.more", more=content.more_cases),) if content.more_cases else ()
    rows = tuple(_row(draft, case) for case in content.other_cases)
    return [Block("cases", draft.say("headings.other_cases"), more, cases=rows, columns=columns)]


def _row(draft: Draft, case: KnownCase) -> CaseRow:
    return CaseRow(
        number=case.number,
        customer=case.category,
        summary=case.summary,
        grade=case.grade,
        colour=COLOURS.get(case.grade_key, PLAIN),
        owners=case.outcome,
        due="",
        again=draft.moment(case.opened_at),
    )
