"""The embedded project on SQLite as Django's `startproject` sets it up: no pragmas."""

from tui_ingest.demo.settings import (  # noqa: F401
    DATABASE_PATH,
    DEFAULT_AUTO_FIELD,
    INSTALLED_APPS,
    SECRET_KEY,
    TIME_ZONE,
    USE_TZ,
)

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE_PATH}}
