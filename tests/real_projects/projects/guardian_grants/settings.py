"""django-guardian: rights on single rows, of users that hold a receiver's anonymous one, too."""

from tests.real_projects.harness.settings import *  # noqa: F403  # as settings do

INSTALLED_APPS = [
    "tests.real_projects.projects.guardian_grants",
    "guardian",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tui_ingest",
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
TUI_INGEST = {"MODELS": ["guardian_grants", "guardian", "auth"]}
