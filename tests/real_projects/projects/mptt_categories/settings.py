"""django-mptt: trees whose every row is renumbered when one of them moves."""

from tests.real_projects.harness.settings import *  # noqa: F403  # as settings do

INSTALLED_APPS = [
    "tests.real_projects.projects.mptt_categories",
    "mptt",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tui_ingest",
]
TUI_INGEST = {"MODELS": ["mptt_categories"]}
