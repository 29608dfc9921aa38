"""Follow-up calls: lists in, calls to make out, results back (D22–D25, D30, D35)."""
