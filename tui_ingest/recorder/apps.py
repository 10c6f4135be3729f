"""The Django app of the source's side."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class RecorderConfig(AppConfig):
    name = "tui_ingest.recorder"
    label = "tui_ingest_recorder"
    verbose_name = "Operation log recorder"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tui_ingest.recorder import checks  # noqa: F401  # registers them; needs the apps
        from tui_ingest.recorder.conf import get_settings
        from tui_ingest.recorder.installing import after_migrations, before_migrations

        get_settings()  # a wrong one is told at once
        pre_migrate.connect(before_migrations, sender=self)
        post_migrate.connect(after_migrations, sender=self)
