"""Bytes to records. Standard library and watchdog only: no Django, no screen.

addresses       what an operator calls a log
files/          a log that is a file, with all that rotation makes of it
parsing         one line to a record, or to the reason why it is none
bulk_parsing    many good lines at once
log             what every log can do: the protocol of readers, positions, batches, notices
records         what a line of the log is, and how one is written
"""
