"""The source's side: writes every committed change of the project's models to an operation log.

    INSTALLED_APPS = [..., "tui_ingest.recorder"]
    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"oplog": {"()": "tui_ingest.recorder.OplogFormatter"}},
        "handlers": {
            "oplog": {
                "class": "logging.handlers.RotatingFileHandler",
                "filename": "/var/log/mysite/oplog.log",
                "maxBytes": 10_000_000,
                "backupCount": 30,
                "encoding": "utf-8",
                "formatter": "oplog",
            }
        },
        "loggers": {"oplogger": {"handlers": ["oplog"], "level": "INFO", "propagate": False}},
    }
    TUI_INGEST_RECORDER = {"EXCLUDE": ["sessions"]}  # optional: MODELS, EXCLUDE, RAW

What changes rows without telling Django's signals is not recorded: `QuerySet.update()`,
`bulk_create()`, `bulk_update()`, raw SQL. One process may write one log file: handlers of several
processes destroy each other's records when the file rotates.
"""

from tui_ingest.recorder.formatting import OplogFormatter
from tui_ingest.recorder.suspension import suspended

__all__ = ["OplogFormatter", "suspended"]
