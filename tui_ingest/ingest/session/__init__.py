"""A session applies one log to one database: read, apply, commit, report; and between, obey.

session      all of it put together: `Session`
loop         the work itself
applier      batches written, how large they may be, trouble waited out, what was done counted
cursor       where it stands in its log: in the database, in the reader, in what was read ahead
control      the orders that it takes
obeying      what becomes of them: those that last, those that come through the database
lease        its right to apply that log, which one session has at a time; others stand by
stop_policy  when it must not go on by itself
retrier      waiting for what comes back by itself
publisher    its events, told to whoever listens; among the listeners are always
alarm        which tells the project of what is grave, and
heartbeat    which keeps state, events and signs of life in the database, and so the lease
idle         when there is nothing else to do: what others bring and put right, what is old
"""

from tui_ingest.ingest.session.session import Session

__all__ = ["Session"]
