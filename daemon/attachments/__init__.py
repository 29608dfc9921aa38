"""Photos, invoices and the like: kept with their case, written out beside the workbook, sent on by mail."""
