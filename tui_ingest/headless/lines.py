"""What is worth a line, and its words. Everything that came out of a log is inert in it."""

from __future__ import annotations

from collections.abc import Iterator

from tui_ingest.ingest.display import inert
from tui_ingest.ingest.events import (
    Counts,
    DeadLetterResolved,
    Event,
    Noticed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    StoppedOnError,
)
from tui_ingest.ingest.totals import COLUMNS
from tui_ingest.ingest.wording import plural
from tui_ingest.options import IngestOptions


def opening(options: IngestOptions, event: SessionStarted) -> str:
    """Return what is about to be applied, where, and from which position."""
    words = [
        inert(event.path),
        f"from position {event.position.offset}",
        f"project {inert(options.project)}",
        f"database {inert(event.database)}",
    ]
    if event.dead_letters:
        words.append(plural(event.dead_letters, "dead letter"))
    if event.gaps:
        words.append(plural(event.gaps, "gap"))
    if options.dry_run:
        words.append("dry run: nothing will be kept")
    return f"started: {', '.join(words)}"


class LastFailure:
    """Names the record that failed last: where to look when a session could not go on."""

    def __init__(self) -> None:
        self._subject = ""

    def take(self, event: Event) -> None:
        """Learn from an event."""
        if isinstance(event, RecordSetAside | StoppedOnError):
            self._subject = _subject(event)

    def __str__(self) -> str:
        return f"The last record that failed: {self._subject}." if self._subject else ""


def told(event: Event) -> Iterator[str]:
    """Return the lines of an event that are told whenever it happens; for most there are none."""
    match event:
        case RecordSetAside():
            letter = f"dead letter {event.dead_letter}: " if event.dead_letter is not None else ""
            yield f"set aside: {letter}{_subject(event)}: {event.reason}: {inert(event.error)}"
        case StoppedOnError():
            error = event.error.partition("\n")[0]
            yield f"stopped before: {_subject(event)}: {event.reason}: {inert(error)}"
        case DeadLetterResolved():
            yield f"dead letter {event.dead_letter}: {event.status}"
        case Noticed() if event.kind != "waiting":  # the state says so, and counts down
            yield f"{event.kind}: {inert(event.message)}"
        case SessionEnded():
            yield from _summary(event)


def _subject(event: RecordSetAside | StoppedOnError) -> str:
    words = [event.operation, event.model, event.pk]
    what = " ".join(inert(word) for word in words if word) or "a line"
    return f"{what} at position {event.location.start}"


def _summary(event: SessionEnded) -> Iterator[str]:
    end = f"{event.state}: {inert(event.error)}" if event.error else str(event.state)
    kept = f"{plural(event.set_aside, 'record')} set aside"
    yield f"{end} ({kept})"
    for label, counts in sorted(event.counts.items()):
        yield f"  {inert(label or '(no model)')}: {_words(counts)}"


def _words(counts: Counts) -> str:
    return ", ".join(f"{getattr(counts, name):,} {name}" for name in COLUMNS)
