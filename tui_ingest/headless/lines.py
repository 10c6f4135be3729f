"""What is worth a line, and its words. Everything that came out of a log is inert in it."""

from __future__ import annotations

from collections.abc import Iterator

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
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.totals import COLUMNS, in_order, shown
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

WORD_CHARACTERS = 1_000  # of what a record says of itself; ingest_deadletters shows it all


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


def told(event: Event, *, project: str, dry_run: bool) -> Iterator[str]:
    """Yield the lines that an event is worth, whenever it happens; for most there are none.

    Args:
        project: what the operator knows the project by.
    """
    match event:
        case SessionStarted(again=False):
            yield _opening(event, project, dry_run=dry_run)
        case RecordSetAside():
            letter = f"dead letter {event.dead_letter}: " if event.dead_letter is not None else ""
            yield f"set aside: {letter}{_subject(event)}: {event.reason}: {_short(event.error)}"
        case StoppedOnError():
            error = _short(first_line(event.error))
            yield f"stopped before: {_subject(event)}: {event.reason}: {error}"
        case DeadLetterResolved():
            yield f"dead letter {event.dead_letter}: {event.status}"
        case Noticed() if event.kind != EventKind.WAITING:  # the state says so, and counts down
            yield f"{event.kind}: {terminal_safe(event.message)}"
        case SessionEnded():
            yield from _closing(event, dry_run=dry_run)


def _subject(event: RecordSetAside | StoppedOnError) -> str:
    words = [event.operation, event.model, event.pk]
    what = " ".join(_short(word) for word in words if word) or "a line"
    return f"{what} at position {event.location.start}"


def _short(text: str) -> str:
    """Return inert text of a bounded length: a key or a value may be megabytes."""
    cut = len(text) > WORD_CHARACTERS
    return terminal_safe(f"{text[: WORD_CHARACTERS - 1]}…" if cut else text)


def _opening(event: SessionStarted, project: str, *, dry_run: bool) -> str:
    words = [
        terminal_safe(event.path),
        f"from position {event.position.offset}",
        f"in {terminal_safe(project)}, database {terminal_safe(event.database)}",
    ]
    if event.dead_letters:
        words.append(plural(event.dead_letters, "dead letter"))
    if event.gaps:
        words.append(plural(event.gaps, "gap"))
    if dry_run:
        words.append("dry run: nothing will be kept")
    return f"started: {', '.join(words)}"


def _closing(event: SessionEnded, *, dry_run: bool) -> Iterator[str]:
    state = event.state.replace("_", " ")
    end = f"{state}: {terminal_safe(event.error)}" if event.error else state
    words = [plural(event.set_aside, "record") + " set aside"]
    if dry_run:
        words.append("dry run: nothing was kept")
    if sum(counts.failed for counts in event.counts.values()) > event.set_aside:
        words.append("counted for each model that they name")
    yield f"{end} ({', '.join(words)})"
    for label in in_order(event.counts):
        yield f"  {shown(label)}: {_words(event.counts[label])}"


def _words(counts: Counts) -> str:
    return ", ".join(f"{getattr(counts, name):,} {name}" for name in COLUMNS)
