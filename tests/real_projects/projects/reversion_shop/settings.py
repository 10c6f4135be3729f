"""django-reversion: receivers of post_save and m2m_changed keep versions of what was registered."""

from tests.real_projects.harness.settings import *  # noqa: F403  # as settings do

INSTALLED_APPS = [
    "tests.real_projects.projects.reversion_shop",
    "reversion",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tui_ingest",
]
TUI_INGEST = {"MODELS": ["reversion_shop", "reversion", "auth"]}
