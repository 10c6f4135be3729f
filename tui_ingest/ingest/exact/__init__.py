"""The exact path: what a record means, one record at a time, through Django.

replaying         the objects of one record saved or deleted: the reference for every other path
deserializing     a serialized object to an unsaved instance
finding           the row that an object speaks of: its key, and the row itself
units             records that are judged by what they leave together, in whatever order
parking           room for a unique value: the row that has it gives it up early
placeholders      what it is given for that moment
parents           the rows that a record refers to and that are not here
failures          what an error means for the record that provoked it
clashes           two rows that claim one value: which one has it now
needs             what a record waits for: parents that are not here, holders of its values
database_errors   what kind of trouble a database reports
sequences         counters kept ahead of the keys that a log brought along
"""
