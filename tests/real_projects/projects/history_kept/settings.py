"""django-simple-history: receivers write a row of history for every change."""

from tests.real_projects.harness.settings import *  # noqa: F403  # as settings do

INSTALLED_APPS = [
    "tests.real_projects.projects.history_kept",
    "simple_history",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tui_ingest",
]
TUI_INGEST = {"MODELS": ["history_kept", "auth"]}
