"""The target project of the tests: one SQLite file, one PostgreSQL database, and a source."""

import atexit
import shutil
import tempfile
from pathlib import Path

# Every process that runs tests has databases of its own: xdist starts one per worker.
SCRATCH = Path(tempfile.mkdtemp(prefix="tui-ingest-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

# What a test stores need not outlive the machine; processes that are killed lose nothing.
NO_DISK = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY"

SECRET_KEY = "tests"
INSTALLED_APPS = [
    "tests.project",  # a quicker `flush`
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "tui_ingest",
    "tui_ingest.demo.polls",
    "tests.project.gallery",
    "tests.project.market",
    "tests.project.office",
    "tests.project.tenants",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tests.project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SCRATCH / "target.sqlite3",
        "TEST": {"NAME": SCRATCH / "test-target.sqlite3"},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": NO_DISK,
        },
    },
    "postgres": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "TEST": {"NAME": "test_target"},
        # HOST is set by tests/conftest.py once the server runs.
    },
    # The other end of the log, where it takes one: what a test changes here is logged.
    "source": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SCRATCH / "source.sqlite3",
        "TEST": {"NAME": SCRATCH / "test-source.sqlite3"},
        "OPTIONS": {"init_command": NO_DISK},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"
