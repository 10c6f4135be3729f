"""The Django app."""

from django.apps import AppConfig


class TuiIngestConfig(AppConfig):
    name = "tui_ingest"
    verbose_name = "Operation log ingestion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tui_ingest import checks  # noqa: F401  # registers them; needs the apps
