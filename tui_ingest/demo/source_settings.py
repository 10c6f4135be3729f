"""Settings of the demo's source: the same polls on another database, with the recorder."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ.get("TUI_INGEST_DEMO_SOURCE", "."))
LOG_NAME = "oplog.log"

SECRET_KEY = "the demo signs nothing"  # noqa: S105  # no sessions, no cookies, no forms
INSTALLED_APPS = [
    "tui_ingest.demo.polls",
    "tui_ingest.recorder",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "source.sqlite3",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"oplog": {"()": "tui_ingest.recorder.OplogFormatter"}},
    "handlers": {
        "oplog": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": str(FOLDER / LOG_NAME),
            "maxBytes": 96 * 1024,  # small, so that a rotation can be watched every minute
            "backupCount": 30,
            "encoding": "utf-8",
            "formatter": "oplog",
        }
    },
    "loggers": {"oplogger": {"handlers": ["oplog"], "level": "INFO", "propagate": False}},
}
