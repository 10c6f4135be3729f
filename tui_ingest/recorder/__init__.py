"""The source's side: every committed change of the project's rows, written to an operation log.

INSTALLED_APPS = [..., "tui_ingest.recorder"]
TUI_INGEST_RECORDER = {"LOG": "/var/log/mysite/oplog.log"}

python manage.py migrate              installs the triggers
python manage.py record_changes       the relay, a service of its own

captures     which tables are watched, and what names their rows
triggers     the SQL that notes a change, in the same transaction, per kind of database
installing   puts the triggers in place, keeps them right, takes them away
suspension   what an ingester writes here is not noted
rounds       notes to records: one snapshot of what is pending and of the rows
looking_ahead  what the rows of a round refer to, though it was noted later
ordering     the order of the records of a round
logfile      the log: appended, synced and rotated by its only writer
logstream    the log as a stream on brokers
relay        round after round, for as long as it takes
resending    the first copy, and every later repair
"""

from tui_ingest.recorder.suspension import suspended

__all__ = ["suspended"]
