"""The events that the database keeps of a log, loaded in a thread."""

from __future__ import annotations

from dataclasses import replace

from tui_ingest.ingest.events import Severity, severity_of
from tui_ingest.ingest.target import Target
from tui_ingest.models import LogEvent
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.filtering import Vocabulary, is_time
from tui_ingest.tui.view.lines import MarkerLine
from tui_ingest.words.terminal_safe import terminal_safe

MOST_EVENTS = 5_000  # the latest ones

VOCABULARY: Vocabulary[MarkerLine] = Vocabulary(
    text=lambda line: f"{line.kind} {line.kind.replace('_', ' ')} {line.text}",
    keys={
        "kind": lambda line, value: value in line.kind,
        "time": lambda line, value: is_time(line.at, value),
    },
    words={
        "error": lambda line: line.severity is Severity.ERROR,
        "warning": lambda line: line.severity is Severity.WARNING,
    },
)

OF_ALL_LOGS = replace(
    VOCABULARY,
    text=lambda line: f"{line.log} {VOCABULARY.text(line)}",
    keys={**VOCABULARY.keys, "log": lambda line, value: value in line.log.lower()},
)


def load(path: str, target: Target) -> list[MarkerLine]:
    """Return the latest events of a log, or of all if `path` is "", oldest first. In a thread."""
    found = target.rows(LogEvent).select_related("file").order_by("-pk")
    if path:
        found = found.filter(file__file_path=path)
    return [_line(event) for event in found[:MOST_EVENTS]][::-1]


def _line(event: LogEvent) -> MarkerLine:
    missing = f" ({event.missing_bytes:,} bytes)" if event.missing_bytes else ""
    return MarkerLine(
        at=event.time.timestamp(),
        kind=terminal_safe(event.kind),
        text=terminal_safe(event.message) + missing,
        severity=severity_of(event.kind),
        log=terminal_safe(formats.log_name(event.file.file_path)),
    )
