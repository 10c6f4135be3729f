"""From entries to committed rows: one transaction, tried again more carefully if it is refused."""
