"""The exact path: what a record means, one record at a time.

By Django's fields and its SQL, but without a signal, a manager or a method of the project's models.

replaying         the objects of one record saved or deleted: the reference for every other path
announcing        the receivers that are told of it
deserializing     a serialized object to the values of a row, and which of them no column takes
natural_keys      rows by their natural keys
finding           the row that an object speaks of: its key, and the row itself
units             records that are judged by what they leave together, in whatever order
parking           room for a unique value: the row that has it gives it up early, for a placeholder
writing           a row inserted or updated, and its many-to-many links
prepared          rows of many records in series, undone together if one of them is refused
statements        what writes them: SQL that Django compiles once, unless it depends on the values
catalog           what the database says of a table: triggers, and columns that take no NULL
deleting          a row deleted, with what `on_delete` has go along
serializing       a row as the source would log it
parents           the rows that a record refers to and that are not here
failures          what an error means for the record that provoked it
clashes           two rows that claim one value: which one has it now
needs             what a record waits for: parents that are not here, holders of its values
database_errors   whose fault an error is: the database's, or the record's that met it
sequences         counters kept ahead of the keys that a log brought along
"""
