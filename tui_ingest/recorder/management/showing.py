"""What a relay says: one moving line on a terminal, plain lines in a pipe or a journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tui_ingest.recorder.relaying.relay import Progress, State
from tui_ingest.recorder.status import RecorderStatus

_SUMMARY_SECONDS = 60.0  # between two lines about how much was written


@contextmanager
def shown(stream: Any) -> Iterator[_Lines | _Live]:
    """Give what shows a relay's progress on a stream."""
    if not stream.isatty():
        yield _Lines(stream)
        return
    from rich.console import Console

    console = Console(file=stream)
    with console.status("record_changes: starting") as status:
        yield _Live(console, status)


class _Lines:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._state: tuple[State, str] | None = None
        self._records = 0
        self._next = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        for trouble in _troubles(progress):
            self._line(trouble)
        # These two take turns with every change of a quiet source.
        state = State.RUNNING if progress.state is State.CAUGHT_UP else progress.state
        if (state, progress.reason) != self._state:
            self._state = (state, progress.reason)
            self._line(f"{state}: {progress.reason}" if progress.reason else str(state))
        is_due = time.monotonic() >= self._next or state is State.STOPPED
        if is_due and progress.records != self._records:
            self._records = progress.records
            self._next = time.monotonic() + _SUMMARY_SECONDS
            self._line(f"{progress.records:,} records written")

    def restarting(self, why: str) -> None:
        self._line(f"starting again: {why}")

    def _line(self, text: str) -> None:
        moment = datetime.now().astimezone().isoformat(timespec="seconds")
        self._stream.write(f"{moment} {text}\n")
        self._stream.flush()


class _Live:
    def __init__(self, console: Any, status: Any) -> None:
        self._console = console
        self._status = status
        self._began = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        from rich.markup import escape

        why = f" · {escape(progress.reason)}" if progress.reason else ""
        rate = progress.records / max(1.0, time.monotonic() - self._began)
        text = f"{progress.state}{why} · {progress.records:,} records · {rate:,.0f}/s"
        self._status.update(text)
        for trouble in _troubles(progress):
            self._console.print(trouble, markup=False, highlight=False)
        if progress.state is State.STOPPED:
            self._console.print(f"{progress.records:,} records written", highlight=False)

    def restarting(self, why: str) -> None:
        self._console.print(f"starting again: {why}", markup=False)


def _troubles(progress: Progress) -> Iterator[str]:
    """Yield what stays out of the log until somebody puts it right."""
    if progress.held:
        yield f"held: {progress.held} changes of rows that cannot be read; see --status"
    if progress.unverified:
        yield f"not verified: {progress.unverified}"


def status_lines(status: RecorderStatus) -> Iterator[str]:
    """Yield what is pending, in words."""
    state = status.state if status.is_running else "no relay is running"
    yield f"{status.log}: {state}" + (f": {status.reason}" if status.reason else "")
    age = "" if status.oldest_age is None else f", the oldest {status.oldest_age:,.1f} s old"
    yield f"{status.pending:,} pending{age}"
    if status.held:
        yield f"{status.held:,} held, because their rows cannot be read: {status.held_example}"
    if status.last_written is not None:
        moment = datetime.fromtimestamp(status.last_written).astimezone()
        yield f"{status.records:,} records written, the last {moment:%Y-%m-%d %H:%M:%S %Z}"
    for resend in status.resends:
        if resend["state"] in ("waiting", "paused"):
            yield resend_line(resend)
    for verification in status.verifications:
        yield verification_line(verification)


def resend_line(resend: dict[str, Any]) -> str:
    """Return how far a resend is."""
    eta = "" if resend["eta"] is None else f", {resend['eta']:,.0f} s left"
    why = f" ({resend['why']})" if resend["why"] else ""
    return (
        f"resend {resend['id']} of {resend['model']}: {resend['state']},"
        f" {resend['sent']:,} of {resend['total']:,} rows{eta}{why}"
    )


def verification_line(verification: dict[str, Any]) -> str:
    """Return how far a verification is."""
    every = verification["every"]
    state = verification["state"]
    told = [f"verification of {verification['model']}: {state}"]
    if verification["error"]:
        told[0] += f", {verification['error']}"
    elif state == "waiting":
        told[0] += f" for {verification['waits_for']}"
    elif state != "stopped":
        told.append(f"{verification['rows']:,} rows")
    if every is not None:
        told.append(f"every {every:,.0f} s")
    return ", ".join(told)
