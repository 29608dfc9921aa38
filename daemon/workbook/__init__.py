"""The master workbook: the daemon's two-way window on the ledger."""

from daemon.workbook.books import Workbook
from daemon.workbook.rows import master_labels_of

__all__ = ["Workbook", "master_labels_of"]
