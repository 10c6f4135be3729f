"""The console. The only place that knows Textual."""

from tui_ingest.tui.launching import run

__all__ = ["run"]
