"""The options that every way of starting a session shares. Standard library only.

`tui-ingest --help` and the management commands are both made from `add_arguments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui_ingest.oplog.log import StartPoint

ON_ERROR_CHOICES = ("dead-letter", "stop")


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """One session, as the operator asked for it."""

    path: Path
    database: str = "default"
    once: bool = False
    paused: bool = False
    stop_on_error: bool = False
    dry_run: bool = False
    start: StartPoint | None = None
    poll_seconds: float | None = None
    project: str = ""  # what was chosen, for the screen: "mysite.settings", "demo"
