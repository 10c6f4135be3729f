"""Settings of the embedded project: the article's polls on SQLite."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

DATABASE_PATH = Path(
    os.environ.get("TUI_INGEST_DEMO_DB")
    or platformdirs.user_data_path("tui-ingest") / "demo.sqlite3"
).absolute()

SECRET_KEY = "the demo signs nothing"  # noqa: S105  # no sessions, no cookies, no forms
INSTALLED_APPS = [
    "tui_ingest",
    "tui_ingest.demo.polls",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE_PATH,
        "OPTIONS": {
            # A writer takes its lock at the start instead of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,  # seconds to wait for another writer
            # NORMAL in WAL mode survives a crash of the process; a power cut may undo the last
            # transactions, rows and checkpoint together, and they are read again.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768;"
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
