"""The fast path: many records in a few statements, with the rows that the exact path leaves.

applying    plans a run of records and writes it: begin here
gathering   consecutive records of one model and set of fields become a group
routing     which kinds of records can be in a group at all
planning    the rules: which records may share a run, each with what it protects
columns     values as the database takes them, a whole column at a time
kinds       the usual kinds of values, by a few calls over a column
tables      what is known of a model's table
plans       what the records of a kind write, and where many-to-many links are
links       how those of many rows are set, and go with them
announcing  the receivers that are told of a run, and what they are shown
upserts/    INSERT ... ON CONFLICT, as each database does it best
numbering   primary keys where those of two sources collide, or where records bring none
lending     unique values that the rows of a run take from each other
names       the keys of rows by their natural keys
orphans     saves whose parents are missing, found for many at once
lookups     questions about many rows at once
"""
