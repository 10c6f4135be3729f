"""The source's side: every committed change of the project's rows, written to an operation log.

INSTALLED_APPS = [..., "tui_ingest.recorder"]
TUI_INGEST_RECORDER = {"LOG": "/var/log/mysite/oplog.log"}

python manage.py migrate              installs the triggers
python manage.py record_changes       the relay, a service of its own

captures     which tables are watched, and what names their rows
triggers/    the SQL that notes a change, in the same transaction, per kind of database
installing   puts the triggers in place, keeps them right, takes them away
suspension   what an ingester writes here is not noted
records/     what was noted, or a whole table, becomes records
relaying/    the relay writes them to the log
status       how far it is, for whoever asks
management/  the command, and what it says
errors       what is raised on purpose
"""

from tui_ingest.recorder.suspension import suspended

__all__ = ["suspended"]
