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
TUI_INGEST_RECORDER = {
    "LOG": FOLDER / LOG_NAME,
    "MAX_BYTES": 96 * 1024,  # small, so that a rotation can be watched every minute
    "FSYNC": False,
}
