"""The fast path: many records in a few statements, with the rows that the exact path leaves."""
