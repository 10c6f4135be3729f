"""The service that writes the log: one for a database, and for a log.

relay      round after round, for as long as it takes
waking     waiting for the next change
locking    the right to be that one; another one stands by
logfile    the log: appended, synced and rotated by its only writer
logstream  the log as a stream on brokers
"""
