"""From entries to committed rows: one transaction, tried again more carefully if it is refused.

writer     the transaction: rows, totals, dead letters and checkpoint, or nothing; and what is
           done differently if it is refused
passes     what is done in it: entries to rows, many at a time or one at a time
partners   failures that later records may mend: they are no sign of a wrong environment
attempts   what is known from tries that were undone, and what came of the last one
blame      which records left a row without its parent, or two with one value, at the commit
witnesses  rows that were written last: if they are gone, tables were restored
dry_run    what a dry run knows of the batches that it has undone
"""
