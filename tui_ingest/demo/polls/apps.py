"""The Django app of the embedded project."""

from django.apps import AppConfig


class PollsConfig(AppConfig):
    name = "tui_ingest.demo.polls"
    label = "polls"
    default_auto_field = "django.db.models.BigAutoField"
