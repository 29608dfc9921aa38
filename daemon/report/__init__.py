"""The month's report: figures from the ledger, their tables in a language, the workbook and the mail (E07, K04)."""
