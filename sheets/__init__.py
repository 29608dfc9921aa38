"""The spreadsheet edge: blank forms and the master workbook; plain data in, workbook bytes out."""
