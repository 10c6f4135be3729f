"""The Django app of the source's side."""

from django.apps import AppConfig


class RecorderConfig(AppConfig):
    name = "tui_ingest.recorder"
    label = "tui_ingest_recorder"
    verbose_name = "Operation log recorder"

    def ready(self) -> None:
        from tui_ingest.recorder import checks  # noqa: F401  # registers them; needs the apps
        from tui_ingest.recorder.conf import get_settings
        from tui_ingest.recorder.recording import Recorder

        # Signals hold their receivers weakly; the app is what keeps this one.
        self.recorder = Recorder(get_settings())
        self.recorder.connect()
