"""The service that writes the log: one for a database, and for a log.

relay    round after round, for as long as it takes
waking   waiting for the next change
locking  the right to be that one; another one stands by
writing  the log: a file, appended, synced and rotated by its only writer; or a stream on brokers
"""
