"""Records set aside: kept, superseded, retried, edited, discarded, exported."""

from tui_ingest.ingest.deadletters.keeping import keep

__all__ = ["keep"]
