"""A session applies one log to one database: read, apply, commit, report; and between, obey.

loop          the session itself: `Session`
cursor        where it stands in its log: in the database, and in the reader
control       the orders that it takes
stop_policy   when it must not go on by itself
retrier       waiting for what comes back by itself
pacing        how much to read at once, how long to wait
reporting     what it tells its listener and the database
"""

from tui_ingest.ingest.session.loop import Session

__all__ = ["Session"]
