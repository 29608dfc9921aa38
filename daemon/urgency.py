"""Which mails leave before others: what starts or keeps a clock first, lists and reports last."""

from mailer.letter import Template

FIRST = frozenset(
    template.value
    for template in (
        Template.ASSIGNMENT,
        Template.REMINDER,
        Template.ESCALATION,
        Template.OVERDUE,
        Template.APPROVAL_REQUEST,
        Template.RECTIFICATION_ORDER,
        Template.CHANGED,
    )
)
LAST = frozenset(
    template.value for template in (Template.DIGEST, Template.TASK_LIST, Template.MONTHLY_REPORT)
)
